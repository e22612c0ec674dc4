"""What is asked for and is not there, in words."""

from __future__ import annotations

from typing import Any

from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

_GONE = {
    "patient": tr("this patient is not in the library"),
    "visit": tr("this visit is not in the library"),
    "curve of whitening": tr("this curve of whitening is not in the library"),
}


def known(record: Any, what: str) -> Any:
    """The record; `StorageError` where there is none. `what`: a key of `_GONE`."""
    if record is None:
        raise StorageError(_GONE[what], safe=tr("nothing was changed"), remedy=tr("open it from the list again"))
    return record
