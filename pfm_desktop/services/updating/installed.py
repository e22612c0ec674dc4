"""How this program was installed, and whose update files it takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pfm_desktop import __version__
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import APP, update_root_file

_OF_DEB = Path("/usr/lib") / APP


@dataclass(frozen=True)
class Installed:
    """A program as it is installed: `folder` holds `pfm-desktop` and `pfm`."""

    kind: Kind
    version: str
    folder: Path

    @property
    def link(self) -> Path:
        """Beside a folder that was unpacked anywhere: what leads to the version in use, once there was an update."""
        return self.folder.parent / f"{APP}-current"

    @property
    def words(self) -> str:
        """Version, and where it is."""
        if self.kind is Kind.SOURCE:
            return tr("{version}, from its source in {folder}", version=self.version, folder=self.folder)
        return tr("{version}, in {folder}", version=self.version, folder=self.folder)


def installed() -> Installed:
    """This program."""
    if not getattr(sys, "frozen", False):
        return Installed(Kind.SOURCE, __version__, Path(__file__).resolve().parents[3])
    folder = Path(sys.executable).resolve().parent
    if sys.platform == "win32":
        return Installed(Kind.SETUP, __version__, folder)
    return Installed(Kind.DEB if folder == _OF_DEB else Kind.FOLDER, __version__, folder)


def trusted_root() -> bytes:
    """The root of trust of this build. Raises `BadInputError` where it has none."""
    try:
        return update_root_file().read_bytes()
    except OSError as error:
        raise BadInputError(
            tr("this build of the program has no key to check update files with"),
            safe=tr("nothing was changed"),
            remedy=tr("install the new version by its installer, once its SHA-256 was compared"),
        ) from error
