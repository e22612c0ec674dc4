"""The list of all files of the bundle with size and SHA-256, by which the program finds out what was taken away or
changed since (`pfm_desktop/support/installation.py`)."""

from __future__ import annotations

import json
from pathlib import Path

from resources.installer import parcels

FILE = "files.json"
INSIDE = "_internal"


def write_manifest(bundle: Path) -> Path:
    """`_internal/files.json`: paths from there, with `/`; to be written when nothing changes any more."""
    inside = bundle / INSIDE
    out = inside / FILE
    out.unlink(missing_ok=True)
    found = [path for path in parcels.files_of(bundle) if path.is_file()]
    files = {_from(inside, path): [path.stat().st_size, parcels.sha256(path)] for path in found}
    out.write_text(json.dumps({"files": files}, indent=0, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return out


def _from(inside: Path, path: Path) -> str:
    """The programs lie one folder higher."""
    return path.relative_to(inside).as_posix() if path.is_relative_to(inside) else f"../{path.name}"
