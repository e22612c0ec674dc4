"""What is asked for and is not there, in words."""

from __future__ import annotations

from typing import Any

from pfm_desktop.support.errors import StorageError


def known(record: Any, what: str) -> Any:
    """The record; `StorageError` where there is none."""
    if record is None:
        raise StorageError(
            f"this {what} is not in the library", safe="nothing was changed", remedy="open it from the list again"
        )
    return record
