"""Versions of libraries, also of those that were linked into others, and the names by which scanners know them.

A library says its version itself, or its file's name does, or it has that of the wheel whose makers made it. What
none of these tells has no version, and none is guessed.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# in front of the version, as it stands in the library
_SAYS = {
    "OpenSSL": (b"OpenSSL ", rb"(\d+\.\d+\.\d+[a-z]?) +(?:FIPS )?\d+ \w{3} \d{4}"),
    "FFmpeg": (b"FFmpeg version ", rb"(\d[\w.]+)"),
    "OpenBLAS": (b"OpenBLAS ", rb"(\d+\.\d+\.\d+)"),
    "libpng": (b"libpng version ", rb"(\d+\.\d+\.\d+)"),
    "libtiff": (b"LIBTIFF, Version ", rb"(\d+\.\d+\.\d+)"),
    "libjpeg-turbo": (b"libjpeg-turbo version ", rb"(\d+\.\d+\.\d+)"),
    "libvpx": (b"WebM Project VP9 Decoder v", rb"(\d+\.\d+\.\d+)"),
    "libaom": (b"AOMedia Project AV1 Decoder ", rb"(\d+\.\d+\.\d+)"),
    "oneTBB": (b"oneTBB: VERSION", rb"\s+(\d+\.\d+\.\d+)"),
    "zlib": (b" inflate ", rb"(\d+\.\d+(?:\.\d+)*) Copyright"),
    "SQLCipher": (b"community\0", rb"(\d+\.\d+\.\d+)\0"),
    "bzip2": (b"\0", rb"(\d+\.\d+\.\d+), \d+-\w{3}-\d{4}"),
}
# which hold it bare, and nothing else that looks like one
_BARE = frozenset({"SQLite", "XZ Utils", "libavif", "libde265", "libheif", "HarfBuzz"})
_ALONE = re.compile(rb"(?<=\0)\d+\.\d+\.\d+(?=\0)")
# after `.so.` in the name of the file
_NAMED = {"Brotli": 3, "OpenJPEG": 3, "Zstandard": 3, "ICU": 1}
# made by those who made the wheel
_OF_WHEEL = {
    "Qt": "pyside6-essentials", "PySide6": "pyside6-essentials", "Shiboken": "shiboken6", "PyTorch": "torch",
    "PyTorch with oneMKL": "torch", "OpenVINO": "openvino",
}  # fmt: skip
# linked into others often enough to be looked for in all, where a hole in it counts
_WITHIN = ("OpenSSL", "libpng", "libtiff", "libjpeg-turbo", "zlib", "SQLCipher")
# vendor and product of the national list of holes (CPE)
_CPE = {
    "OpenSSL": "openssl:openssl", "FFmpeg": "ffmpeg:ffmpeg", "OpenBLAS": "openblas_project:openblas",
    "libpng": "libpng:libpng", "libtiff": "libtiff:libtiff", "libjpeg-turbo": "libjpeg-turbo:libjpeg-turbo",
    "libvpx": "webmproject:libvpx", "libaom": "aomedia:aomedia", "zlib": "zlib:zlib", "bzip2": "bzip:bzip2",
    "SQLite": "sqlite:sqlite", "SQLCipher": "zetetic:sqlcipher",
    "XZ Utils": "tukaani:xz", "libavif": "aomedia:libavif", "libde265": "struktur:libde265",
    "libheif": "struktur:libheif", "HarfBuzz": "harfbuzz_project:harfbuzz", "Brotli": "google:brotli",
    "OpenJPEG": "uclouvain:openjpeg", "Zstandard": "facebook:zstandard", "Qt": "qt:qt", "Python": "python:python",
    "ICU": "icu-project:international_components_for_unicode", "PyTorch": "linuxfoundation:pytorch",
}  # fmt: skip


@dataclass(frozen=True)
class Within:
    """A part that was linked into a library."""

    part: str
    version: str


def of_library(path: Path, part: str, parts: Mapping[str, str]) -> str:
    """Of the library at `path`, which is `part`; `parts`: packages and their versions. "" where nothing tells."""
    if part in _OF_WHEEL:
        return parts.get(_OF_WHEEL[part], "")
    if part in _SAYS:
        return next(_said(path, part), "")
    if part in _BARE:
        found = {one.decode() for one in _ALONE.findall(path.read_bytes())}
        return found.pop() if len(found) == 1 else ""
    named = path.name.rpartition(".so.")[2].split(".") if ".so." in path.name else []
    return ".".join(named) if len(named) == _NAMED.get(part) else ""


def of_neighbours(of: Mapping[tuple[Path, str], str]) -> dict[tuple[Path, str], str]:
    """`of`: version of each library and what it is; where one says none, that of the same part in its folder."""
    said: dict[tuple[Path, str], set[str]] = {}
    for (path, part), version in of.items():
        if version:
            said.setdefault((path.parent, part), set()).add(version)
    lone = {place: next(iter(found)) for place, found in said.items() if len(found) == 1}
    return {(path, part): version or lone.get((path.parent, part), "") for (path, part), version in of.items()}


def within(path: Path, own: str = "") -> list[Within]:
    """What was linked into the library at `path`, which is `own`, and says its version."""
    return [Within(part, said) for part in _WITHIN if part != own for said in sorted({*_said(path, part)})]


def names(part: str, version: str) -> dict[str, str]:
    """By which scanners know a part: `purl`, and `cpe` where there is one."""
    if not version:
        return {}
    name = part.lower().replace(" ", "-")
    cpe = f"cpe:2.3:a:{_CPE[part]}:{version}:*:*:*:*:*:*:*" if part in _CPE else ""
    return {"purl": f"pkg:generic/{name}@{version}", **({"cpe": cpe} if cpe else {})}


def _said(path: Path, part: str) -> Iterator[str]:
    if not path.stat().st_size:
        return
    mark, pattern = _SAYS[part]
    version = re.compile(pattern)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(mark)
        while at >= 0:
            if found := version.match(content[at + len(mark) : at + len(mark) + 40]):
                yield found[1].decode()
            at = content.find(mark, at + 1)
