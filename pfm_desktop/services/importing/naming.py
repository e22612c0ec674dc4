"""What a name of a folder or file holds: a clinic's number, words that may be a woman's name, or nothing of the kind.

Years, months, rooms, diagnoses, scores, weeks, telephones and cameras are no numbers of a clinic. Pure functions.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from pfm_desktop.services.importing.dates import without_dates
from pfm_desktop.services.importing.words import also_a_name, said_by

# "patient 12", "ID-0815", "病历号 123": what follows is the number; it must hold a digit
_MARKED = re.compile(
    r"(?:(?<![a-z])(?:patient(?:in|e|s)?|paciente|pat|mrn|pid|id)(?:[\s_#:.-]+)(?:id|no|nr|number)?"
    r"|病人号?|患者|病历号|病案号|住院号|门诊号|编号|登记号)[\s_#:\uff1a.-]*([a-z]{0,6}[.-]?\d[a-z0-9.-]*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"^(?:[A-Za-z]{1,8}-?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{2}-\d{4,}|\d{3,}[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)$"
)
# words before a number that is none of a woman: places, diagnoses, scores, weeks, telephones, devices, copies
_COUNTED = (
    "room|rm|zimmer|zi|raum|salle|sala|cuarto|chambre|consultorio|bett|bed|cama|lit|ward|floor|etage|piso|"
    "cin|vain|vin|ain|hr-?hpv|hpv|tz|lletz|leep|letz|conization|konisation|swede|reid|pap|figo|bethesda|sil|"
    "kw|cw|wk|week|woche|semaine|semana|ssw|quarter|quartal|trimestre|trim|q|covid|sars-?cov|visit|day|tag|jour|d[ií]a|"
    "month|monat|mes|mois|year|jahr|a[nñ]o|age|alter|edad|para|gravida|tel|telefon|tel[eé]fono|phone|handy|mobile|"
    "m[oó]vil|fax|iphone|ipad|galaxy|samsung|pixel|redmi|xiaomi|huawei|nokia|oppo|vivo|eos|lumix|coolpix|powershot|"
    "cyber-?shot|canon|nikon|sony|olympus|panasonic|kodak|casio|leica|zeiss|copy|copia|kopie|copie|version|ver|v|"
    "fy|ss|ws|hj|box|disc|disk|cd|dvd|usb|stick|page|seite|step|schritt|paso|follow-?up|fu|control|kontrolle|lot|charge"
)
_WITH_NUMBER = re.compile(
    rf"(?<![^\W\d_])(?:{_COUNTED})(?:[\s_-](?:score|types?|typ|grade|grad|grado))?"
    r"[\s_.:#-]{0,2}\d+[a-z]?(?:\s?[-+/]\s?\d+[a-z]?)*\+?(?![^\W_])",
    re.IGNORECASE,
)
_CAMERA = (
    "img|imgp|cimg|kimg|dscn?|dscf|sam|sdc|hpim|mvi|mov|pict?|picture|photo|foto|bild|imagen?|image|frame|scan|snap|"
    "shot|cap|capture|screenshot|gopr|dji|pxl|wa|mg|vid|video|clip|lei|pana|imag"
)
_COUNTED_ALONE = re.compile(rf"^(?:{_COUNTED})$", re.IGNORECASE)
_BY_CAMERA = re.compile(rf"(?<![^\W\d_])(?:{_CAMERA})[\s_-]?[a-z]?\d+(?![^\W_])", re.IGNORECASE)
_FILES_OF_A_CAMERA = r"P[0-9A-C]\d{6}|[RL]\d{7}"
_FOLDERS_OF_A_CAMERA = r"1\d\d[A-Z_]{2,5}\d?[A-Z_]*|\d{3}[A-Z_]{2,5}"
_COUNTED_BY_CAMERA = re.compile(rf"^(?:{_FILES_OF_A_CAMERA}|{_FOLDERS_OF_A_CAMERA})$")
_WHOLE_OF_A_CAMERA = re.compile(r"^(?:PXL_\d{8}_\d{6,9}|\d{3}_(?:[A-Z]{2,6}|\d{4})$)")  # with a time; a folder; Kodak
_FINDINGS = re.compile(r"^G\d{1,2}P\d{1,2}(?:A\d{1,2})?$|^p16$|^ki-?67$", re.IGNORECASE)
# letters that also count something, with three figures or more and no year: V-501, S-1204; t-120 are seconds
_CODE = re.compile(
    r"(?<![^\W_])(?!(?:mg|wa)-|t-\d{3}(?!\d))[a-z]{1,2}-(?!(?:19|20)\d\d(?!\d))\d{3,6}(?![^\W_]|-\w)", re.IGNORECASE
)
_OF_AN_EXPORT = re.compile(r"^visit-[0-9a-f]{12}$")  # of this program
_OF_A_DISC = re.compile(r"^(?:PA|PAT|ST|STD|STU|SE|SER|SRS|IM|I|S|A|E)0{2,}\d+$")  # parts of a DICOM disc
_PHONE = re.compile(r"(?<!\w)(?:\+|00)[1-9][\d\s()/-]{6,}\d|(?<![\d\w])0\d{2,4}[\s/-]\d{5,}(?!\d)")
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|"
    "aug|sep|sept|oct|nov|dec|januar|februar|märz|maerz|mai|juni|juli|oktober|okt|dezember|dez|enero|febrero|marzo|"
    "abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|janvier|février|fevrier|mars|avril|juin|"
    "juillet|août|aout|septembre|octobre|novembre|décembre|decembre|ene|abr|ago|dic|janv|févr|fevr|avr|juil|déc"
)
_YEAR = r"(?:19|20)\d\d"
_PERIOD = re.compile(
    rf"(?<![^\W_]){_YEAR}[-_. ]?(?:w|kw|cw|q|h|t|s)\d{{1,2}}(?![^\W_])"
    rf"|(?<![^\W_])(?:w|kw|cw|q|h|t|s)\d{{1,2}}[-_. ]?{_YEAR}(?![^\W_])"
    rf"|(?<!\d){_YEAR}(?:\s?[-_./]\s?(?:0?[1-9]|1[0-2]|{_YEAR}))?(?![^\W_]|-\d)"
    rf"|(?<!\d)(?:0?[1-9]|1[0-2])[-_./]{_YEAR}(?!\d)"
    rf"|(?<![^\W_])(?:{_YEAR}(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2]){_YEAR})(?![^\W_])"
    # Weiss, A. jun is the younger one, not June
    rf"|(?<![^\W_])(?!(?:(?<=[^\W\d_]\s)|(?<=[.,]\s))jun\.?\s*$)(?:{_MONTHS})[-_. ]{{0,2}}(?:{_YEAR}|\d\d)?(?![^\W_])",
    re.IGNORECASE,
)
# what cameras, computers and people call files and folders, with or without a number behind it
_GENERAL = re.compile(
    rf"^(?:{_CAMERA}|dcim|dicom|camera|cam|export(?:ed)?|import(?:ed)?|data|daten|datos|new|old|alt|neu|nuevo|nouveau|"
    r"neuer|folder|ordner|carpeta|dossier|desktop|documents|downloads?|usb|backup|archive?|archiv|archivo|all|alle|todo|"
    r"colpo(?:scop[a-z]*)?|kolpo(?:skop[a-z]*)?|images|pictures|photos|fotos|bilder|imagenes|misc|various|unsorted|flat|"
    r"visit[ae]?|besuch|exam(?:en|ination)?|untersuchung|examinaci[oó]n|study|studie|series|serie|set|batch|session|left|"
    r"right|links|rechts|izquierda|derecha|gauche|droite|side|score|pro|max|plus|mini|jpe?g|png|tiff?|bmp|webp|heic|zip|v|s|t|no|nr|number|pat|patient(?:in|e|en|s)?|paciente?s?|id|mrn|pid|ms|mrs|"
    r"frau|mme|sra|dr|born|geb(?:oren)?|dob|nacida|née?|later|early|earlier|first|second|third|last|initial|baseline|"
    r"follow(?:-?up)?|up|control|kontrolle|check|review|before|after|pre|post|treatment|therapy|biopsy|biopsie|cervix|"
    r"portio|close-?up|overview|detail|zoom|macro|lesion|light|licht|luz|lumi[eè]re|filter|filtro|filtre|year|years|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|morning|"
    r"afternoon|the|and|with|of|in|on|at|mit|und|con|y|et|avec|de|del|la|le|"
    r"图片|照片|图像|检查|阴道镜|新建文件夹|复查|初诊|第|次)[\s_-]?\d*$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"^(?:room|zimmer|raum|salle|ward|clinic|clinica|klinik|clinique|hospital|krankenhaus|praxis|station)$",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"^(?:\d{1,2}|\d+(?:s|sec|\u0441|сек|min|мин|x|mm|cm|px|mp|k|p|ms|mb|hz|nm|%)|\d+x\d+)$", re.IGNORECASE
)
_COUNTS_WOMEN = frozenset(  # words of more than three letters that stand before a clinic's number
    ("case", "fall", "caso", "subj", "subject", "patient", "proband", "akte", "chart", "code", "pers")
)
_COUNTS_TIME = frozenset("wmdhyqtv")
_HAN_KNOWN = re.compile(
    r"[\d\s]|碘|卢戈|盧戈|鲁戈|绿|綠|盐水|鹽水|醋酸|醋白|冰醋|荧光|螢光|白光|前|后|後|染色|试验|实验|分钟|秒|分|照|图片|照片|图像|"
    r"图|第|次|光|生理|检查|阴道镜|宫颈|复查|初诊|病历号?|病人号?|患者|编号|无|未|不|用|加|没有|[一二三四五六七八九十]"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Number:
    """What looks like a clinic's number; `strong`: little else looks so."""

    value: str
    strong: bool


@dataclass(frozen=True)
class Told:
    """What one name holds. `words` are those that are not known and may be a woman's name, in order."""

    marked: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The words in one piece ("": none)."""
        return " ".join(self.words)

    def says(self, number: str) -> bool:
        """Whether it holds this number of a woman, in whatever letters."""
        own = (*self.marked, *(one.value for one in self.numbers))
        return any(one.casefold() == number.casefold() for one in own)

    @property
    def telling(self) -> bool:
        """Whether it could say whose pictures these are."""
        return bool(self.marked or self.numbers or self.words)

    @property
    def personal(self) -> bool:
        """Whether the words are as many as a first and a second name, or Chinese."""
        long = [word for word in self.words if len(word) > 1 and not word.isdigit()]
        return len(long) > 1 or any(_HAN.search(word) for word in long)


@functools.lru_cache(maxsize=65_536)
def told_by(name: str) -> Told:
    """What the name of a folder, or of a file without its ending, holds."""
    text = _WHOLE_OF_A_CAMERA.sub(" ", re.sub(r"\.zip$", "", name, flags=re.IGNORECASE))
    dated, text = text, without_dates(text)
    marked = tuple(dict.fromkeys(found[1].rstrip(".-") for found in _MARKED.finditer(text)))
    for pattern in (_MARKED, _PHONE, _BY_CAMERA):
        text = pattern.sub(" ", text)
    codes = [code[0] for code in _CODE.finditer(text) if _known(code[0]) or _WITH_NUMBER.fullmatch(code[0])]
    for pattern in (*(re.compile(rf"(?<!\w){re.escape(code)}") for code in codes), _WITH_NUMBER, _PERIOD):
        text = pattern.sub(" ", text)
    tokens = [token.strip("-.,;:()[]{}#+&'*~ ") for token in re.split(r"[\s_,;]+", text)]
    left = [token for token in tokens if token and not _known(token)]
    numbers = [_number(token) for token in left if _NUMBER.match(token) and not said_by(token).words]
    if not marked and numbers and _is_part(dated, numbers, left):
        whole = re.sub(r"\s+", " ", re.sub(r"\.zip$", "", name, flags=re.IGNORECASE)).strip(" _-.")
        numbers = [Number(whole, strong=False)]  # part of a number is another woman's, too
    numbers += [Number(code, strong=False) for code in codes]
    return Told(marked, tuple(dict.fromkeys(numbers)), _names(left))


def without_cameras_and_periods(text: str, *, folder: bool) -> str:
    """A name with a space for each year, month and telephone, and for what cameras and discs call files (folders)."""
    text = _WHOLE_OF_A_CAMERA.sub(" ", text)
    for pattern in (_BY_CAMERA, _PHONE, _PERIOD):
        text = pattern.sub(" ", text)
    by_camera = re.compile(rf"^(?:{_FOLDERS_OF_A_CAMERA if folder else _FILES_OF_A_CAMERA})$")
    known = (by_camera, _OF_A_DISC, _OF_AN_EXPORT)
    return " ".join(token for token in text.split() if not any(pattern.match(token) for pattern in known))


def short(value: str) -> bool:
    """Whether a number is so short that it counts what lies in one folder: every clinic has a patient 1."""
    digits = sum(letter.isdigit() for letter in value)
    return digits < 2 or (digits < 3 and value.isdigit())


def _is_part(text: str, numbers: list[Number], left: list[str]) -> bool:
    """Whether what looks like a number may be a part of one: `943 476 5919`, `A 1234`, `01.01.1980-1237`."""
    if sum(token.isdigit() for token in left) > 1 or any(len(token) == 1 and token.isalpha() for token in left):
        return True
    return any(re.search(rf"\d[-./]{re.escape(one.value)}(?!\w)", text) for one in numbers)


def _known(token: str) -> bool:
    if re.fullmatch(r"(?:mrn|pid|id|pat|patient)\d{3,}", token, re.IGNORECASE):
        return False  # MRN004711: the clinic's word and its number in one
    return bool(
        _GENERAL.match(token)
        or _PLACE.match(token)
        or _COUNTED_ALONE.match(token)
        or _COUNTED_BY_CAMERA.match(token)
        or _OF_A_DISC.match(token)
        or _OF_AN_EXPORT.match(token)
        or _FINDINGS.match(token)
        or (_MEASURE.match(token) and not token.isdigit())
    )


def _number(token: str) -> Number:
    letters = re.match(r"[A-Za-z]*", token)
    word = letters[0] if letters else ""
    digits = re.sub(r"\D", "", token)
    if not word:
        return Number(token, len(digits) > 3 and not _may_be_a_day(token))
    of_women = word.casefold() in _COUNTS_WOMEN
    plain = token[len(word) : len(word) + 1] != "-" and not of_women  # B12, p16: two figures are of anything
    enough = len(digits) > (2 if plain or word.casefold() in _COUNTS_TIME else 1)
    camera = re.fullmatch(r"D\d{3,4}", token) is not None  # as of Nikon
    year = re.fullmatch(_YEAR, digits) is not None
    return Number(token, (of_women or len(word) < 4) and enough and not camera and not year)


def _may_be_a_day(token: str) -> bool:
    """Six or eight figures that could be a day, in any order."""
    if not re.fullmatch(r"\d{6}|\d{8}", token):
        return False
    year_last = int(token[:2]) in range(1, 32) and int(token[2:4]) in range(1, 13)
    year_first = int(token[-4:-2]) in range(1, 13) and int(token[-2:]) in range(1, 32)
    american = int(token[:2]) in range(1, 13) and int(token[2:4]) in range(1, 32)
    return year_last or year_first or american


def _names(tokens: list[str]) -> tuple[str, ...]:
    """Words of a name. What may be a stage as well as a name belongs to it only where another word does."""
    kept, own = [], False
    for token in tokens:
        if _HAN.search(token):
            rest = _HAN_KNOWN.sub("", token)
            if len(_HAN.findall(rest)) > 1:
                kept.append(rest)
                own = True
            continue
        if _NUMBER.match(token) and not said_by(token).words:
            continue
        if said_by(token).words:
            kept += [token] if also_a_name(token) else []
            continue
        own = own or any(letter.isalpha() for letter in token)
        kept.append(token)
    return tuple(kept) if own else ()
