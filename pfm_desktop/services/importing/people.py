"""Whose picture it is, from the names of its folders and file. Pure functions over text.

Only what looks like a clinic's number and is contradicted by nothing is likely. A woman's name, a place and what a
camera chose cannot be told apart for certain: they are unsure, and the innermost of them counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pfm_desktop.domain.case import identifier_key
from pfm_desktop.services.importing.guess import Guess, likely, unknown, unsure
from pfm_desktop.services.importing.naming import Number, Told, short, told_by
from pfm_desktop.support.language import tr


@dataclass(frozen=True)
class _Part:
    """One name on the way to a picture, `where` as it is said: "the folder K-17"."""

    told: Told
    where: str

    @property
    def number(self) -> Number | None:
        return next((one for one in self.told.numbers if one.strong), next(iter(self.told.numbers), None))


def guessed_patient(folders: tuple[str, ...], stem: str) -> Guess[str]:
    """The clinic's number of the woman; `folders` outermost first, `stem` the file's name without its ending."""
    parts = [_Part(told_by(name), tr("the folder {name}", name=name)) for name in folders]
    own = _own(stem)
    marked = {value: part for part in (*parts, own) for value in part.told.marked}
    if len(marked) > 1:
        return unknown(tr("names say two numbers: {numbers}", numbers=", ".join(marked)))
    root, within = parts[:1], parts[1:]
    if marked:
        value, part = next(iter(marked.items()))
        found = _Found(value, part, not short(value), tr("{where} says so", where=part.where))
        return _checked(found, [*within, own], own)
    numbered = [part for part in within if part.number is not None] or [part for part in root if part.number]
    if numbered:
        number = numbered[-1].number
        assert number is not None
        found = _Found(
            number.value,
            numbered[-1],
            number.strong,
            tr("{where} looks like a clinic's number", where=numbered[-1].where),
        )
        strong_root = [part for part in root if part.number is not None and part.number.strong]
        return _checked(found, [*strong_root, *within, own], own)
    return _without_number(within, own)


def names_in(folders: tuple[str, ...], stem: str) -> tuple[str, ...]:
    """Words that may name her, by folder (without that which was given) and at last of the file, where it has any."""
    inner = [told_by(name).name for name in (*folders[1:], stem)]
    return tuple(dict.fromkeys(name for name in inner if len(name) > 1))


def strong_numbers(folders: tuple[str, ...], stem: str) -> tuple[tuple[str, str], ...]:
    """Numbers that look like a clinic's in the names of folders and file, each with where it stands."""
    parts = [*(_Part(told_by(name), tr("the folder {name}", name=name)) for name in folders), _own(stem)]
    found = [(one.value, part.where) for part in parts for one in part.told.numbers if one.strong]
    return (*found, *((value, part.where) for part in parts for value in part.told.marked if not short(value)))


def same_number(one: str, other: str) -> bool:
    """Whether two numbers differ in capitals and spaces at most."""
    return identifier_key(one) == identifier_key(other)


@dataclass(frozen=True)
class _Found:
    value: str
    part: _Part
    strong: bool
    why: str


def _checked(found: _Found, parts: Sequence[_Part], own: _Part) -> Guess[str]:
    """A number, unless another one or the name of a folder within its own speaks against it."""
    other = next((part for part in parts if part is not found.part and _speaks_against(part, found, own)), None)
    if other is not None:
        value = other.number if other is own else None
        said = tr("{where} and {other} say different numbers", where=found.part.where, other=other.where)
        return unsure(value.value if value is not None else found.value, said)
    at = next((at for at, part in enumerate(parts) if part is found.part), -1)
    inner = [part for part in parts[at + 1 :] if part is not own and part.told.words]
    if inner and found.part is not own:
        name = inner[-1].told.name
        return unsure(
            f"{found.value} {name}",
            tr("{reason}, but {where} within it may name her", reason=found.why, where=inner[-1].where),
        )
    if not found.strong:
        return unsure(
            found.value, tr("{where} says a number, which may be another than a clinic's", where=found.part.where)
        )
    return likely(found.value, found.why, by_file=found.part is own)


def _speaks_against(part: _Part, found: _Found, own: _Part) -> bool:
    """Whether a part says another number. Of a file's name short counts and what cameras count do not."""
    numbers = [one for one in part.told.numbers if not same_number(one.value, found.value)]
    if part is not own:
        return bool(numbers)
    return any(one.strong or _two_figures(one.value) or _alike(one.value, found.value) for one in numbers)


def _two_figures(number: str) -> bool:
    return number[:1].isalpha() and sum(sign.isdigit() for sign in number) > 1


def _alike(one: str, other: str) -> bool:
    """Whether two numbers are of one kind: the same letters before their figures, as many figures where there are none.

    A file's number of four figures or more counts too, where no camera counts so: with nought before it.
    """
    mine, theirs = (value.rstrip("0123456789-").casefold() for value in (one, other))
    if mine or theirs:
        return mine == theirs or (not mine and len(one) > 3 and not one.startswith("00"))
    return len(one) == len(other) or (len(one) > 3 and not one.startswith("00"))


def _own(stem: str) -> _Part:
    """The file's name; figures alone may be what a camera counts, and a number with nothing behind it too."""
    told = told_by(stem)
    alone = bool(told.numbers) and told.numbers[0].value == stem.strip(" _-.")
    numbers = () if alone else tuple(Number(one.value, one.strong and not one.value.isdigit()) for one in told.numbers)
    return _Part(Told(told.marked, numbers, told.words), tr("the file's name {name}", name=stem))


def _without_number(within: Sequence[_Part], own: _Part) -> Guess[str]:
    """No folder has a number: that of the file, else a name, the innermost one."""
    named = [part for part in within if part.told.words]
    if own.number is not None:
        strong = own.number.strong and not named
        why = tr("{where} looks like a clinic's number", where=own.where)
        return (
            likely(own.number.value, why, by_file=True)
            if strong
            else unsure(own.number.value, tr("{reason}, but nothing else says it", reason=why))
        )
    if own.told.personal or (len(own.told.name) > 1 and not named):
        return unsure(own.told.name, tr("only {where} could say it", where=own.where))
    if named:  # a word for all that was given is no woman
        return unsure(named[-1].told.name, tr("only {where} could say it", where=named[-1].where))
    return unknown(tr("no name of a folder or file says it"))
