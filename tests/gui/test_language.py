"""The window in another language: its own words, and Qt's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.gui.language import begin, of_computer
from pfm_desktop.support.language import LANGUAGES, VARIABLE, catalogue
from pfm_desktop.support.settings import Settings, save_settings

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WINDOW = """
import sys
from pfm_desktop.gui import language
language.begin()
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialogButtonBox
from pfm_desktop.gui.application import build, parsed
app, window = build(parsed([]))
sys.stdout.reconfigure(encoding="utf-8")
print([action.text() for action in window.menuBar().actions()][:4])
box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
print(box.buttons()[0].text())
print(QKeySequence("Ctrl+Shift+Z").toString(QKeySequence.SequenceFormat.NativeText))
import cv2, numpy as np
from PySide6.QtGui import QImage
ok, data = cv2.imencode(".jpg", np.full((60, 80, 3), 90, np.uint8))
print(QImage.fromData(data.tobytes()).width(), "pixels wide")
"""


@pytest.mark.parametrize(
    ("names", "spoken"),
    [
        (["es-AR", "en-US"], "es"),
        (["zh-Hant-TW"], "zh"),
        (["fr_CA"], "fr"),
        (["de-DE", "fr-FR"], "fr"),
        (["de-DE"], "en"),
        ([], "en"),
    ],
)
def test_the_language_is_the_first_of_the_computer_that_there_is(names: list[str], spoken: str) -> None:
    assert of_computer(names) == spoken


def test_what_is_chosen_in_settings_comes_before_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(Settings(language="fr"))
    monkeypatch.setenv(VARIABLE, "")
    begin()
    assert os.environ[VARIABLE] == "fr"
    save_settings(Settings(language="es"))
    begin()  # what was asked for from outside, or chosen before, stays for this process and its workers
    assert os.environ[VARIABLE] == "fr"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_the_window_and_its_dialogs_speak_it(language: str, tmp_path: Path) -> None:
    env = {**os.environ, VARIABLE: language, "QT_QPA_PLATFORM": "offscreen", "PFM_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", WINDOW], env=env, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    menus, cancel, keys, picture = done.stdout.splitlines()[-4:]
    said = catalogue(language)
    for menu in ("&File", "&Edit", "&View", "&Help"):
        assert said[menu, ""][0] in menus
    assert cancel.strip("&") not in ("", "Cancel")
    assert keys == "Ctrl+Shift+Z"
    assert picture == "80 pixels wide", "what Qt does not find a word for is no empty error text"
