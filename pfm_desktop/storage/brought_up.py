"""A library that was brought to the version of this program: said to a person, and put on record."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pfm_desktop.storage import migrations
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library


def tell(lib: Library, copy: migrations.Copy) -> None:
    """Where the copy from before lies. It is kept until somebody removes it."""
    lib.keep_notice(
        tr(
            "this library was brought from version {old} to {new}. A copy of its database as it was before is kept: "
            "{file}",
            old=copy.version,
            new=migrations.CURRENT,
            file=copy.path,
        )
    )
    said = f"Brought from version {copy.version} to {migrations.CURRENT}; {copy.path.name} kept"
    with contextlib.suppress(StorageError):  # a full disk keeps nobody from reading
        lib.record_event("library", lib.id, said)
