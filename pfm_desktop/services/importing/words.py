"""Words in names of files and folders: English, Chinese, Spanish, French, German. Pure functions over text."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from pfm_desktop.domain.source import Source, Stage

LONGEST = 1800.0  # seconds after acetic acid that can be meant

# beginnings of words, without accents and capitals; whole words where that would find too much
_BEGINNINGS: dict[str, tuple[str, ...]] = {
    "lugol": ("lugol", "iodin", "iodo", "yodo", "schiller", "jodprob", "jodlos"),
    "green": ("green", "verde", "grunfilter", "gruen", "redfree"),
    "saline": ("saline", "salin", "kochsalz", "physiologi", "nacl", "nativ"),
    "acid": ("acet", "acid", "vinegar", "essig", "vinagre", "vinaigre"),
    "fluorescence": ("fluor", "fluo", "autofluor"),
    "white": ("white", "weiss", "blanc", "whitelight"),
    "before": ("before", "avant", "antes", "vorher"),
    "after": ("after", "apres", "despues", "nachher"),
}  # fmt: skip
_WHOLE: dict[str, tuple[str, ...]] = {
    "lugol": ("iode", "iodee", "jod", "vili"),
    "green": ("vert", "verte", "grun", "gruenfilter"),
    "saline": ("suero", "serum"),
    "acid": ("aa", "via", "acide", "acido"),
    "fluorescence": ("fl", "uv", "af", "blue"),
    "white": ("wl", "wli"),
    "before": ("pre", "vor"),
    "after": ("post", "nach"),
}
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
_SECONDS = re.compile(r"(?<![a-z0-9])t?(\d{1,4})(?:s|sec|secs|second|seconds|sek|seg|秒)(?![a-z0-9])", re.IGNORECASE)
_MINUTES = re.compile(
    r"(?<![a-z0-9])(\d{1,2})(?:m|min|mins|minutes?|minuten|minutos|分钟|分)(?:(\d{1,2})(?:s|sec|秒))?(?![a-z0-9])",
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


def said_by(name: str) -> Said:
    """What the name of a file (without its ending) or of a folder says about stage, source and time."""
    found = _meanings(name)
    seconds = seconds_in(name)
    kinds = [kind for kind in ("lugol", "green", "saline") if kind in found]
    words = tuple(found.values())
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


def _meanings(name: str) -> dict[str, str]:
    """Meanings of a name, each with the word that says it."""
    found: dict[str, str] = {}
    words = plain(name).split()
    for meaning, beginnings in _BEGINNINGS.items():
        whole = _WHOLE.get(meaning, ())
        hit = next((word for word in words if word.startswith(beginnings) or word in whole), None)
        hit = hit or next((word for word in _CHINESE[meaning] if word in name), None)
        if hit:
            found[meaning] = hit
    return found


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
