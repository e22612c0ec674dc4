"""Makes a bundle for Linux smaller where leaving files out (`cut.py`) does not do: what is there twice or long.

Needs `as`, `ld`, `readelf`, `nm` and `strip` (binutils). Nothing of Qt, and nothing under LGPL, is changed.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sysconfig
from pathlib import Path

from resources.installer import parcels

# Tables of names that only debuggers read: 140 MB, of which torch has 98. Of what is named only: Qt and libheif are
# under LGPL-3 and go out as their makers gave them out, and libraries that were patched after they were made (those of
# `numpy.libs`, `scipy.libs` and OpenCV) do not load any more.
STRIPPED = (
    "libpython3*", "torch/lib/libtorch_*.so", "torch/lib/libc10.so", "sqlcipher3/*.so", "PIL/*.so", "scipy/**/*.so",
    "safetensors/*.so", "_CharLS*.so", "sqlalchemy/*/*.so", "cryptography/**/*.so", "python3.11/lib-dynload/*.so",
    "pydantic_core/*.so", "openvino/libs/*.so*",
)  # fmt: skip
# What Qt asks ICU for is the order of names, in any language; not the names of money, places, units and times, nor
# other encodings than Unicode, nor where Thai words end
_ICU_FOLDERS = ("brkitr", "curr", "lang", "rbnf", "region", "translit", "unit", "zone")
_ICU_LANGUAGE = re.compile(r"[a-z]{2,3}(_\w+)?\.res")
_ICU_LANGUAGES = ("en", "es", "fr", "zh", "root")
_ALIGNED = 16


def slim(inside: Path) -> None:
    """Do all of it in the folder `_internal` of a bundle."""
    for path in inside.rglob("*.json"):
        shorten(path)
    for path in inside.glob("PySide6/Qt/lib/libicudata.so.*"):
        shorten_icu(path)
    for path in inside.glob("opencv_python_headless.libs/libopenblas*"):
        lend_openblas(path, next(inside.glob("scipy.libs/libscipy_openblas-*")), next(inside.glob("cv2/cv2*.so")))
    strip(inside)
    share(inside)
    for pattern, own in (("libpython3*", "$ORIGIN"), ("python3.11/lib-dynload/*.so", "$ORIGIN/../..")):
        for path in inside.glob(pattern):
            look_within(path, sysconfig.get_config_var("LIBDIR"), own)


def look_within(library: Path, folder: str, place: str) -> None:
    """Python, and a module of it, looks for libraries in the bundle, which is `place` to it, not in `folder`, where
    Python lay as this was built: on another computer somebody else may be able to write there."""
    own, there = place.encode(), folder.encode()
    content = library.read_bytes()
    if (found := b"\0" + there + b"\0") in content and len(there) >= len(own):
        library.write_bytes(content.replace(found, b"\0" + own.ljust(len(there), b"\0") + b"\0"))


def share(inside: Path) -> None:
    """Libraries that two packages brought, byte for byte the same, are there once."""
    there: dict[str, Path] = {}
    for path in sorted(inside.glob("*.libs/*.so*")):
        first = there.setdefault(parcels.sha256(path), path)
        if first is not path and path.name == first.name:
            path.unlink()
            path.symlink_to(f"../{first.parent.name}/{first.name}")


def strip(inside: Path) -> None:
    """Take out what only debuggers read, of what `STRIPPED` names."""
    for pattern in STRIPPED:
        for path in sorted(inside.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                strip_one(path)


def strip_one(path: Path) -> None:
    """The file at `path`, in place."""
    _run("strip", "--strip-unneeded", path)


def shorten(path: Path) -> None:
    """A file of JSON without the blanks that are for people, where that is much (highdicom's: 7 of 23 MB)."""
    text = path.read_text(encoding="utf-8")
    short = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    if len(text) - len(short) > 1_000_000:
        path.write_text(short, encoding="utf-8", newline="\n")


def shorten_icu(library: Path) -> None:
    """The library of ICU's tables with those alone that are asked for: 8 instead of 32 MB.

    The library is nothing but one symbol with a table of contents behind it (ICU's `ucmndata.h`, "CmnD" 1.0); made anew
    under the same names. ICU finds what is not there as it finds a language that it does not know.
    """
    content = library.read_bytes()
    start = content.index(b"CmnD") - 12
    kept = [(name, item) for name, item in _icu_items(content, start) if _is_icu_kept(name)]
    symbol = re.search(rb"icudt\d+_dat", content)
    assert symbol is not None
    header = content[start : start + struct.unpack_from("<H", content, start)[0]]
    table = library.with_suffix(".dat")
    table.write_bytes(header + _icu_table(kept))
    name = symbol[0].decode()
    source = f'.section .rodata\n.balign 16\n.globl {name}\n.type {name},@object\n{name}:\n.incbin "{table}"\n'
    source += f".size {name}, .-{name}\n"
    mode = library.stat().st_mode
    _link(source, library, f"-soname={library.name}", "-rpath=$ORIGIN")
    library.chmod(mode)
    table.unlink()


def _icu_items(content: bytes, start: int) -> list[tuple[str, bytes]]:
    base = start + struct.unpack_from("<H", content, start)[0]
    (count,) = struct.unpack_from("<I", content, base)
    entries = list(struct.iter_unpack("<II", content[base + 4 : base + 4 + 8 * count]))
    ends = [where for _, where in entries[1:]] + [entries[-1][1] + 4096]  # the last one's own length is in it
    return [
        (content[base + name : content.index(b"\0", base + name)].decode(), content[base + where : base + end])
        for (name, where), end in zip(entries, ends, strict=True)
    ]


def _is_icu_kept(name: str) -> bool:
    _, _, inside = name.partition("/")
    if inside.startswith(_ICU_FOLDERS) and "/" in inside:
        return False
    if _ICU_LANGUAGE.fullmatch(inside):
        return inside.partition(".")[0].partition("_")[0] in _ICU_LANGUAGES
    return not inside.endswith(".cnv")


def _icu_table(items: list[tuple[str, bytes]]) -> bytes:
    """Count, places of names and of contents, names, contents: all from the beginning of the table."""
    names = b"".join(name.encode() + b"\0" for name, _ in items)
    at_name = 4 + 8 * len(items)
    at = at_name + len(names)
    contents = b"\0" * (-at % _ALIGNED)
    at += len(contents)
    entries = []
    for name, item in items:
        entries.append(struct.pack("<II", at_name, at))
        padded = item + b"\0" * (-len(item) % _ALIGNED)
        contents += padded
        at_name += len(name.encode()) + 1
        at += len(padded)
    return struct.pack("<I", len(items)) + b"".join(entries) + names + contents


def lend_openblas(own: Path, lender: Path, user: Path) -> None:
    """Let OpenCV calculate with the OpenBLAS that scipy brought: its own has 39 MB, for twenty functions.

    `own` becomes a library of the same name that hands each function that `user` takes from it on to `lender`, where
    they are the same with `scipy_` before their names.
    """
    wanted = sorted(_symbols(user, "--undefined-only") & _symbols(own, "--defined-only"))
    missing = [name for name in wanted if f"scipy_{name}" not in _symbols(lender, "--defined-only")]
    if missing:
        raise SystemExit(f"error: {lender.name} does not have what OpenCV takes from OpenBLAS: {', '.join(missing)}")
    jumps = "".join(
        f".globl {name}\n.type {name},@function\n{name}:\n\tjmp scipy_{name}@PLT\n.size {name}, .-{name}\n"
        for name in wanted
    )
    mode = own.stat().st_mode
    _link(f".text\n{jumps}", own, f"-soname={own.name}", f"-rpath=$ORIGIN/../{lender.parent.name}", str(lender))
    own.chmod(mode)


def _symbols(library: Path, which: str) -> set[str]:
    said = _run("nm", "-D", which, library)
    return {line.split()[-1].partition("@")[0] for line in said.splitlines() if line.strip()}


def _link(source: str, out: Path, *options: str) -> None:
    code = out.with_suffix(".o")
    _run("as", "--64", "-o", code, "-", given=source + '.section .note.GNU-stack,"",@progbits\n')
    out.unlink()
    _run("ld", "-shared", "-z", "noexecstack", "--build-id=none", "-o", out, code, *options)
    code.unlink()


def _run(*command: str | Path, given: str | None = None) -> str:
    done = subprocess.run([*map(str, command)], input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: {command[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout
