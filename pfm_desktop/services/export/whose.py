"""Who stands under a pseudonym: for when something found in a set must reach the woman."""

from __future__ import annotations

from pfm_desktop.domain.case import Patient
from pfm_desktop.services.export.folder import WHAT
from pfm_desktop.services.export.visits import check_may_leave
from pfm_desktop.storage import crosswalk
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def whose(lib: Library, pseudonym: str) -> Patient:
    """The woman of a pseudonym; that it was asked goes on record, without either name.

    Raises `BadInputError` where nobody is called so, `NotAllowedError` and, as it must be recorded, `StorageError`.
    """
    check_may_leave(lib)
    found = crosswalk.woman_called(lib, pseudonym)
    if found is None:
        raise BadInputError(
            tr("nobody in this library is called {pseudonym!r} in an export", pseudonym=pseudonym.strip()),
            remedy=tr("check that the set came from this library"),
        )
    lib.record_event(WHAT, found.id, "A pseudonym of an export for research was looked up")
    return found
