"""Taking pictures off the record, and what hangs on them; all of it can be undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.removal import revealed
from pfm_desktop.support.errors import StorageError


def remove_pictures(lib: Library, picture_ids: Sequence[str]) -> tuple[Change, ...]:
    """Take pictures off the record, with the pairs made of them, all or none; undone by `review.undo_all`.

    Refused (`UserError`) in a signed visit, while one of these pairs carries pins or an os mark, and once the AI
    answer about it was revealed. The bytes stay in the store, so that undo can bring the pictures back.
    """
    removals = []
    with lib.read() as session:
        for picture_id in picture_ids:
            picture = stored.picture(session, picture_id)
            if picture is None:
                raise StorageError(
                    "this picture is not in the library", safe="nothing was changed", remedy="open the visit again"
                )
            old = records.snapshot(session, "picture", picture_id)
            text = f"Picture removed ({picture.stage.value.replace('_', ' ')})"
            removals.append(Change("picture", picture_id, old, None, text))
    return lib.apply_all(with_what_hangs_on(lib, removals))


def with_what_hangs_on(lib: Library, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, and before each that removes a picture or pair the removal of the pairs and registrations on it."""
    made: list[Change] = []
    gone: set[tuple[str, str]] = set()
    with lib.read() as session:
        for change in changes:
            for one in (*_hanging_on(session, change), change):
                if one.new is None and (one.what, one.key) in gone:
                    continue
                if one.new is None:
                    gone.add((one.what, one.key))
                made.append(one)
    return tuple(made)


def _hanging_on(session: Session, change: Change) -> Iterator[Change]:
    if change.new is not None:
        return
    if change.what == "pair":
        old = records.snapshot(session, "registration", change.key)
        if old is not None:
            yield Change("registration", change.key, old, None, change.text)
    if change.what == "picture":
        picture = stored.picture(session, change.key)
        visit_id = "" if picture is None else picture.visit_id
        for pair in stored.pairs_of(session, visit_id):
            if change.key not in (pair.white_id, pair.fluorescence_id):
                continue
            if stored.findings_of(session, visit_id).revealed:
                raise revealed(change.text)
            gone = Change("pair", pair.id, records.snapshot(session, "pair", pair.id), None, change.text)
            yield from _hanging_on(session, gone)
            yield gone
