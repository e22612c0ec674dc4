"""A publisher with real keys, a program that is installed in a folder, and what is done with both."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.jobs.context import SilentContext
from pfm_desktop.services.updating import installing, update_file
from pfm_desktop.services.updating.going_back import Back, Keys, go_back, plan
from pfm_desktop.services.updating.installed import Installed
from pfm_desktop.services.updating.installing import Done, install
from pfm_desktop.storage import migrations
from pfm_desktop.storage.library import Library
from pfm_desktop.support.paths import HOME
from tests.publishing import Publisher, program_in, publisher_in

CTX = SilentContext()


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return publisher_in(tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Installed:
    return program_in(tmp_path)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "home"))


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "clinic") as made:
        made.record_event("test", "key", "before the update")
        yield made


def installed(publisher: Publisher, program: Installed, file: Path, *libraries: Library) -> Done:
    update = update_file.read(file, publisher.root, installing.seen_dir())
    places = [(lib, installing.place_of_backups(lib)) for lib in libraries]
    return install(CTX, update, publisher.root, program, places)


def unlocked(_library: Path) -> None:
    """For libraries that are not encrypted."""


def back(now: Installed, keys: Keys = unlocked, **what: Any) -> Back:
    return go_back(CTX, plan(now, keys, **what), now, keys)


def says(folder: Path) -> str:
    return subprocess.run([folder / "pfm", "version"], capture_output=True, text=True, check=True).stdout.strip()


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on as the newer program, which brings libraries to one more version."""
    module = types.ModuleType("pfm_desktop.storage.migrations.versions.v9999_next")
    module.INFO = "a colour"  # type: ignore[attr-defined]
    module.upgrade = lambda op: op.execute("ALTER TABLE patients ADD COLUMN colour TEXT")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    versions = (*migrations.VERSIONS, "v9999_next")
    monkeypatch.setattr(migrations, "VERSIONS", versions)
    monkeypatch.setattr(migrations, "CURRENT", len(versions))


def texts(lib: Library) -> list[str]:
    import sqlalchemy as sa

    with lib.read() as session:
        return list(session.execute(sa.text("SELECT text FROM journal ORDER BY seq")).scalars())
