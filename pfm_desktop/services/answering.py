"""One answer in a form as a change of the record that holds the form's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from pfm_desktop.domain import form
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.form import Item, Kind
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import ENGLISH, current, tr

T = TypeVar("T")
_GONE = {
    "visit": tr("this visit is not in the library"),
    "referral": tr("this referral is not in the library"),
    "assessment": tr("this assessment is not in the library"),
    "lesion": tr("this lesion is not in the library"),
    "specimen": tr("this specimen is not in the library"),
}


def answered(
    present: Mapping[str, Any], items: Sequence[Item], key: str, answer: Any, *, visit: date | None = None
) -> tuple[dict[str, Any], str]:
    """The answers with one of them given anew (None takes it back), without those that are not asked any more; and what
    was said, for the journal. `BadInputError` for an answer that the item does not take; `visit` as for `checked`."""
    item = next((one for one in items if one.key == key), None)
    if item is None:
        raise BadInputError(tr("nothing is called {key!r} in this form", key=key), safe=tr("nothing was changed"))
    kept = valid(lambda: form.checked(item, answer, today=date.today(), visit=visit))
    left = {name: value for name, value in present.items() if name != key}
    new = form.answered(items, {**left, key: kept} if kept is not None else left)
    return new, _said(item, kept)


def _said(item: Item, kept: Any) -> str:
    """An answer as the record says it: in English, so by keys where titles and choices are shown in another one."""
    if current() == ENGLISH:
        return f"{item.title}: {form.answer_words(item, kept) if kept is not None else 'no answer'}"
    given = [] if kept is None else kept if isinstance(kept, list) else [kept]
    chosen = item.kind in (Kind.ONE, Kind.SEVERAL)
    words = ", ".join(str(one).replace("_", " ") if chosen else str(one) for one in given)
    return f"{item.key.replace('_', ' ')}: {words or 'no answer'}"


def answer_change(
    what: str,
    record: str,
    present: Mapping[str, Any],
    items: Sequence[Item],
    key: str,
    answer: Any,
    before: str = "",
    *,
    visit: date | None = None,
) -> Change:
    """One answer of the record of that kind and key, whose fields are `present`; `visit` as for `checked`."""
    old: dict[str, Any] = present["answers"]
    new, said = answered(old, items, key, answer, visit=visit)
    return Change(what, record, {"answers": old}, {"answers": new}, f"{before}{said}"[:200])


def valid(make: Callable[[], T]) -> T:
    """What `make` makes; a ValueError of the domain as one that speaks to a person."""
    try:
        return make()
    except ValueError as error:
        raise BadInputError(str(error), safe=tr("nothing was changed")) from error


def gone(what: str) -> StorageError:
    """A record that is not there any more; `what` is a key of `_GONE`."""
    return StorageError(_GONE[what], safe=tr("nothing was changed"), remedy=tr("open the visit from the list again"))
