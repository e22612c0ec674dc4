"""Taking pictures off the record, and what hangs on them; all of it can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import records
from pfm_desktop.storage import removal as storage
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr


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
                    tr("this picture is not in the library"),
                    safe=tr("nothing was changed"),
                    remedy=tr("open the visit again"),
                )
            old = records.snapshot(session, "picture", picture_id)
            text = f"Picture removed ({picture.stage.value.replace('_', ' ')})"
            removals.append(Change("picture", picture_id, old, None, text))
    return lib.apply_all(with_what_hangs_on(lib, removals))


def with_what_hangs_on(lib: Library, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, and before each that removes a picture or pair the removal of the pairs and registrations on it."""
    with lib.read() as session:
        return storage.with_what_hangs_on(session, changes)
