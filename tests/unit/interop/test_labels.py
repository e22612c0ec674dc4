"""Labels of pots as PDF."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pfm_desktop.interop.labels import Label, labels_pdf
from pfm_desktop.support.language import VARIABLE

LABEL = Label("Wunderlich, Ana", "29 Feb 1988", "P-1", "taken 14 Mar 2026 10:30", "26-17", "biopsy A, 2 o'clock", 1, 2)


def test_each_pot_has_a_page_with_whose_and_which(tmp_path: Path) -> None:
    long = "Wolfeschlegelsteinhausenbergerdorff " * 9
    data = labels_pdf([LABEL, Label(long, "unknown", "K" * 60, "taken", "1", "ECC", 2, 2)])
    assert data.count(b"/Type /Page\n") == 2
    assert b"Wunderlich" not in data.split(b"/Title")[1][:200]
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    out = tmp_path / "labels.pdf"
    out.write_bytes(data)
    text = subprocess.run(["pdftotext", "-layout", str(out), "-"], capture_output=True, text=True, check=True).stdout
    first, second = text.split("\f")[:2]
    for said in ("Wunderlich, Ana", "born 29 Feb 1988", "ID P-1", "Pot 26-17", "2 o'clock", "1 of 2"):
        assert said in first
    assert "..." in second.splitlines()[0] + second.splitlines()[1]


def test_labels_name_the_language_they_are_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert b"/Lang (en)" in labels_pdf([LABEL])
    monkeypatch.setenv(VARIABLE, "fr")
    assert b"/Lang (fr)" in labels_pdf([LABEL])


def test_without_a_pot_there_is_no_label() -> None:
    with pytest.raises(ValueError, match="no pot"):
        labels_pdf([])
