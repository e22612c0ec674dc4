"""A publisher with real keys, and a program that is installed in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pfm_desktop.services.updating.installed import Installed
from tests.publishing import Publisher, program_in, publisher_in


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return publisher_in(tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Installed:
    return program_in(tmp_path)
