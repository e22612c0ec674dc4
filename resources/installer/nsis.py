"""The installer for Windows, compiled by NSIS (`windows/setup.nsi`)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "windows" / "setup.nsi"
_USUAL = Path(os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")) / "NSIS" / "makensis.exe"
SIGN = "PFM_SIGN"  # a command that signs the file it gets as its last word


def write_setup(bundle: Path, out: Path, *, version: str, build: str) -> Path:
    """Compile it; the bundle has `pfm-desktop.exe`, `pfm.exe` and `_internal`."""
    tool = shutil.which("makensis") or (str(_USUAL) if _USUAL.is_file() else "")
    if not tool:
        raise SystemExit("error: makensis is missing: install NSIS 3 (Debian: nsis). The bundle was built and stays.")
    longest = max(len(path.relative_to(bundle).as_posix()) for path in bundle.rglob("*"))
    given = {"VERSION": version, "BUILD": build, "BUNDLE": str(bundle), "LONGEST": str(longest), "OUT": str(out)}
    if sign := os.environ.get(SIGN, ""):
        given["SIGN"] = sign
    command = [tool, "-V2", "-WX", *(f"-D{name}={value}" for name, value in given.items()), str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"error: makensis: {(done.stderr or done.stdout).strip()[-600:]}")
    return out
