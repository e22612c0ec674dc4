"""Pictures whose DICOM file says that words are drawn into them (Burned In Annotation YES), which may name the woman.

Kept as a line of the journal by the picture's id: it is known for as long as the library is, and nobody takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library

WHAT = "burned_in"
_SAID = "Words are drawn into the picture, as its DICOM file says"


def note(lib: Library, picture_ids: Sequence[str]) -> None:
    """Put it on record of these pictures, which may be about to be added. Raises `StorageError`."""
    if picture_ids:
        lib.record_events([Change(WHAT, picture_id, None, {"burned_in": True}, _SAID) for picture_id in picture_ids])


def said_of(lib: Library, picture_ids: Sequence[str]) -> frozenset[str]:
    """Those of these pictures of which it is on record."""
    with lib.read() as session:
        return journal.keys_with(session, what=WHAT, keys=picture_ids)
