"""`pfm-desktop --selftest`: does this installation do its main job, and does its window open?"""

from __future__ import annotations

import importlib
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.selftest import ended, lines_of, own_home, selftest, tried
from pfm_desktop.support import language
from pfm_desktop.support.display import why_no_window

if TYPE_CHECKING:
    import argparse

WANTED_FORMATS = ("png", "jpeg")  # Qt's own, of icons and of pictures in the user guide


def run(options: argparse.Namespace) -> int:
    """Try everything; say it line by line, or into the file that `--selftest FILE` names. 0 when all is well."""
    if why_no_window():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    outcomes = [*selftest(SilentContext())]
    if not ended(outcomes):
        with own_home():
            outcomes.append(tried("Window", partial(_opened, options)))
    text = "\n".join(lines_of(outcomes)) + "\n"
    if options.selftest:
        Path(options.selftest).write_text(text, encoding="utf-8")
    elif sys.stdout is not None:  # a program with a window has none on Windows
        sys.stdout.write(text)
        sys.stdout.flush()
    return ended(outcomes)


def _opened(options: argparse.Namespace) -> str:
    from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
    from PySide6.QtGui import QImageReader
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.gui.application import build
    from pfm_desktop.gui.desk import BEHIND, LATER

    began = time.monotonic()
    for module in [*(page[0] for page in LATER.values()), *(page[0] for page in BEHIND.values())]:
        importlib.import_module(module)  # of pages that are made when they are needed, in the midst of work
    app, window = build(options)
    window.show()
    app.processEvents()
    picture = window.grab()
    took = time.monotonic() - began
    formats = {bytes(name.data()).decode() for name in QImageReader.supportedImageFormats()}
    words = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    missing = [f"pictures of Qt: {name}" for name in WANTED_FORMATS if name not in formats]
    missing += [
        f"words of Qt: {name}"
        for name, locale in language.LOCALES.items()
        if name != language.ENGLISH and not QTranslator().load(QLocale(locale), "qtbase", "_", words)
    ]
    window.close()
    if missing or picture.isNull():
        raise RuntimeError(f"missing: {', '.join(missing) or 'a picture of the window'}")
    platform = QApplication.platformName()
    return f"opened in {took:.1f} s by the plugin {platform}, {picture.width()} x {picture.height()} pixels"
