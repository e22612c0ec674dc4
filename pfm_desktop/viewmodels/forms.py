"""Answers of a form as they stand in its fields, and as they are typed there. No Qt."""

from __future__ import annotations

from datetime import date
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Item, Kind
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.worklist import typed_day

NOT_SAID = tr("not said")
_HINTS = {Kind.DAY: tr("as 14 Mar 2026")}


def field_text(item: Item, answer: Any) -> str:
    """What stands in the field of a number, a day or words; "" for no answer."""
    if answer is None:
        return ""
    return day(date.fromisoformat(answer)) if item.kind is Kind.DAY else str(answer)


def answer_text(item: Item, answer: Any) -> str:
    """An answer in words, for a person."""
    return field_text(item, answer) if item.kind is Kind.DAY else form.answer_words(item, answer)


def typed(item: Item, text: str, visit: date | None = None) -> Any:
    """The answer that was typed into such a field, None for nothing. `BadInputError` for one that the item does not
    take; `visit` as for `form.checked`."""
    text = text.strip()
    if not text:
        return None
    given: Any = text
    if item.kind is Kind.DAY:
        given = typed_day(text)
        if given is None:
            raise BadInputError(
                tr("{item}: {typed!r} is no day", item=item.title, typed=text),
                remedy=tr("write it as 14 Mar 2026 or 2026-03-14"),
            )
    try:
        return form.checked(item, given, today=date.today(), visit=visit)
    except ValueError as error:
        raise BadInputError(str(error)) from error


def problem_of(item: Item, text: str, visit: date | None = None) -> str:
    """Why what stands in a field cannot be kept; "" where it can."""
    try:
        typed(item, text, visit)
    except BadInputError as error:
        return error.sentences
    return ""


def hint(item: Item) -> str:
    """What an empty field shows."""
    least, most = item.range
    span = tr("{least} to {most} {unit}", least=least, most=most, unit=item.unit).rstrip() if most else ""
    return item.hint or _HINTS.get(item.kind, span)
