"""Which build of the program this is, as `build.json` says, which lies in what is installed; in a checkout there is
none. Written by `resources/installer/stamp.py`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from pfm_desktop import __version__
from pfm_desktop.support.paths import app_root

FILE = "build.json"
CHECKOUT = "checkout"


@dataclass(frozen=True)
class Build:
    """`build`: the first digits of the commit; "checkout" where it runs from its source. `moment`: seconds since 1970
    at which that source was changed; `parts`: packages and their versions, of what is installed only."""

    version: str
    build: str
    system: str
    moment: int = 0
    parts: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.version} ({self.build})"


def this_build() -> Build:
    """Of the program that runs; what cannot be read is "unknown"."""
    try:
        said = json.loads((app_root() / FILE).read_text(encoding="utf-8"))
        parts = {str(name): str(version) for name, version in said.get("parts", {}).items()}
        return Build(str(said["version"]), str(said["build"]), str(said["system"]), int(said.get("moment", 0)), parts)
    except FileNotFoundError:
        return Build(__version__, CHECKOUT if not is_installed() else "unknown", sys.platform)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Build(__version__, "unknown", sys.platform)


def is_installed() -> bool:
    """Whether this is the program as it was built and installed, not a checkout."""
    return hasattr(sys, "_MEIPASS")
