"""The scripts that build installers, and a bundle where one was built."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLER = ROOT / "resources" / "installer"


@pytest.fixture(autouse=True)
def _scripts_are_found() -> Iterator[None]:
    """As `build_installer.py` finds them."""
    sys.path.insert(0, str(INSTALLER))
    yield
    sys.path.remove(str(INSTALLER))


@pytest.fixture
def bundle() -> Path:
    """The folder that `python build_installer.py --no-package` made, or that PFM_BUNDLE names."""
    folder = Path(os.environ.get("PFM_BUNDLE", ROOT / "build" / "bundle" / "pfm-desktop"))
    if not (folder / "_internal").is_dir():
        pytest.skip("nothing was built: python build_installer.py --no-package")
    return folder
