"""A bundle, where one was built."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from .windows import Wine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bundle() -> Path:
    """The folder that `python build_installer.py --no-package` made, or that PFM_BUNDLE names."""
    folder = Path(os.environ.get("PFM_BUNDLE", ROOT / "build" / "bundle" / "pfm-desktop"))
    if not (folder / "_internal").is_dir():
        pytest.skip("nothing was built: python build_installer.py --no-package")
    return folder


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    if shutil.which("wine") is None:
        pytest.skip("there is no wine here (Debian: wine64)")
    return Wine(tmp_path / "wine")
