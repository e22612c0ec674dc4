"""Opening a library, as a job: what loads the database modules, so that the window stands before them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support import memory
from pfm_desktop.support.paths import demo_library_dir

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.storage.library import Library


def open_library(ctx: Context, folder: str) -> Library:
    """The library in `folder`; "" is the demo library, which is made first where there is none."""
    path = Path(folder) if folder else demo_library_dir()
    if not folder and not os.path.exists(path / DATABASE):  # noqa: PTH110 - also where the folder may not be looked into
        from pfm_desktop.services.demo import ensure_demo_library

        return ensure_demo_library(ctx, path)
    with memory.without_collection():
        import pfm_desktop.viewmodels.session  # noqa: F401 - loaded here and not later on the GUI thread
        from pfm_desktop.storage.library import Library

    ctx.check()
    library = Library.open(path)
    try:
        ctx.check()
    except BaseException:
        library.close()  # nobody will ask for it any more
        raise
    return library


def first_look(_ctx: Context, folder: str) -> tuple[VisitRow, ...] | None:
    """The list of the library in `folder` as it can be read at once, before all that opening it needs is loaded; None
    where that cannot be."""
    with memory.without_collection():
        from pfm_desktop.storage.worklist import first_rows

    return first_rows(Path(folder) if folder else demo_library_dir())


def create_library(ctx: Context, folder: str) -> Library:
    """A new, empty library in `folder`."""
    from pfm_desktop.storage.library import Library

    ctx.progress(0, 1, "Making the library")
    return Library.create(Path(folder))


def name_of(folder: str) -> str:
    """A library as the window names it."""
    return Path(folder).name if folder else "Demo library"
