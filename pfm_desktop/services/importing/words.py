"""Words in names of files and folders: English, Chinese, Spanish, French, German, Russian. Pure functions over text."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from pfm_desktop.domain.source import Source, Stage

LONGEST = 1800.0  # seconds after acetic acid that can be meant


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# whole words, without accents and capitals, with the inflections that cannot be a name. Beginnings alone would make
# surnames and places of them: Greenwich, Salinas, Natividad
_WORDS: dict[str, frozenset[str]] = {
    meaning: _words(words)
    for meaning, words in {
        "lugol": "lugol lugols lugolsche lugolprobe iodine iodo iodado iodada iode iodee yodo yodado yodada schiller "
        "schillers schillertest schillerprobe jod jodprobe jodlosung jodloesung vili",
        "green": "green greenfilter greenlight verde verdes vert verte grun gruen grunes grunfilter gruenfilter "
        "grunlicht redfree",
        "saline": "saline salin salina salino kochsalz kochsalzlosung kochsalzloesung physiologisch physiologische "
        "physiological physiologic physiologique nacl nativ native suero serum",
        "acid": "acid acids acidic acide acido acetic aceticacid acetico acetica acetique aceto acetowhite acetoblanco "
        "acetoblanc vinegar vinagre vinaigre essig essigsaure essigsaeure essigprobe essigtest aa via",
        "fluorescence": "fluo fluor fluoro fluorescence fluorescent fluorescente fluorescencia fluorescenza "
        "fluoreszenz fluoreszierend autofluor autofluorescence autofluorescent autofluorescencia "
        "autofluoreszenz fl uv af blue",
        "white": "white whitelight weiss weisses weisslicht blanc blanche blanco blanca wl wli",
        "before": "before avant antes vorher pre vor",
        "after": "after apres despues nachher post nach",
    }.items()
}  # fmt: skip
_RUSSIAN = {  # as `plain` leaves it: without breve and dots
    "lugol": _words("люголь люголя люголем иод иода иодом шиллер шиллера"),
    "green": _words("зеленыи зеленого зеленым"),
    "saline": _words("физраствор физраствора физраствором физиологическии"),
    "acid": _words("уксус уксуса уксусом уксусная уксуснои кислота кислоты кислотои"),
    "fluorescence": _words("флуоресценция флюоресценция аутофлуоресценция аутофлюоресценция флуо"),
    "white": _words("белыи"),
    "before": _words("до перед"),
    "after": _words("после"),
}
_WORDS = {meaning: words | _RUSSIAN[meaning] for meaning, words in _WORDS.items()}
# those of them that are surnames, first names, initials or parts of a place too
_ALSO_NAMES = _words(
    "green verde verdes vert verte grun gruen white weiss weisses blanc blanche blanco blanca blue essig schiller jod "
    "salin salina salino native nativ aa via fl uv af wl vor nach post pre vinagre yodo iodo"
)
_NOT = _words(
    "no non not without ohne kein keine keinen keiner sin sans pas senza sem zonder never nicht ningun без не нет"
)
_NOT_CHINESE = re.compile(r"[未无無没沒不](?:有|用|加|涂|抹|做)?")
_REACH = 3  # words, within which what is not is said
_CHINESE: dict[str, tuple[str, ...]] = {
    "lugol": ("碘", "卢戈", "盧戈", "鲁戈"),
    "green": ("绿", "綠"),
    "saline": ("盐水", "鹽水"),
    "acid": ("醋酸", "醋白", "冰醋"),
    "fluorescence": ("荧光", "螢光"),
    "white": ("白光",),
    "before": ("前",),
    "after": ("后", "後"),
}
_STAGES = {"lugol": Stage.LUGOL, "green": Stage.GREEN, "saline": Stage.SALINE, "acid": Stage.ACETIC_ACID}
_SECONDS = re.compile(
    r"(?<![a-z0-9])t?(\d{1,4})(?:s|sec|secs|second|seconds|sek|seg|秒|\u0441|сек)(?![a-z0-9])", re.IGNORECASE
)
_MINUTES = re.compile(
    r"(?<![a-z0-9])(\d{1,2})(?:m|min|mins|minutes?|minuten|minutos|分钟|分|мин)(?:(\d{1,2})(?:s|sec|秒))?(?![a-z0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """What one name says. `words` are those that said it; `contradicts`: it says two stages at once."""

    stage: Stage | None = None
    source: Source | None = None
    seconds_since_acid: float | None = None
    words: tuple[str, ...] = ()
    contradicts: bool = False


def plain(text: str) -> str:
    """Small letters without accents, words parted by one space: also those parted by capitals, signs and digits."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    split = unicodedata.normalize("NFKD", parted).casefold()
    letters = "".join(letter for letter in split if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W\d_]+", letters))


@functools.lru_cache(maxsize=65_536)
def said_by(name: str) -> Said:
    """What the name of a file (without its ending) or of a folder says about stage, source and time."""
    found = _meanings(name)
    seconds = seconds_in(name)
    kinds = [kind for kind in ("lugol", "green", "saline") if kind in found]
    words = tuple(dict.fromkeys(found.values()))
    if len(kinds) > 1 or (kinds and ("acid" in found or "fluorescence" in found) and not _fits(found)):
        return Said(words=words, contradicts=True)
    if "fluorescence" in found:
        return _fluorescence(found, seconds)
    if kinds:
        return Said(_STAGES[kinds[0]], Source.WHITE, None, words)
    if "acid" in found and "before" not in found:  # before acid: nothing says that it was saline
        return Said(Stage.ACETIC_ACID, Source.WHITE, seconds, words)
    white = "acid" in found or "white" in found
    return Said(None, Source.WHITE, None if "acid" in found else seconds, words) if white else Said()


def seconds_in(name: str) -> float | None:
    """Seconds that a name holds: `60s`, `t90s`, `2min`, `1m30s`, `60秒`. None where it holds none, or two of them."""
    text = re.sub(r"(?<=\d)[ ]+(?=(?:s|sec|seconds?|min|minutes?)\b)", "", name.replace("_", " "))
    minutes = [60.0 * int(found[1]) + int(found[2] or 0) for found in _MINUTES.finditer(text)]
    seconds = [float(found[1]) for found in _SECONDS.finditer(_MINUTES.sub(" ", text))]
    values = {*minutes, *seconds}
    value = values.pop() if len(values) == 1 else None
    return value if value is not None and value <= LONGEST else None


@functools.lru_cache(maxsize=65_536)  # a plan is arranged anew after every change of it, with the same names
def without_meaning(stem: str) -> str:
    """What is left of a file's name once stage and seconds are taken out: equal for the pictures of one moment."""
    rest = _MINUTES.sub(" ", _SECONDS.sub(" ", re.sub(r"[_]+", " ", stem)))
    for word in sorted(_meanings(stem).values(), key=len, reverse=True):
        rest = re.sub(re.escape(word), " ", _unaccented(rest), flags=re.IGNORECASE)
    return " ".join(re.findall(r"[^\W_]+", _unaccented(rest).casefold()))


def also_a_name(name: str) -> bool:
    """Whether a name holds a word that says a stage and is a surname, a place or initials as well."""
    return any(word in _ALSO_NAMES for word in plain(name).split())


def _meanings(name: str) -> dict[str, str]:
    """Meanings of a name, each with the word that says it. What is said not to be is none: no acid is before acid."""
    found: dict[str, str] = {}
    words = plain(re.sub(r"\b(?:no|nr)\W{0,2}\d+", " ", name.replace("_", " "), flags=re.IGNORECASE)).split()
    words = re.sub(r"\bw o\b", "without", " ".join(words)).split()
    denied = ""
    for meaning, known in _WORDS.items():
        for at, word in enumerate(words):
            if word in known and _NOT.isdisjoint(words[max(0, at - _REACH) : at]):
                found.setdefault(meaning, word)
            elif word in known and meaning == "acid":
                denied = word
        if meaning not in found:
            chinese, is_denied = _chinese(meaning, name)
            found |= {meaning: chinese} if chinese and not is_denied else {}
            denied = chinese if chinese and is_denied and meaning == "acid" else denied
    if denied and "acid" not in found and not {"lugol", "green", "saline", "after"} & set(found):
        found |= {"acid": denied, "before": denied}
    return found


def _chinese(meaning: str, name: str) -> tuple[str, bool]:
    """The Chinese word with a meaning ("": none), and whether the name says that it is not so."""
    for word in _CHINESE[meaning]:
        if word in name:
            before = name[: name.index(word)][-3:]
            return word, bool(_NOT_CHINESE.search(before))
    return "", False


def _fits(found: dict[str, str]) -> bool:
    """`lugol after acid` is Lugol, `saline before acid` saline: the order of steps is said, not two stages."""
    order = ("lugol" in found and "after" in found) or (
        ("saline" in found or "green" in found) and ("before" in found or "after" in found)
    )
    return order and "fluorescence" not in found


def _fluorescence(found: dict[str, str], seconds: float | None) -> Said:
    words = tuple(found.values())
    if "before" in found and "after" in found:
        return Said(None, Source.FLUORESCENCE, None, words, contradicts=True)
    if "before" in found:
        return Said(Stage.FLUORESCENCE_BEFORE_ACID, Source.FLUORESCENCE, None, words)
    if "after" in found or "acid" in found:
        return Said(Stage.FLUORESCENCE_AFTER_ACID, Source.FLUORESCENCE, seconds, words)
    return Said(None, Source.FLUORESCENCE, seconds, words)


def _unaccented(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
