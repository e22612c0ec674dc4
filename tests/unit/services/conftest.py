"""What several tests of services put into a library."""

from __future__ import annotations

from pfm_desktop.domain.change import Change
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library


def put_on_record(lib: Library, visit: str, data: bytes) -> str:
    """A picture of a visit, whose bytes may be none of a picture; its id."""
    fields = {
        "visit_id": visit,
        "sha256": lib.pictures.put(data),
        "stage": "saline",
        "taken_at": "2026-03-14T12:00:00+00:00",
        "width": 8,
        "height": 8,
        "seconds_since_acid": None,
        "mm_per_px": None,
        "device": "",
        "original_name": "",
    }
    key = cases.new_id()
    lib.apply(Change("picture", key, None, fields, "Picture added"))
    return key
