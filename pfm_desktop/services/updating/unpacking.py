"""A program that was unpacked anywhere: the next version goes beside it, and a link leads to the one in use.

The folder gets its name once all of it is on disk and it has started; the link changes in one step, last. Whatever
cuts this short leaves the earlier program as it was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from backports.zstd import ZstdError, tarfile

from pfm_desktop.jobs import Context
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import SAFE, Offer
from pfm_desktop.support import installation, outside
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import APP

FROM = ".from-update"  # in an unpacked folder: the SHA-256 of what it was unpacked from
_INSIDE, _PART = "_internal", ".part"
_START_SECONDS = 180.0  # of a slow disk


def place_of(old: Installed, offer: Offer) -> Path:
    """Where the folder of the new version goes."""
    return old.folder.parent / f"{APP}-{offer.version}"


def check_place(old: Installed, offer: Offer) -> None:
    """Raise `StorageError` where it cannot go there; nothing is written."""
    above, new = old.folder.parent, place_of(old, offer)
    if not os.access(above, os.W_OK):
        raise StorageError(
            tr("the new version goes beside the present one, and {folder} may not be written", folder=above),
            safe=SAFE,
            remedy=tr("start this as who installed the program"),
        )
    in_the_way = new.exists() and not _is_of(new, offer)
    if in_the_way or (old.link.exists() and not old.link.is_symlink()):
        raise StorageError(
            tr("{path} is in the way", path=new if in_the_way else old.link),
            safe=SAFE,
            remedy=tr("look what it is, and rename it"),
        )


def is_whole(old: Installed, offer: Offer) -> bool:
    """Whether the new version lies there already, from an earlier attempt or as one went back from it, as it was built
    and able to start."""
    new = place_of(old, offer)
    if not _is_of(new, offer):
        return False
    try:
        return not installation.compare(new / _INSIDE, deep=True) and not _trouble(new, offer.version)
    except installation.NoListError:
        return False


def left_over(old: Installed, offer: Offer) -> tuple[Path, ...]:
    """What attempts that were cut short have left beside the present program, and of the new version what is not
    whole."""
    new = place_of(old, offer)
    return (*old.folder.parent.glob(f".{APP}-*{_PART}"), *((new,) if _is_of(new, offer) else ()))


def clear(old: Installed, offer: Offer) -> None:
    """Remove what is left over, to unpack anew."""
    for path in left_over(old, offer):
        with named(path, safe=SAFE):
            shutil.rmtree(path)


def size_of(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def unpack(ctx: Context, archive: Path, old: Installed, offer: Offer) -> Path:
    """Unpack the verified `archive` beside the present program, and see whether what comes out starts."""
    new = place_of(old, offer)
    part = new.with_name(f".{new.name}{_PART}")
    try:
        with named(new, safe=SAFE):
            part.mkdir()
            _extract(ctx, archive, part, top=new.name, size=offer.unpacked)
            write_text(part / new.name / FROM, offer.sha256)
            if hasattr(os, "sync"):
                os.sync()  # all of it, before it has a name
        if why := _trouble(part / new.name, offer.version):
            raise StorageError(
                tr("the new version does not start on this computer: {why}", why=why),
                safe=tr("the earlier version is in use as before"),
                remedy=tr("tell whoever gave you the update file"),
            )
        with named(new, safe=SAFE):
            (part / new.name).rename(new)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return new


def switch(link: Path, folder: Path) -> None:
    """Lead the link to another folder beside it, in one step."""
    fresh = link.with_name(f".{link.name}.new")
    with named(link, safe=tr("the program that was in use still is")):
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(link)


def _extract(ctx: Context, archive: Path, part: Path, *, top: str, size: int) -> None:
    done = 0
    try:
        with tarfile.open(archive, "r|zst") as files:
            for member in files:
                ctx.progress(done, size, tr("Unpacking the new version"))
                if member.name != top and not member.name.startswith(f"{top}/"):
                    raise _not_a_program(archive, member.name)
                files.extract(member, part, filter="data")
                done += member.size
    except (tarfile.TarError, ZstdError, EOFError) as error:
        raise _not_a_program(archive, str(error)) from error
    if not (part / top / APP).exists():
        raise _not_a_program(archive, APP)


def _trouble(folder: Path, version: str) -> str:
    """Why a program does not start, "" where it does: one for another system, or that lacks something here, is found
    out while the earlier one is in use."""
    try:
        done = subprocess.run(
            [str(folder / "pfm"), "version"],
            env=outside.environment(), capture_output=True, text=True, timeout=_START_SECONDS, check=False,
        )  # fmt: skip
        said = done.stdout.strip() if done.returncode == 0 else (done.stderr or done.stdout).strip()[-300:]
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        said = str(error)
    return "" if said == version else said or tr("it says nothing")


def _is_of(folder: Path, offer: Offer) -> bool:
    try:
        return (folder / FROM).read_text(encoding="utf-8") == offer.sha256
    except OSError:
        return False


def _not_a_program(archive: Path, why: str) -> StorageError:
    return StorageError(
        tr("{file} does not hold what it should: {why}", file=archive.name, why=why),
        safe=SAFE,
        remedy=tr("tell whoever gave you the update file"),
    )
