"""What updates changed on this computer, by this user: what is needed to go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pfm_desktop.services.updating import noted
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import APP, updates_dir

MOST = 20  # steps that are kept


@dataclass(frozen=True)
class Kept:
    """A library, and the snapshot of the backup that was made of it when an update began."""

    library: str
    snapshot: str


@dataclass(frozen=True)
class Step:
    """One update: from which version to which, since when (ISO 8601, UTC), where both programs are, the installer of
    the new one where it is kept, which version of libraries the old one knows, and those that were backed up."""

    kind: Kind
    old: str
    new: str
    at: str
    old_folder: str
    new_folder: str
    installer: str
    library: int
    kept: tuple[Kept, ...]

    @property
    def began(self) -> datetime:
        """As a moment."""
        return datetime.fromisoformat(self.at)


def steps() -> tuple[Step, ...]:
    """Oldest first; () where there was no update. Raises `StorageError` where they cannot be read."""
    return noted.read(
        _file(),
        "steps",
        lambda one: Step(**{**one, "kind": Kind(one["kind"]), "kept": tuple(Kept(**kept) for kept in one["kept"])}),
        remedy=tr("move that file away to go on without a way back; the backups and programs stay where they are"),
    )


def add(step: Step) -> None:
    """Note a step before it is taken; one that was begun before and not ended is the same step."""
    before = [one for one in steps() if (one.old, one.new) != (step.old, step.new)]
    _write([*before, step])


def drop(step: Step) -> None:
    """It was taken back."""
    _write([one for one in steps() if one != step])


def installer_of(version: str) -> Path | None:
    """Where an update that brought this version left it; None where none did, or it is gone."""
    kept = [Path(one.installer) for one in steps() if one.new == version and one.installer]
    return next((path for path in reversed(kept) if path.is_file()), None)


def usual_name(kind: Kind, version: str) -> str:
    """What an installer is called by who gives it out."""
    return f"{APP}_{version}_amd64.deb" if kind is Kind.DEB else f"{APP}-{version}-setup.exe"


def _write(those: Sequence[Step]) -> None:
    write_bytes(_file(), json_bytes({"steps": [asdict(step) for step in those[-MOST:]]}))


def _file() -> Path:
    return updates_dir() / "steps.json"
