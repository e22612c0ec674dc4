"""Names of the folders that exports are put into. Pure functions."""

from __future__ import annotations

import re
from datetime import date

NAMED, RESEARCH = "dicom with names", "research"
# anywhere in a name: a copy has more words, a zip an ending
_OURS = re.compile(rf"(?<!\w)(?:{NAMED}|{RESEARCH} (?:csv|coco|dicom)) \d{{4}}-\d\d-\d\d(?!\d)", re.IGNORECASE)


def dated(words: str, on: date, number: int = 1) -> str:
    """Name of a folder for what is exported that day; they sort by it. `number`: of several."""
    return f"{words} {on.isoformat()}" + (f" ({number})" if number > 1 else "")


def is_of_export(name: str) -> bool:
    """Whether a folder was called so here: it says the day of the export, not that of the pictures in it."""
    return _OURS.search(name) is not None
