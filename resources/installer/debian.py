"""The `.deb`: the bundle in `/usr/lib/pfm-desktop`, a menu entry, icons, a file type; what it needs is declared.

Data of the user lie in her home and are never touched: neither by an upgrade nor by `apt purge`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from resources.installer import parcels, slim, xz_parts

NAME = "pfm-desktop"
HOME = f"usr/lib/{NAME}"
LARGEST = "torch/lib/libtorch_cpu.so"
_GLIBC = re.compile(rb"\0GLIBC_2\.(\d{1,2})(?=[.\0])")
SIDES = (16, 24, 32, 48, 64, 128, 256)
# Libraries that Qt's platform plugins and OpenCV open and that are the system's own (Debian 12 and later, Ubuntu 22.04
# and later; the second name is that after the change to 64-bit times). `xcb-cursor0` is what peers forget: without it
# no window opens.
DEPENDS = (
    "libc6", "libstdc++6", "libegl1", "libgl1", "libglib2.0-0 | libglib2.0-0t64", "libdbus-1-3",
    "libfontconfig1", "libfreetype6", "libxkbcommon0", "libxkbcommon-x11-0", "libx11-xcb1", "libxcb-cursor0",
    "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0",
    "libxcb-sync1", "libxcb-xfixes0", "libxcb-xkb1",
)  # fmt: skip
RECOMMENDS = ("xdg-utils",)  # opens the folder of an export in the file manager
COPYRIGHT = f"""\
PFM Desktop. Copyright 2026 the PFM Desktop maintainers; under the licence below.
What others made and it ships, with their copyright notices and licences, is listed in
/{HOME}/_internal/licenses/third-party.md and stands in that folder.

"""
# refreshes what the desktop keeps about menus, icons and file types, where it keeps such things at all
AFTER = """#!/bin/sh
set -e
for one in "update-desktop-database -q /usr/share/applications" "update-mime-database /usr/share/mime" \\
    "gtk-update-icon-cache -q -t -f /usr/share/icons/hicolor"; do
    command -v "${one%% *}" >/dev/null 2>&1 && $one || true
done
"""
# an upgrade under a program that runs would pull files away from it
BEFORE = """#!/bin/sh
set -e
case "$1" in upgrade | failed-upgrade | remove | deconfigure)
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/exe" 2>/dev/null)" in
            /usr/lib/pfm-desktop/*)
                echo "pfm-desktop is running (process ${process#/proc/}). Nothing was changed." >&2
                echo "Close it on every desktop of this computer, then do this again." >&2
                exit 1 ;;
        esac
    done ;;
esac
"""
# an older program cannot read what a newer one wrote, and says so; whoever wants that all the same says it here
NOT_OLDER = """
if [ "$1" = upgrade ] && dpkg --compare-versions "$2" gt "{version}" && [ -z "$PFM_DOWNGRADE" ]; then
    echo "pfm-desktop $2 is installed, which is newer than {version}. Nothing was changed." >&2
    echo "A library that the newer one has opened cannot be read by the older one; it has kept a copy of each" >&2
    echo "library as it was. To go back with the library: pfm update back. Without it: PFM_DOWNGRADE=1 dpkg -i ..." >&2
    exit 1
fi
"""
SCRIPTS = {"preinst": BEFORE + NOT_OLDER, "postinst": AFTER, "prerm": BEFORE, "postrm": AFTER}


@dataclass(frozen=True)
class Ahead:
    """The largest library, packed while the rest is still being built: the names in that part of the archive, of which
    the last is its own, its SHA-256, and the part."""

    names: tuple[str, ...]
    sha256: str
    part: Path


def pack_ahead(work: Path, moment: int) -> Ahead:
    """Pack `LARGEST` of this environment, as the bundle will hold it. It takes one processor, PyInstaller the other."""
    folder = work / "ahead"
    shutil.rmtree(folder, ignore_errors=True)
    library = folder / HOME / "_internal" / LARGEST
    library.parent.mkdir(parents=True)
    shutil.copyfile(Path(sysconfig.get_path("platlib")) / LARGEST, library)
    library.chmod(0o755)
    slim.strip_one(library)
    members = parcels.named(folder, ".")
    packer = [word.replace("-T2", "-T1") for word in parcels.XZ]
    part = parcels.pack(members, work / "ahead.tar.xz", moment=moment, packer=packer, is_last=False)
    return Ahead(tuple(name for name, _ in members), parcels.sha256(library), part)


def write_deb(
    bundle: Path, resources: Path, work: Path, out: Path, *, version: str, moment: int, ahead: Ahead | None = None
) -> Path:
    """Build the package in `work` and write it to `out`."""
    root, control = work / "deb", work / "control"
    for folder in (root, control):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, root / HOME, symlinks=True, copy_function=os.link)  # the same files: no second 900 MB
    _system_files(resources, root)
    _control(root, control, version)
    for path in (control / name for name in SCRIPTS):
        path.chmod(0o755)
    (control / "md5sums").write_text(_sums(root), encoding="utf-8")
    parts = [
        parcels.write_tar(control, work / "control.tar.xz", top=".", moment=moment, packer=parcels.XZ),
        _data(root, work, moment, ahead),
    ]
    _write_ar(parts, out, moment)
    for part in parts:
        part.unlink()
    shutil.rmtree(root)
    shutil.rmtree(control)
    return out


def _data(root: Path, work: Path, moment: int, ahead: Ahead | None) -> Path:
    out, members = work / "data.tar.xz", parcels.named(root, ".")
    if ahead is None or parcels.sha256(dict(members)[ahead.names[-1]]) != ahead.sha256:
        return parcels.pack(members, out, moment=moment, packer=parcels.XZ)
    rest = [member for member in members if member[0] not in ahead.names]  # dpkg leaves behind what it was told twice
    parts = [ahead.part, parcels.pack(rest, work / "rest.tar.xz", moment=moment, packer=parcels.XZ)]
    xz_parts.join(parts, out)
    for part in parts:
        part.unlink()
    return out


def _write_ar(parts: Sequence[Path], out: Path, moment: int) -> None:
    """What `dpkg-deb --build` writes (deb(5)); it cannot pack with xz's filter for programs, which saves 30 MB."""
    head = b"2.0\n"
    with out.open("wb") as archive:
        archive.write(b"!<arch>\n" + _ar_head("debian-binary", len(head), moment) + head)
        for part in parts:
            size = part.stat().st_size
            archive.write(_ar_head(part.name, size, moment))
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, archive)
            archive.write(b"\n" * (size % 2))


def _ar_head(name: str, size: int, moment: int) -> bytes:
    return f"{name:<16}{moment:<12}{0:<6}{0:<6}{'100644':<8}{size:<10}`\n".encode("ascii")


def _system_files(resources: Path, root: Path) -> None:
    here = resources / "installer" / "linux"
    for program in (NAME, "pfm"):
        link = root / "usr/bin" / program
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../lib/{NAME}/{program}")
    _copy(here / "pfm-desktop.desktop", root / "usr/share/applications/pfm-desktop.desktop")
    _copy(here / "pfm-desktop.xml", root / "usr/share/mime/packages/pfm-desktop.xml")
    _copy(here / "pfm-desktop.metainfo.xml", root / "usr/share/metainfo/pfm-desktop.metainfo.xml")
    for side in SIDES:
        icon = root / f"usr/share/icons/hicolor/{side}x{side}/apps/{NAME}.png"
        _copy(resources / "icons" / f"{NAME}-{side}.png", icon)
    documents = root / f"usr/share/doc/{NAME}"
    _copy(root / HOME / "_internal/LICENSE", documents / "copyright")
    licence = (documents / "copyright").read_text(encoding="utf-8")
    (documents / "copyright").write_text(COPYRIGHT + licence, encoding="utf-8")


def _control(root: Path, folder: Path, version: str) -> None:
    folder.mkdir()
    size = round(parcels.size_mb(root) * 1e6 / 1024)
    depends = [f"libc6 (>= 2.{glibc_of(root)})" if name == "libc6" else name for name in DEPENDS]
    lines = (
        f"Package: {NAME}", f"Version: {version}", "Architecture: amd64", "Section: science", "Priority: optional",
        "Maintainer: PFM Desktop maintainers <maintainers@pfm-desktop.invalid>", f"Installed-Size: {size}",
        f"Depends: {', '.join(depends)}", f"Recommends: {', '.join(RECOMMENDS)}",
        "Description: colposcopy review workstation",
        " Paired white-light and fluorescence pictures of the cervix, registered, graded,",
        " explained and learned from locally. Investigational - not for diagnosis. The",
        " model that comes with it is a demonstration trained on phantoms.",
    )  # fmt: skip
    (folder / "control").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, text in SCRIPTS.items():
        (folder / name).write_text(text.replace("{version}", version), encoding="utf-8")


def _sums(root: Path) -> str:
    """By which `dpkg -V` finds what was changed since."""
    found = [path for path in parcels.files_of(root) if path.is_file() and not path.is_symlink()]
    lines = []
    for path in found:
        with path.open("rb") as stream:
            md5 = hashlib.file_digest(stream, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
        lines.append(f"{md5}  {path.relative_to(root).as_posix()}\n")
    return "".join(lines)


def glibc_of(folder: Path) -> int:
    """The x of the lowest version 2.x of the C library that has what every library and program within asks for: that
    of the computer that builds counts, as Python's own libraries come from there."""
    asked = (
        int(found)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and (".so" in path.name or path.stat().st_mode & 0o100)
        for found in _GLIBC.findall(path.read_bytes())
    )
    return max(asked, default=28)  # what the wheels ask for


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
