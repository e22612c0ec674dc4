"""Archives that come out the same from the same files: order, owners, times and modes are ours, not the computer's."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_RUNS, _READS = 0o755, 0o644


def files_of(folder: Path) -> Iterator[Path]:
    """All within, folders too, in the order of their names as bytes."""
    yield from sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix().encode())


def mode_of(path: Path) -> int:
    """For everybody to read, and to run where whoever made it may: nothing of her umask."""
    return _RUNS if path.is_dir() or path.lstat().st_mode & 0o100 else _READS


# Two threads whatever the computer has: the same bytes everywhere. `--x86` turns jumps in programs into what repeats.
XZ = ("xz", "-c", "-T2", "--x86", "--lzma2=preset=5,dict=32MiB")
ZSTD = ("zstd", "-q", "-c", "-T2", "-12", "--long=27")


def write_tar(folder: Path, out: Path, *, top: str, moment: int, packer: Sequence[str] = ZSTD) -> Path:
    """`folder` as `top/` in a packed tar archive (`out`), each file of `moment` (seconds since 1970)."""
    with out.open("wb") as stream, subprocess.Popen(packer, stdin=subprocess.PIPE, stdout=stream) as running:
        assert running.stdin is not None
        with tarfile.open(fileobj=running.stdin, mode="w|", format=tarfile.GNU_FORMAT) as archive:
            for path in (folder, *files_of(folder)):
                name = top if path == folder else f"{top}/{path.relative_to(folder).as_posix()}"
                _add(archive, path, name, moment)
    if running.returncode != 0:
        raise SystemExit(f"error: {packer[0]} ended with {running.returncode}; is there room for {out.parent}?")
    return out


def _add(archive: tarfile.TarFile, path: Path, name: str, moment: int) -> None:
    info = archive.gettarinfo(path, name)
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = moment
    info.mode = mode_of(path)
    if info.isreg():
        with path.open("rb") as stream:
            archive.addfile(info, stream)
    else:
        archive.addfile(info)


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
