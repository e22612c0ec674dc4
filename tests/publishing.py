"""A publisher with real keys, update files that she signs, and a program that is installed in a folder."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backports.zstd import tarfile

from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.update_file import Kind
from resources.installer import updates


@dataclass
class Publisher:
    """Signs update files; each a second after the one before."""

    folder: Path
    keys: Path
    root: bytes = b""
    signed: int = field(default=0)

    def __post_init__(self) -> None:
        self.root = updates.make_keys(self.keys, "A clinic's maker", b"a passphrase").read_bytes()

    def installer(self, version: str, kind: Kind = Kind.FOLDER, program: str = "") -> Path:
        """What an update file holds: an archive with a program in it, or something that only has the right name."""
        if kind is Kind.FOLDER:
            path = self.folder / f"pfm-desktop-{version}-linux-x86_64.tar.zst"
            write_program(path, f"pfm-desktop-{version}", program or f"#!/bin/sh\necho {version}\n")
            return path
        name = f"pfm-desktop_{version}_amd64.deb" if kind is Kind.DEB else f"pfm-desktop-{version}-setup.exe"
        (self.folder / name).write_bytes(f"an installer of {version}".encode() * 100)
        return self.folder / name

    def file(self, version: str, *installers: Path, days: int = 400, library: int | None = None) -> Path:
        """A signed update file."""
        self.signed += 1
        now = datetime.now(UTC) + timedelta(seconds=self.signed)
        out = self.folder / f"pfm-desktop-{version}-{self.signed}.pfm-update"
        more = {} if library is None else {"library": library}
        those = installers or (self.installer(version),)
        return updates.make(self.keys, those, out, b"a passphrase", days=days, now=now, **more)


def write_program(path: Path, top: str, pfm: str, *, more: dict[str, bytes] | None = None) -> None:
    """An archive as `build_installer.py` makes it, with a program of two lines."""
    stamp = json.dumps({"version": top.rpartition("-")[2]}).encode()
    files = {f"{top}/pfm": pfm.encode(), f"{top}/pfm-desktop": b"#!/bin/sh\n", f"{top}/_internal/build.json": stamp}
    files |= more or {}
    with tarfile.open(path, "w:zst") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))


def publisher_in(folder: Path) -> Publisher:
    """With keys of her own, and a stick for what she makes."""
    (folder / "stick").mkdir()
    return Publisher(folder / "stick", folder / "keys")


def program_in(folder: Path) -> Installed:
    """Version 0.1.0, unpacked into a folder."""
    home = folder / "programs" / "pfm-desktop-0.1.0"
    home.mkdir(parents=True)
    for name, text in (("pfm", "#!/bin/sh\necho 0.1.0\n"), ("pfm-desktop", "#!/bin/sh\n")):
        (home / name).write_text(text)
        (home / name).chmod(stat.S_IRWXU)
    return Installed(Kind.FOLDER, "0.1.0", home)
