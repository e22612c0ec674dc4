"""Whether disks have room for what is about to be written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from pfm_desktop.services.updating.update_file import SAFE
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr


def check_room(wanted: Mapping[Path, int], *, spare: int) -> None:
    """Raise `StorageError` where bytes wanted in folders do not fit, so that `spare` stay free; several may lie on one
    disk, and then need room for all."""
    by_disk: dict[int, tuple[Path, int]] = {}
    for folder, size in wanted.items():
        there = next(one for one in (folder, *folder.parents) if one.exists())
        disk = there.stat().st_dev
        by_disk[disk] = (there, by_disk.get(disk, (there, 0))[1] + size)
    for there, size in by_disk.values():
        try:
            free = shutil.disk_usage(there).free
        except OSError:  # a share that does not say
            continue
        if size > 0 and free < size + spare:
            raise StorageError(
                tr("there is too little room in {folder}: {needed} MB are needed, {free} MB are free", folder=there,
                   needed=(size + spare) // 1_000_000, free=free // 1_000_000),
                safe=SAFE,
                remedy=tr("free some space, then try again"),
            )  # fmt: skip
