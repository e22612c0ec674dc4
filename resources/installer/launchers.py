"""The two programs of the bundle that is assembled for Windows: small launchers that start `_internal\\python.exe`.

They are those of distlib, which every `pip install` on Windows puts into `Scripts` (PSF-2.0): the launcher, a line
that names the interpreter, and a zip archive that it runs. Here that is `pfm_program.py`, as in the other installers.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

# the launcher's own word for the folder that it lies in: the bundle runs wherever it is put
_BESIDE = "<launcher_dir>\\_internal\\"
PROGRAMS = {"pfm.exe": ("t64.exe", "python.exe"), "pfm-desktop.exe": ("w64.exe", "pythonw.exe")}
_BEGINNING = (1980, 1, 1, 0, 0, 0)


def write(bundle: Path, program: Path) -> list[Path]:
    """`pfm.exe` (a console) and `pfm-desktop.exe` (a window) into `bundle`."""
    return [_write(bundle / name, *parts, program) for name, parts in PROGRAMS.items()]


def _write(path: Path, launcher: str, interpreter: str, program: Path) -> Path:
    import distlib

    start = (Path(distlib.__file__).parent / launcher).read_bytes()
    line = f'#!"{_BESIDE}{interpreter}"\r\n'.encode("ascii")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _BEGINNING), program.read_bytes())
    path.write_bytes(start + line + packed.getvalue())
    return path
