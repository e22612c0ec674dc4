"""What is said where the program cannot start, by a dialog of the desktop."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pfm_desktop.gui import broken

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has a message of its own")
PATH = "/usr/lib/pfm-desktop/_internal/torch/lib/a-library-with-a-name-that-is-longer-than-a-line.so"
TEXT = (
    f"The program cannot start. A file of the installation is missing: {PATH}. Libraries, settings and models are"
    " untouched. Install the program again; where a virus scanner took the file, let it give it back first."
)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-ins of this test write what they are to show."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "said.txt"


def stand_in(name: str, said: Path) -> None:
    program = said.parent / name
    program.write_text(f"#!/bin/sh\nfor last; do :; done\nprintf %s \"$last\" > '{said}'\n", encoding="utf-8")
    program.chmod(0o755)


def test_xmessage_which_breaks_no_lines_gets_short_ones(said: Path) -> None:
    stand_in("xmessage", said)
    broken.in_a_dialog(TEXT)
    lines = said.read_text(encoding="utf-8").split("\n")
    assert max(len(line) for line in lines if line != f"{PATH}.") <= 70
    assert f"{PATH}." in lines  # whole, to be copied
    assert " ".join(lines) == TEXT


def test_words_without_blanks_are_broken_as_well(said: Path) -> None:
    stand_in("xmessage", said)
    broken.in_a_dialog("程序无法启动。" * 20)
    lines = said.read_text(encoding="utf-8").split("\n")
    assert max(len(line) for line in lines) <= 35
    assert "".join(lines) == "程序无法启动。" * 20


def test_dialogs_that_break_lines_themselves_get_the_words_as_they_are(said: Path) -> None:
    stand_in("kdialog", said)
    stand_in("xmessage", said)
    broken.in_a_dialog(TEXT)
    assert said.read_text(encoding="utf-8") == TEXT
