"""Archives that come out the same from the same files: order, owners, times and modes are ours, not the computer's."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

_RUNS, _READS = 0o755, 0o644


def files_of(folder: Path) -> Iterator[Path]:
    """All within, folders too, in the order of their names as bytes."""
    yield from sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix().encode())


def mode_of(path: Path) -> int:
    """For everybody to read, and to run where whoever made it may: nothing of her umask."""
    return _RUNS if path.is_dir() or path.lstat().st_mode & 0o100 else _READS


# Two threads whatever the computer has: the same bytes everywhere. `--x86` turns jumps in programs into what repeats.
XZ = ("xz", "-c", "-T2", "--x86", "--lzma2=preset=5,dict=32MiB")
ZSTD = ("zstd", "-q", "-c", "-T2", "-9", "--long=27")
_BLOCK = tarfile.BLOCKSIZE
Named = tuple[str, Path]  # the name in an archive, and the file, folder or link that it is of


def named(folder: Path, top: str) -> list[Named]:
    """`folder` as `top`, and all within."""
    return [(top, folder), *((f"{top}/{path.relative_to(folder).as_posix()}", path) for path in files_of(folder))]


def write_tar(folder: Path, out: Path, *, top: str, moment: int, packer: Sequence[str] = ZSTD) -> Path:
    """`folder` as `top/` in a packed tar archive (`out`), each file of `moment` (seconds since 1970)."""
    return pack(named(folder, top), out, moment=moment, packer=packer)


def pack(members: Iterable[Named], out: Path, *, moment: int, packer: Sequence[str], is_last: bool = True) -> Path:
    """A packed tar archive of `members`; without its end where another part follows."""
    with out.open("wb") as stream, subprocess.Popen(packer, stdin=subprocess.PIPE, stdout=stream) as running:
        assert running.stdin is not None
        for name, path in members:
            _add(running.stdin, name, path, moment)
        if is_last:
            running.stdin.write(bytes(2 * _BLOCK))
        running.stdin.close()
    if running.returncode != 0:
        raise SystemExit(f"error: {packer[0]} ended with {running.returncode}; is there room for {out.parent}?")
    return out


def _add(archive: IO[bytes], name: str, path: Path, moment: int) -> None:
    info = tarfile.TarInfo(name)
    info.uname = info.gname = "root"
    info.mtime, info.mode = moment, mode_of(path)
    if path.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
    elif path.is_dir():
        info.type = tarfile.DIRTYPE
    else:
        info.size = path.stat().st_size
    archive.write(info.tobuf(tarfile.GNU_FORMAT))
    if info.isreg():
        with path.open("rb") as stream:
            shutil.copyfileobj(stream, archive, 1 << 20)
        archive.write(bytes(-info.size % _BLOCK))


def sha256(path: Path) -> str:
    """Of a file, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_sums(paths: list[Path], out: Path) -> Path:
    """SHA-256 of each, as `sha256sum -c` reads it."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(paths)]
    out.write_text("".join(lines), encoding="utf-8", newline="\n")
    return out


def size_mb(folder: Path) -> float:
    """Of all files within, megabytes of 10^6 bytes; what is there twice through a link counts once."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6
