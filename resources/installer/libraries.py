"""Shared libraries within packages, and those of Python: what each is and under which licence (SPDX).

Found by the beginning of their names, in small letters and without `lib`; the first that fits counts. These are what
the wheels of `requirements.lock` hold for Linux and Windows, looked at one by one: FFmpeg is configured without
`--enable-gpl`, libheif comes without x265. One that is not here ends a build, so that none comes along unseen.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

_GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
_TORCH = "BSD-3-Clause AND Apache-2.0 AND MIT AND BSL-1.0"
_MICROSOFT = "LicenseRef-Microsoft-Visual-Studio-Redistributable"
KNOWN: tuple[tuple[str, str, str], ...] = (
    # Python, from the computer that builds
    ("python3", "Python", "PSF-2.0"), ("bz2", "bzip2", "bzip2-1.0.6"), ("ffi", "libffi", "MIT"),
    ("lzma", "XZ Utils", "0BSD"), ("uuid", "libuuid", "BSD-3-Clause"), ("sqlite3", "SQLite", "blessing"),
    # Python's is OpenSSL 3, that of OpenCV's FFmpeg 1.1.1
    ("ssl-*.so.1.1", "OpenSSL", "OpenSSL"), ("crypto-*.so.1.1", "OpenSSL", "OpenSSL"),
    ("ssl", "OpenSSL", "Apache-2.0"), ("crypto", "OpenSSL", "Apache-2.0"),
    # compilers' own
    ("gfortran", "libgfortran", _GCC), ("gomp", "libgomp", _GCC), ("gcc_s", "libgcc", _GCC),
    ("stdc++", "libstdc++", _GCC),
    ("quadmath", "libquadmath", "LGPL-2.1-or-later"), ("winpthread", "winpthreads", "MIT AND BSD-3-Clause"),
    ("iomp", "Intel OpenMP", "LicenseRef-Intel-Simplified"),
    ("msvcp140", "Microsoft Visual C++", _MICROSOFT), ("vcruntime140", "Microsoft Visual C++", _MICROSOFT),
    ("concrt140", "Microsoft Visual C++", _MICROSOFT), ("vcomp140", "Microsoft Visual C++", _MICROSOFT),
    ("vcamp140", "Microsoft Visual C++", _MICROSOFT), ("vccorlib140", "Microsoft Visual C++", _MICROSOFT),
    ("ucrtbase", "Microsoft C Runtime", _MICROSOFT), ("api-ms-win", "Microsoft C Runtime", _MICROSOFT),
    # numbers
    ("openblas", "OpenBLAS", "BSD-3-Clause"), ("scipy_openblas", "OpenBLAS", "BSD-3-Clause"),
    # pictures and films
    ("avcodec", "FFmpeg", "LGPL-2.1-or-later"), ("avformat", "FFmpeg", "LGPL-2.1-or-later"),
    ("avutil", "FFmpeg", "LGPL-2.1-or-later"), ("swresample", "FFmpeg", "LGPL-2.1-or-later"),
    ("swscale", "FFmpeg", "LGPL-2.1-or-later"),
    # with openh264, libvpx and libaom in it
    ("opencv_videoio_ffmpeg", "FFmpeg", "LGPL-2.1-or-later AND BSD-2-Clause AND BSD-3-Clause"),
    ("vpx", "libvpx", "BSD-3-Clause"), ("aom", "libaom", "BSD-2-Clause"), ("avif", "libavif", "BSD-2-Clause"),
    ("heif", "libheif", "LGPL-3.0-or-later"), ("de265", "libde265", "LGPL-3.0-or-later"),
    ("png16", "libpng", "libpng-2.0"), ("jpeg", "libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib"),
    ("tiff", "libtiff", "libtiff"), ("webp", "libwebp", "BSD-3-Clause"), ("sharpyuv", "libwebp", "BSD-3-Clause"),
    ("openjp2", "OpenJPEG", "BSD-2-Clause"), ("lcms2", "Little CMS", "MIT"), ("drm", "libdrm", "MIT"),
    ("freetype", "FreeType", "FTL"), ("harfbuzz", "HarfBuzz", "MIT-Modern-Variant"),
    ("brotli", "Brotli", "MIT"), ("zstd", "Zstandard", "BSD-3-Clause"), ("xau", "libXau", "MIT"),
    ("xcb-", "libxcb", "MIT"),
    # the window
    ("qt6", "Qt", "LGPL-3.0-only"), ("pyside6", "PySide6", "LGPL-3.0-only"),
    ("shiboken6", "Shiboken", "LGPL-3.0-only"),
    ("icu", "ICU", "ICU"), ("opengl32sw", "Mesa", "MIT"), ("d3dcompiler_47", "Direct3D compiler", _MICROSOFT),
    # networks; torch's part for the processor holds Intel's oneMKL
    ("torch_cpu", "PyTorch with oneMKL", f"{_TORCH} AND LicenseRef-Intel-Simplified"), ("torch", "PyTorch", _TORCH),
    ("c10", "PyTorch", _TORCH), ("shm", "PyTorch", _TORCH), ("aoti_custom_ops", "PyTorch", _TORCH),
    ("backend_with_compiler", "PyTorch", _TORCH), ("jitbackend_test", "PyTorch", _TORCH), ("uv.", "libuv", "MIT"),
    ("openvino", "OpenVINO", "Apache-2.0"), ("tbb", "oneTBB", "Apache-2.0"), ("hwloc", "hwloc", "BSD-3-Clause"),
)  # fmt: skip
# which may never be there, wherever they come from: a part of the name in small letters
NEVER = (
    "qt6lottie", "lottievectorimage", "qt6quicktimeline", "qt6waylandcompositor", "qt6waylandeglcompositor",
    "virtualkeyboard", "qt6charts", "qt6datavisualization", "qt6graphs", "qt6quick3d", "qt6httpserver",
    "qt6networkauth", "qt6shadertools", "qt6mqtt", "qt6coap",
    "libreadline", "libgdbm", "libdb-", "x264", "x265", "xvidcore",
    "jbigkit", "libjbig", "imagequant", "fftw3", "libgsl", "mupdf", "poppler", "ghostscript", "postproc", "smbclient",
    "libzvbi",
)  # fmt: skip
# what only they have, wherever it was linked into; FFmpeg says how it was built
MARKS = (b"--enable-gpl", b" license: GPL", b"x264_encoder_open", b"x265_api_get", b"x265_encoder_open", b"jbg_dec_in",
         b"liq_attr_create", b"rl_line_buffer", b"gdbm_open", b"xvid_global")  # fmt: skip
_NATIVE = re.compile(r"\.(dll|pyd|exe|dylib|so(\.\w+)*)$", re.IGNORECASE)
_MAGIC = (b"\x7fELF", b"MZ")  # as files with machine code begin on Linux and Windows
# parts of a package that Python imports, or Qt opens: of the package itself
_MODULE = re.compile(r"\.(abi3|cpython-\d+-[\w-]+)\.so$|\.pyd$", re.IGNORECASE)
_PLUGIN = re.compile(r"^PySide6/(Qt/)?plugins/")


@dataclass(frozen=True)
class Library:
    """One file: `path` within the bundle, what it is (`part`), and under which licence, "" where nobody knows."""

    path: str
    part: str
    licence: str


def libraries(inside: Path) -> list[Library]:
    """Of each file with machine code in `inside` that is no module or plugin of a package, in the order of paths."""
    found = (path.relative_to(inside).as_posix() for path in inside.rglob("*") if is_native(path))
    return [known(path) for path in sorted(found) if not is_of_package(path)]


def known(path: str) -> Library:
    """What the library at `path` is."""
    name = PurePosixPath(path).name.lower().removeprefix("lib")
    return next((Library(path, *of) for start, *of in KNOWN if fnmatch(name, start + "*")), Library(path, "", ""))


def is_native(path: Path) -> bool:
    """Machine code in a file of its own."""
    if path.is_symlink() or not path.is_file():
        return False
    if _NATIVE.search(path.name):
        return True
    with path.open("rb") as stream:
        return stream.read(4).startswith(_MAGIC)


def is_of_package(path: str) -> bool:
    """Whether it is a module or a plugin, under the licence of the package whose folder it lies in."""
    return bool(_MODULE.search(path) or _PLUGIN.search(path))


def marks(path: Path) -> list[str]:
    """What in the file is only in what may not ship."""
    if not path.stat().st_size:
        return []
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [mark.decode().strip() for mark in MARKS if content.find(mark) >= 0]
