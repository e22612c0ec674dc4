"""The language of the window: chosen in Settings, else that of the computer, else English."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from pfm_desktop.support.language import ENGLISH, LANGUAGES, LOCALES, VARIABLE, current, tr
from pfm_desktop.support.paths import resources_dir
from pfm_desktop.support.quiet import Own
from pfm_desktop.support.settings import load_settings

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

log = logging.getLogger(__name__)
FONTS = {"zh": "DroidSansFallbackFull.ttf"}  # of the report; for languages that many computers have no font for


class _QtWords(QTranslator):
    """Qt's own words, but for keys that are called so in our texts: Ctrl is not Control. Those that Qt's catalogues
    lack are in ours."""

    def __init__(self, parent: QCoreApplication) -> None:
        super().__init__(parent)
        self._lacking = {
            ("QFileDialog", "&Look in:"): tr("&Look in:"),
            ("QFileDialog", "Files of &type:"): tr("Files of &type:"),
            ("QAbstractFileIconProvider", "Folder"): tr("Folder"),
            ("QAbstractFileIconProvider", "Drive"): tr("Drive"),
        }

    def translate(self, context: str, text: str, about: str | None = None, n: int = -1) -> str | None:
        """As `QTranslator.translate`."""
        kept = context == "QShortcut" and text in ("Ctrl", "Shift", "Alt", "Meta")
        # None, where it has no words: an empty text would be the translation, and to Qt's readers of pictures, which
        # look whether there is an error text, the news that all is well
        return text if kept else super().translate(context, text, about, n) or self._lacking.get((context, text))


def begin() -> None:
    """Choose it for this process and its workers; before modules with tables of words are loaded."""
    if os.environ.get(VARIABLE) not in LANGUAGES:
        os.environ[VARIABLE] = load_settings().language or of_computer(QLocale.system().uiLanguages())


def of_computer(names: list[str]) -> str:
    """The first language that the computer asks for and that there is: `es-AR` is `es`."""
    asked = (name.replace("_", "-").split("-")[0] for name in names)
    return next((code for code in asked if code in LANGUAGES), ENGLISH)


def translate_qt(app: QCoreApplication) -> None:
    """Qt's own words (Cancel, the names of keys, the menu of a text field), and its dates and numbers, as well."""
    if current() == ENGLISH:
        return
    locale = QLocale(LOCALES[current()])
    QLocale.setDefault(locale)
    words = _QtWords(app)
    if words.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(words)


def lend_font(app: QApplication) -> None:
    """Where the computer has no font for the language, the one of the report draws what others do not. Nowhere else is
    it looked for: a start takes no longer by it."""
    from PySide6.QtGui import QFontDatabase

    if current() not in FONTS or QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese):
        return
    lent = QFontDatabase.addApplicationFont(str(resources_dir() / "fonts" / FONTS[current()]))
    if lent < 0:
        log.warning(
            "the font %s is missing or damaged, and the computer has none for the language", Own(FONTS[current()])
        )
        return
    font = app.font()
    font.setFamilies([*font.families(), *QFontDatabase.applicationFontFamilies(lent)])
    app.setFont(font)
