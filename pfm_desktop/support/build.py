"""Which build of the program this is, as `build.json` says, which lies in what is installed; in a checkout there is
none. Written by `resources/installer/stamp.py`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from pfm_desktop import __version__
from pfm_desktop.support.paths import app_root

FILE = "build.json"
CHECKOUT = "checkout"


@dataclass(frozen=True)
class Build:
    """`build`: the first digits of the commit; "checkout" where it runs from its source."""

    version: str
    build: str
    system: str

    def __str__(self) -> str:
        return f"{self.version} ({self.build})"


def this_build() -> Build:
    """Of the program that runs; what cannot be read is "unknown"."""
    try:
        said = json.loads((app_root() / FILE).read_text(encoding="utf-8"))
        return Build(str(said["version"]), str(said["build"]), str(said["system"]))
    except FileNotFoundError:
        return Build(__version__, CHECKOUT if not is_installed() else "unknown", sys.platform)
    except (OSError, ValueError, KeyError, TypeError):
        return Build(__version__, "unknown", sys.platform)


def is_installed() -> bool:
    """Whether this is the program as it was built and installed, not a checkout."""
    return hasattr(sys, "_MEIPASS")
