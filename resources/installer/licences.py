"""What ships and under which licence; refuses what may not be in an installer under Apache-2.0.

Packages stand in `docs/third-party.md`, which a test holds to `requirements.lock`. Libraries that PyInstaller takes
from the computer that builds are listed here: one that is not ends the build, so that none comes along unseen.
"""

from __future__ import annotations

import re
from pathlib import Path

# rows of the table: | name | version | licence | binaries |
_ROW = re.compile(r"^\| ([a-z0-9._-]+) \| (\d\S*) \| (\S.*?) \| (.*?)\s*\|$", re.MULTILINE)
# GPL and AGPL, but not LGPL, nor GPL with the exception for libraries that compilers add
_REFUSED = re.compile(r"(?<![A-Z])A?GPL(?!-?3?(\.0)?[- ]with runtime exception| with runtime)", re.IGNORECASE)

# of Python and of the system, by the beginning of the file's name
SYSTEM = {
    "libpython3": "PSF-2.0",
    "libssl": "Apache-2.0 (OpenSSL 3)",
    "libcrypto": "Apache-2.0 (OpenSSL 3)",
    "libbz2": "bzip2-1.0.6",
    "libffi": "MIT",
    "liblzma": "0BSD",
    "libuuid": "BSD-3-Clause",
    "libsqlite3": "public domain (blessing)",
}
# may never be there, wherever they come from
NEVER = ("libreadline", "libgdbm", "libdb-", "libx265", "libx264", "libQt6Lottie", "libQt6QuickTimeline",
         "libQt6WaylandCompositor", "libQt6WaylandEglCompositorHwIntegration", "virtualkeyboard")  # fmt: skip


def packages(notices: Path) -> dict[str, tuple[str, str, str]]:
    """Name: version, licence, what it holds in binary form; of `docs/third-party.md`."""
    return {row[0]: row[1:] for row in _ROW.findall(notices.read_text(encoding="utf-8"))}


def problems(bundle: Path, notices: Path) -> list[str]:
    """Why what lies in `bundle` may not be handed out; empty where it may."""
    found = [
        f"{name} {version} is under {licence}"
        for name, (version, licence, _) in packages(notices).items()
        if _REFUSED.search(licence)
    ]
    inside = bundle / "_internal"
    found += [
        f"{path.relative_to(bundle)} may not be in an installer"
        for path in sorted(inside.rglob("*"))
        if any(word in path.name for word in NEVER)
    ]
    found += [
        f"{path.name} comes from the computer that builds, and its licence is not listed"
        for path in sorted(inside.glob("*.so*"))  # those of packages lie in the packages' folders
        if not path.is_symlink() and not path.name.startswith(tuple(SYSTEM)) and ".cpython-" not in path.name
    ]
    return found
