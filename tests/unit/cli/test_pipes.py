"""`pfm ... | head -1` ends as it would have ended when all was read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.imaging.io import write_png

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error on Windows")
PFM = "import sys; from pfm_desktop.cli.main import main; sys.exit(main())"


def unread(*arguments: str, errors_too: bool = False) -> tuple[int, str]:
    """Exit code and stderr of `pfm` whose output goes to a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", PFM, *arguments],
            stdout=writing,
            stderr=writing if errors_too else subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    return ended.returncode, ended.stderr or ""


@pytest.mark.parametrize(
    "arguments", [["version"], ["--version"], ["--help"], ["models", "list"], ["analyze", "--help"]]
)
def test_what_was_done_ends_with_nought_and_without_a_word(arguments: list[str]) -> None:
    assert unread(*arguments) == (0, "")


def test_an_error_keeps_its_exit_code_when_nobody_reads_it() -> None:
    assert unread("models", "verify", "no-such-model", errors_too=True)[0] == 2


@pytest.mark.slow
def test_a_refusal_keeps_its_exit_code_and_its_files(tmp_path: Path) -> None:
    write_png(tmp_path / "dark.png", np.zeros((320, 320, 3), np.uint8))
    out = tmp_path / "a.json"
    assert unread("analyze", "--white", str(tmp_path / "dark.png"), "--json", str(out)) == (3, "")
    assert "too dark" in out.read_text()


@pytest.mark.slow
def test_pictures_are_all_written_when_nobody_reads_where(tmp_path: Path) -> None:
    assert unread("phantom", str(tmp_path / "out"), "--count", "2", "--size", "96") == (0, "")
    assert len(list((tmp_path / "out").glob("*_white.png"))) == 2
