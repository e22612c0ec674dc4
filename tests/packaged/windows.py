"""A stand-in for the program, its installer, and a computer to install it on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from resources.installer import nsis

KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\pfm-desktop"
INSTALLED = ["_internal/what.txt", "pfm-desktop.exe", "pfm.exe", "uninstall.exe"]


def compiled(folder: Path, version: str, said: str, **more: bytes) -> Path:
    """An installer of stand-ins that hold `said`; `more`: further files, or others in their place."""
    bundle = folder / f"bundle-{version}"
    (bundle / "_internal").mkdir(parents=True)
    for name in ("pfm-desktop.exe", "pfm.exe", "_internal/what.txt"):
        (bundle / name).write_text(said, encoding="utf-8")
    for name, content in more.items():
        (bundle / name).write_bytes(content)
    return nsis.write_setup(bundle, folder / f"setup-{version}.exe", version=version, build="test")


def files(folder: Path) -> list[str]:
    """Paths of all files in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class Wine:
    """A computer with Windows, as far as wine is one."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.env = {**os.environ, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "DISPLAY": "", "LANG": "C.UTF-8"}
        self.env["HOME"] = str(prefix)

    def run(self, program: Path | str, *words: str) -> int:
        done = subprocess.run(
            ["wine", str(program), *words], env=self.env, capture_output=True, timeout=200, check=False
        )
        return done.returncode

    def found(self, name: str) -> Path | None:
        return next(iter(self.prefix.rglob(name)), None)

    def said(self) -> str:
        """What the last installer or uninstaller wrote into its file."""
        path = self.found("pfm-desktop-setup.log")
        return path.read_text(encoding="utf-16") if path else ""

    def noted(self, name: str) -> str:
        """What Windows has noted of the installed program under `name`; "" where there is nothing."""
        command = ["wine", "reg", "query", KEY, "/v", name]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=200, check=False)
        return next((line.split("REG_SZ")[1].strip() for line in done.stdout.splitlines() if "REG_SZ" in line), "")

    def settle(self) -> None:
        """Until all that was started has ended: an uninstaller goes on in a copy of itself."""
        subprocess.run(["wineserver", "-w"], env=self.env, timeout=200, check=False)
