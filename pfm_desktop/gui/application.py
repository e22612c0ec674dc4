"""The program with a window: options, display, log, and the way in and out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop import __version__
from pfm_desktop.gui import language
from pfm_desktop.gui.broken import in_a_dialog
from pfm_desktop.gui.told_to_end import ToldToEnd
from pfm_desktop.jobs import wait_for_threads
from pfm_desktop.support import handed, installation, logs, memory, runs, threads
from pfm_desktop.support.display import NEEDS, why_no_window

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.gui.main_window import MainWindow

BAD_INPUT = 2
GARBAGE_MS = 200  # between two looks for garbage: often, so that each is short
PATIENCE = 5.0  # seconds at the end for what still runs beside the window


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window; returns the exit code."""
    options = parsed(sys.argv[1:] if argv is None else argv)
    if options.screenshot and "QT_QPA_PLATFORM" not in os.environ:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if options.selftest is not None:
        from pfm_desktop.gui.selftest import run

        return run(options)
    if why_not := why_no_window():
        print(why_not, file=sys.stderr)  # noqa: T201 - there is no window to say it in
        if NEEDS in why_not:  # who started it by a click sees no terminal, and a dialog of the desktop needs them not
            in_a_dialog(why_not.removeprefix("error: "))
        return BAD_INPUT
    installation.look_for_plugin()
    memory.stay_out_of_crash_files()
    if not options.screenshot and _is_handed(options.file):
        return 0
    logs.start_logging()
    language.begin()
    memory.return_large_buffers()
    threads.take_short_turns()
    try:
        return _shot(options) if options.screenshot else _noted(options)
    finally:
        logs.stop_logging()
        wait_for_threads(PATIENCE)


def _is_handed(file: str) -> bool:
    """Whether a window that is open already has taken it; the folder of a library has a window of its own."""
    whole = os.path.abspath(file)  # noqa: PTH100 - it was started elsewhere; takes `..` away, as a shell does
    return bool(file) and not os.path.isdir(whole) and handed.hand(whole)  # noqa: PTH112 - any name there is


def _shot(options: argparse.Namespace) -> int:
    from pfm_desktop.gui.screenshot import take

    app, window = _begun(options)
    restore = logs.catch_unexpected(window.unexpected.emit)
    try:
        return take(app, window, options.screenshot, options.page, options.library)
    finally:
        restore()


def _noted(options: argparse.Namespace) -> int:
    """Work with the window. What ends it other than its own end is noted for the next start."""
    told = ToldToEnd()
    run = runs.begin()
    try:
        return _worked(options, told)
    except Exception as error:
        if run is not None:
            run.failed(error)
            run = None
        raise
    finally:
        if run is not None:
            run.ended()


def _worked(options: argparse.Namespace, told: ToldToEnd) -> int:
    from pfm_desktop.gui.given import GivenFile, HandedFiles

    app, window = _begun(options)
    told.closes = window
    restore = logs.catch_unexpected(window.unexpected.emit)
    try:
        window.show()
        given = GivenFile(window, options.file)
        HandedFiles(window)
        window.open_library(options.library or given.library or window.settings.library)
        window.help.support.look_back()
        return app.exec()
    finally:
        restore()


def _begun(options: argparse.Namespace) -> tuple[QApplication, MainWindow]:
    with memory.without_collection():
        return build(options)


def build(options: argparse.Namespace) -> tuple[QApplication, MainWindow]:
    """Application and window, not shown yet, no library open yet."""
    from dataclasses import replace
    from functools import partial

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.gui import theme
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.support.settings import load_settings

    _leave_no_trace_of_folders()
    app = QApplication.instance() or QApplication(["pfm-desktop"])
    assert isinstance(app, QApplication)
    app.setApplicationName("pfm-desktop")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("pfm-desktop")  # by which a Wayland desktop finds icon and menu entry
    app.setWindowIcon(theme.program_icon())
    language.translate_qt(app)
    language.lend_font(app)
    settings = load_settings()
    if options.theme:
        settings = replace(settings, theme=options.theme)
    theme.apply(app, settings.theme)
    window = MainWindow(settings)
    garbage = QTimer(window, interval=GARBAGE_MS)
    garbage.timeout.connect(partial(memory.Collector.look, memory.Collector()))  # a bound method would not keep it
    garbage.start()
    if options.size:
        window.resize(*options.size)
    return app, window


def _leave_no_trace_of_folders() -> None:
    """Dialogs that ask for files keep the folders that were chosen, and people name folders after women: they keep them
    for as long as the program runs, and not on disk. The dialogs of Windows and of desktops would tell others.
    """
    from PySide6.QtCore import QCoreApplication, QSettings, Qt

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    nowhere = f"{os.devnull}/none"  # no folder can be made there
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, nowhere)


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """Options of `pfm-desktop`."""
    parser = argparse.ArgumentParser(
        prog="pfm-desktop",
        description="Colposcopy review workstation. Investigational - not for diagnosis.",
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="", help="folder of a library to open, or a model file to look at"
    )
    parser.add_argument("--library", metavar="PATH", default="", help="folder of the library to open")
    parser.add_argument("--screenshot", metavar="OUT.png", type=Path, help="write a picture of a page and end")
    parser.add_argument(
        "--page", choices=("today", "review", "capture", "annotate", "models", "settings"), default="today"
    )
    parser.add_argument("--size", metavar="1366x768", type=_size, help="size of the window in pixels")
    parser.add_argument("--theme", choices=("dark", "light"), help="for this run only")
    parser.add_argument(
        "--selftest", metavar="FILE", nargs="?", const="", help="try all that this installation is to do, say how, end"
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser.parse_args(argv)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 0 < int(width) < 20_000 and 0 < int(height) < 20_000):
        raise argparse.ArgumentTypeError(f"{text} is no size; write it like 1366x768")
    return int(width), int(height)
