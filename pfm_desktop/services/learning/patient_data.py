"""Whether anything in a model could tell of a patient: looked at when a model goes out and when one comes in."""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pfm_desktop.pfm.model_file import CARD, DECIDES, MODEL, UNSEALED, WEIGHTS
from pfm_desktop.pfm.training.seen import KEY, LOCKED
from pfm_desktop.services.learning import own_words
from pfm_desktop.services.learning.patient_words import PatientWords, told_in
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

_LONGEST_TEXT = 400
_PATH = re.compile(r"[A-Za-z]:\\|(?<![\w/.:])/(?:[\w.-]+/)+|\\\\\w|\.(?:png|jpe?g|tiff?|dcm|bmp|webp|heic)\b", re.I)
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{65,}")
_METADATA = frozenset({"format", DECIDES})  # of the weights' own head
_NUMBER = re.compile(r"[-+*`(\[]*\d+(?:[.,]\d+)?(?:e[-+]?\d+)?[%.`)\]]*", re.I)
_BETWEEN = re.compile(r"[\s,;|:]+")
LONGEST_ROW = 16  # numbers one after the other in a text
AGAIN = tr("learn it again, or ask who made it")


class PatientDataError(BadInputError):
    """Something in a model could tell of a patient."""

    def __init__(self, what: str, *, remedy: str = AGAIN) -> None:
        super().__init__(
            tr("this model is not passed on: {what}", what=what), safe=tr("nothing was written"), remedy=remedy
        )


@dataclass(frozen=True)
class _Looked:
    """What is looked for, and what the program itself writes."""

    words: PatientWords
    own: frozenset[str]


def check(
    contents: Mapping[str, bytes], *, words: PatientWords | None = None, own: Iterable[str] | None = None
) -> None:
    """Raise `PatientDataError` for an unknown file, a picture, a path, a list or table that no model needs, marks of
    women, and one of `words` outside of what the program itself writes (`own_words.own_texts`)."""
    unknown = sorted(set(contents) - {WEIGHTS, MODEL, CARD})
    if unknown:
        raise PatientDataError(tr("there is an unknown file in it, {file}", file=unknown[0]))
    looked = _Looked(words or PatientWords(), frozenset(own_words.own_texts(None) if own is None else own))
    try:
        _check_text(CARD, contents.get(CARD, b"").decode("utf-8"), looked)
        table = _without_sums(tomllib.loads(contents[MODEL].decode("utf-8")))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise PatientDataError(tr("its description is no text that can be read")) from error
    _check_table("", table, looked)
    _check_weights(contents[WEIGHTS])


def _check_text(where: str, text: str, looked: _Looked) -> None:
    if found := _PATH.search(text):
        raise PatientDataError(tr("{where} names a file or folder ({path})", where=where, path=found.group(0)[:40]))
    if re.search(r"!\[|data:image|<img", text, re.I):
        raise PatientDataError(tr("there is a picture in {where}", where=where))
    if (count := _numbers_in_a_row(text)) > LONGEST_ROW:
        raise PatientDataError(
            tr("there is a list of {count} numbers in {where}, as one for each case would be", count=count, where=where)
        )
    if told := told_in(own_words.without_own(text, looked.own), looked.words):
        raise PatientDataError(f"{where} {told}", remedy=_other_words(where))


def _numbers_in_a_row(text: str) -> int:
    """The most numbers that follow each other with nothing but signs between them."""
    most = count = 0
    for part in _BETWEEN.split(text):
        if part.strip("-*+"):
            count = count + 1 if _NUMBER.fullmatch(part) else 0
            most = max(most, count)
    return most


def _other_words(where: str) -> str:
    """What helps also where the word does not mean her: the card is a text that may be edited, the rest is sealed."""
    if where == CARD:
        return tr(
            "write that sentence of the model's {file} without it, also if it does not mean her, and try again",
            file=CARD,
        )
    return tr(
        "learn it again, with another name and other words for what it was trained on, also if they do not mean her"
    )


def _check_table(path: str, table: Mapping[str, Any], looked: _Looked) -> None:
    """No marks, no text that could be packed data, no list and no table but those that the program writes."""
    where = _where(path)
    if not own_words.is_table(path):
        raise PatientDataError(tr("{where} is a table that no model of this program has", where=where))
    strange = [key for key in table if key not in own_words.KEYS]
    if len(table) > own_words.MOST_ENTRIES or len(strange) > own_words.MOST_UNKNOWN:
        raise PatientDataError(
            tr("{where} has {count} entries, as one value for each case would be", where=where, count=len(table))
        )
    for key, inner in table.items():
        below = f"{path}.{key}" if path else key
        if key in (KEY, LOCKED) and inner:
            raise PatientDataError(tr("{where} holds marks of women", where=where))
        if key in strange:
            _check_text(tr("a name in {where}", where=where), key, looked)
        _check_value(below, inner, looked)


def _check_value(path: str, value: Any, looked: _Looked) -> None:
    where = _where(path)
    if isinstance(value, Mapping):
        _check_table(path, value, looked)
    elif isinstance(value, list):
        _check_list(path, value, looked)
    elif isinstance(value, str) and (len(value) > _LONGEST_TEXT or _BASE64.search(value)):
        raise PatientDataError(tr("{where} is a text that nobody can read", where=where))
    elif not isinstance(value, bool | int | float) and path != f"training.{UNSEALED}":  # a text, a date
        _check_text(where, "" if own_words.FIXED.fullmatch(path) else str(value), looked)


def _check_list(path: str, values: list[Any], looked: _Looked) -> None:
    where, most = _where(path), own_words.most_in_list(path)
    if len(values) > most:
        raise PatientDataError(
            tr(
                "{where} is a list of {count} where no model of this program has one, as one value for "
                "each case would be",
                where=where,
                count=len(values),
            )
        )
    for inner in values:
        if isinstance(inner, list):
            if path.endswith("confusion") and len(inner) <= most and all(type(one) in (int, float) for one in inner):
                continue
            raise PatientDataError(tr("{where} is a list of lists", where=where))
        _check_value(path, inner, looked)


def _where(path: str) -> str:
    """`model.toml, training, cases`."""
    return ", ".join((MODEL, *filter(None, path.split("."))))


def _without_sums(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without mean and whitening of the features, which are sums over all cases: F and F x F floats."""
    from pfm_desktop.pfm.nets.pconv import WIDTH

    features = 2 * WIDTH[table["network"]["variant"]]
    known = {"mean": 4 * features, "whitening": 4 * features * features}
    kept: dict[str, Any] = {}
    for source, part in table.get("familiarity", {}).items():
        kept[source] = {
            key: value
            for key, value in part.items()
            if key not in known or len(base64.b64decode(value, validate=True)) != known[key]
        }
    return {**table, "familiarity": kept}


def _check_weights(data: bytes) -> None:
    """The head of the file names nothing but tensors, and every byte behind it belongs to one."""
    try:
        length = int.from_bytes(data[:8], "little")
        head = json.loads(data[8 : 8 + length])
        metadata = head.pop("__metadata__", {})
        ends = sorted((one["data_offsets"][0], one["data_offsets"][1]) for one in head.values())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, UnicodeDecodeError) as error:
        raise PatientDataError(tr("the head of {file} cannot be read", file=WEIGHTS)) from error
    if set(metadata) - _METADATA or not re.fullmatch(r"([0-9a-f]{64})?", metadata.get(DECIDES, "")):
        raise PatientDataError(
            tr("{file} carries more than weights ({name})", file=WEIGHTS, name=sorted(metadata)[0][:40])
        )
    at = 0
    for begins, stops in ends:
        if begins != at:
            raise PatientDataError(tr("there is something between the weights in {file}", file=WEIGHTS))
        at = stops
    if len(data) != 8 + length + at:
        raise PatientDataError(tr("there is something behind the weights in {file}", file=WEIGHTS))
