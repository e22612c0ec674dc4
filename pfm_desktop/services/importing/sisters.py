"""Folders and files below a woman's number that differ in a number or letter: they may be several women.

Visits, stages, days, series, cameras and plain counts of files are known, and no reason to ask. Pure functions.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from pfm_desktop.domain.source import Stage
from pfm_desktop.services.importing.dates import without_dates
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.naming import told_by, without_cameras_and_periods
from pfm_desktop.services.importing.plan import PlannedPicture
from pfm_desktop.services.importing.words import said_by, without_meaning
from pfm_desktop.support.language import tr

# words that count examinations of one woman, or pictures of one examination; two figures at most stand behind them
_SERIES_WORD = (
    r"visit[ae]?|besuch|exam(?:en|ination)?|untersuchung|examinaci[oó]n|consulta?|consultation|termin|cita|rdv|"
    r"series|serie|s[eé]rie|session|sesi[oó]n|sitzung|follow[\s_-]?up|fu|control|kontrolle|contr[oô]le|check|review|"
    r"days?|tage?n?|jours?|d[ií]as?|weeks?|wochen?|semaines?|semanas?|kw|cw|wk|months?|monate?n?|mes(?:es)?|mois|years?|"
    r"jahre?n?|ans?|a[nñ]os?|quarter|quartal|q|"
    r"step|schritt|paso|stage|phase|version|ver|v|copy|copia|kopie|copie|part|teil|parte|treatment|therapy|biops(?:y|ie)|"
    r"detail|zoom|overview|close[\s_-]?up|macro|lesion|left|right|links|rechts|pre|post|img|images?|photos?|fotos?|bild(?:er)?|pict?|"
    r"picture|imagen?|scan|shot|snap|frame|clip|video|vid|capture|screenshot|page|seite|复查|随访"
)
_SERIES = re.compile(
    rf"(?<![^\W\d_])(?:{_SERIES_WORD})[\s_.#-]{{0,3}}(?:no|nr)?[\s_.#-]{{0,2}}\d{{1,2}}(?![^\W_])"
    rf"|(?<![^\W_])\d{{1,2}}(?:st|nd|rd|th|er|e|ère|[ªº.])?[\s_-]{{0,2}}(?:{_SERIES_WORD})(?![^\W_])|第\s?\d{{1,2}}\s?次",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(?<![^\W_])(?:t?\d{1,4}\s?(?:s|secs?|seconds?|sek|seg|min|mins|minutes?|\u0441|сек|мин|秒|分|分钟)|"
    r"\d{1,3}\s?(?:x|mm|cm|nm|%)|x\d{1,3}|\d+x\d+|t\d{2,4})(?![^\W_])",
    re.IGNORECASE,
)
_FINDING = re.compile(
    r"(?<![^\W\d_])(?:cin|vain|vin|ain|hr-?hpv|hpv|tz|swede|reid|pap|figo|iso|ev)[\s_-]?\d+(?![^\W_])", re.IGNORECASE
)
_WOMAN = re.compile(
    r"(?<![^\W\d_])(?:frau|fr|mme|mrs|ms|miss|sra|señora|wom[ae]n|lady|donna|mujer|femme|case|fall|caso|cas|subj(?:ect)?|"
    r"sujet|proband(?:in)?|pat(?:ient(?:in|e)?)?|paciente?|pt|participant|person|pers|client|volunteer)"
    r"[\s_.#-]{0,3}(?:(?:no|nr)[\s_.#-]{0,2})?(?:\d+[a-z]?|[a-z])(?![^\W_])",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?<![^\W_])(?!no|nr|x\d)([a-z]{1,3})(-?)(\d+)(?![^\W_]|-\w)", re.IGNORECASE)
_SHORT = re.compile(r"^[a-z]{1,3}-?\d{2,}$", re.IGNORECASE)  # VIA-33: more likely a number than an acid
_COUNT = re.compile(r"^\d{1,3}(?=[\s_-])")
_LETTER = re.compile(r"^([a-z])(?=[\s_-])|(?<=[\s_-])([a-z])$", re.IGNORECASE)


def differing(pictures: Sequence[PlannedPicture]) -> tuple[str, ...]:
    """Names of folders and files below the number of one woman that may be of several women (): none are."""
    folders: dict[tuple[str, ...], str] = {}
    files: dict[tuple[str, ...], str] = {}
    lettered: dict[tuple[str, ...], Counter[str]] = {}
    for picture in pictures:
        value, stem = picture.patient.value or "", picture.item.file_name.rsplit(".", 1)[0]
        below = _below(picture.item.folders, stem, value)
        if below is None:
            continue
        kept = [(key, name) for name in below if (key := of_folder(name, value))]
        folders.setdefault(tuple(key for key, _ in kept), "/".join(name for _, name in kept))
        key = of_file(stem, value)
        files.setdefault((key,) if key else (), key)
        if letter := _LETTER.search(_without(stem, value).strip(" _-")):
            lettered.setdefault(picture.item.folders, Counter())[(letter[1] or letter[2]).casefold()] += 1
    return _apart(folders) or _apart(files) or _of_several_files(lettered.values()) or _whole_visits(pictures)


def that_count(pictures: Sequence[PlannedPicture]) -> tuple[str, ...]:
    """Names of folders and files below a woman's number that may count women, where she has pictures from elsewhere.

    What a person, a manifest or a record said of whose they are is no guess, and does not count.
    """
    found: dict[str, None] = {}
    for picture in pictures:
        value, stem = picture.patient.value or "", picture.item.file_name.rsplit(".", 1)[0]
        below = _below(picture.item.folders, stem, value)
        if below is None or picture.patient.sure is Sure.SAID:
            continue
        names = [name for name in below if of_folder(name, value)]
        found |= dict.fromkeys(names or ([key] if (key := of_file(stem, value)) else []))
    return tuple(found)


def listed(names: Sequence[str]) -> str:
    """`01 and 02 and 3 more`; "" for none."""
    if len(names) < 2:
        return "".join(names)
    one, other, more = names[0], names[1], len(names) - 2
    if more:
        return tr("{one} and {other} and {count} more", one=one, other=other, count=more)
    return tr("{one} and {other}", one=one, other=other)


def _below(folders: tuple[str, ...], stem: str, value: str) -> tuple[str, ...] | None:
    """Folders within the innermost one that says a woman's number; None where no name says it."""
    for at in range(len(folders) - 1, -1, -1):
        if told_by(folders[at]).says(value):
            return folders[at + 1 :]
    return () if told_by(stem).says(value) else None


@functools.lru_cache(maxsize=65_536)
def of_folder(name: str, number: str) -> str:
    """What tells a folder apart from its sisters ("": nothing that may be another woman). `number`: of the woman."""
    text = _without(name, number, folder=True)
    stage = bool(said_by(text).words) and not _SHORT.match(text.strip())
    words = re.findall(r"[^\W_]+", (without_meaning(text) if stage else text).casefold())
    counts_stages = stage and all(word.isdigit() and len(word) < 3 for word in words)  # 01 saline, 02 acetic
    told = any(sign.isdigit() for word in words for sign in word)
    return " ".join(words) if told and not counts_stages else ""


@functools.lru_cache(maxsize=65_536)
def of_file(stem: str, number: str) -> str:
    """The same of a file's name: figures alone, and what cameras write, count its pictures only."""
    text = _FINDING.sub(" ", _without(stem, number))
    if found := _WOMAN.search(text):
        return found[0].strip().casefold()
    stages = said_by(text).words
    for code in _CODE.finditer(text):
        by_camera = code[0] == text.strip(" _-") and not code[2] and len(code[3]) > 3
        if code[1].casefold() not in stages and not by_camera:
            return code[0].casefold()
    return ""


@functools.lru_cache(maxsize=65_536)
def _without(name: str, number: str, *, folder: bool = False) -> str:
    """A name without the woman's number, days, seconds, sizes, and words that count visits or pictures."""
    text = without_dates(re.sub(r"\.zip$", "", name, flags=re.IGNORECASE))
    if number and number.casefold() in text.casefold():
        text = re.sub(rf"(?<![^\W_]){re.escape(number)}(?![^\W_])", " ", text, flags=re.IGNORECASE)
    for pattern in (_SERIES, _MEASURE):
        text = pattern.sub(" ", text)
    return without_cameras_and_periods(text, folder=folder)


def _apart(found: dict[tuple[str, ...], str]) -> tuple[str, ...]:
    """The names of those that differ; what lies within another one does not."""
    keys = sorted(found)
    apart = [key for key in keys if any(not _within(key, other) for other in keys)]
    return tuple(found[key] for key in apart)


def _within(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _whole_visits(pictures: Sequence[PlannedPicture]) -> tuple[str, ...]:
    """Numbers before files of one folder that count no pictures: each has Lugol's iodine, the last step, and more."""
    stages: dict[tuple[str, ...], dict[str, set[Stage | None]]] = {}
    for picture in pictures:
        stem = picture.item.file_name.rsplit(".", 1)[0]
        if number := _COUNT.match(_without(stem, picture.patient.value or "").strip(" _-")):
            stages.setdefault(picture.item.folders, {}).setdefault(number[0], set()).add(said_by(stem).stage)
    for found in stages.values():
        whole = sorted(number for number, said in found.items() if Stage.LUGOL in said and len(said) > 1)
        if len(whole) > 1:
            return tuple(whole)
    return ()


def _of_several_files(folders: Iterable[Counter[str]]) -> tuple[str, ...]:
    """Letters of one folder that stand on several files each: one a file, they count."""
    for count in folders:
        several = sorted(letter for letter, files in count.items() if files > 1)
        if len(several) > 1:
            return tuple(letter.upper() for letter in several)
    return ()
