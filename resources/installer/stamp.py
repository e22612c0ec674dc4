"""What an installer says of itself: version, build, when its source was changed, and what it is made of."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

_VERSION = re.compile(r'^version = "([^"]+)"', re.MULTILINE)
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
FILE = "build.json"


@dataclass(frozen=True)
class Stamp:
    """`build`: the first twelve digits of the commit, with `+` where files were changed since; `moment`: seconds since
    1970 of that commit, the time that all our own files get; `parts`: locked packages and their versions."""

    version: str
    build: str
    moment: int
    system: str
    python: str
    lock: str
    parts: dict[str, str]


def stamp_of(root: Path) -> Stamp:
    """Of the checkout at `root`."""
    version = _VERSION.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    if version is None:
        raise SystemExit("error: pyproject.toml names no version")
    lock = (root / "requirements.lock").read_bytes()
    commit = _git(root, "rev-parse", "--short=12", "HEAD") or "unknown"
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    moment = _git(root, "log", "-1", "--format=%ct")
    return Stamp(
        version=version[1],
        build=commit + ("+" if changed else ""),
        moment=int(moment) if moment.isdigit() else 0,
        system=f"{sys.platform}-{platform.machine().lower()}",
        python=platform.python_version(),
        lock=hashlib.sha256(lock).hexdigest(),
        parts=locked(lock.decode("utf-8")),
    )


def locked(lock: str) -> dict[str, str]:
    """Names and versions of what `requirements.lock` names."""
    return dict(_LOCKED.findall(lock))


def write_stamp(stamp: Stamp, folder: Path) -> Path:
    """As `build.json`, which the installed program reads (`support/build.py`)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(json.dumps(asdict(stamp), indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return path


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
