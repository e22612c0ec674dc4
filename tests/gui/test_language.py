"""The window in another language: its own words, and Qt's."""

from __future__ import annotations

import os
import re
import shutil
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
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QFileIconProvider
from PySide6.QtCore import QFileInfo
from pfm_desktop.gui.application import build, parsed
app, window = build(parsed([]))
sys.stdout.reconfigure(encoding="utf-8")
print([action.text() for action in window.menuBar().actions()][:4])
box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
print(box.buttons()[0].text())
print(QKeySequence("Ctrl+Shift+Z").toString(QKeySequence.SequenceFormat.NativeText))
names = QFileDialog.DialogLabel
dialog = QFileDialog()
print([dialog.labelText(one) for one in (names.LookIn, names.FileType)], QFileIconProvider().type(QFileInfo("/")))
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
    menus, cancel, keys, asking, picture = done.stdout.splitlines()[-5:]
    said = catalogue(language)
    for menu in ("&File", "&Edit", "&View", "&Help"):
        assert said[menu, ""][0] in menus
    assert cancel.strip("&") not in ("", "Cancel")
    assert keys == "Ctrl+Shift+Z"
    assert not re.search("Look in|Files of|Folder|Drive", asking), "which Qt's catalogues lack"
    assert picture == "80 pixels wide", "what Qt does not find a word for is no empty error text"


DRAWN = """
from pfm_desktop.gui import language
language.begin()
from PySide6.QtGui import QFontDatabase, QTextLayout
from pfm_desktop.gui.application import build, parsed
app, window = build(parsed([]))
layout = QTextLayout("\\u4eca\\u5929", window.menuBar().font())
layout.beginLayout()
layout.createLine()
layout.endLayout()
print([run.rawFont().familyName() for run in layout.glyphRuns()])
print(0 in [glyph for run in layout.glyphRuns() for glyph in run.glyphIndexes()])
print("Droid Sans Fallback" in app.font().families(), "Droid Sans Fallback" in QFontDatabase.families())
"""


def fonts_of(tmp_path: Path, language: str, *names: str) -> list[str]:
    """What draws Chinese on a computer that has only these fonts of ours."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    for name in names:
        shutil.copy(ROOT / "resources" / "fonts" / name, folder)
    listed = tmp_path / "fonts.conf"
    listed.write_text(
        f'<?xml version="1.0"?><fontconfig><dir>{folder}</dir><cachedir>{tmp_path / "cache"}</cachedir></fontconfig>'
    )
    env = {**os.environ, VARIABLE: language, "FONTCONFIG_FILE": str(listed)}
    done = subprocess.run(
        [sys.executable, "-c", DRAWN], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.splitlines()


needs_fontconfig = pytest.mark.skipif(sys.platform != "linux", reason="fonts are taken away by fontconfig")


@needs_fontconfig
def test_chinese_is_drawn_where_the_computer_has_no_font_for_it(tmp_path: Path) -> None:
    families, boxes, lent = fonts_of(tmp_path, "zh", "DejaVuSans.ttf")
    assert (families, boxes) == ("['Droid Sans Fallback']", "False")
    assert lent == "True True"


@needs_fontconfig
def test_no_font_is_lent_where_the_computer_has_one(tmp_path: Path) -> None:
    _families, boxes, lent = fonts_of(tmp_path, "zh", "DejaVuSans.ttf", "DroidSansFallbackFull.ttf")
    assert (boxes, lent) == ("False", "False True")


@needs_fontconfig
def test_no_font_is_lent_to_a_language_that_needs_none(tmp_path: Path) -> None:
    assert fonts_of(tmp_path, "fr", "DejaVuSans.ttf")[-1] == "False False"
