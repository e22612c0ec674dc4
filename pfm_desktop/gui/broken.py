"""The program cannot start: it is said where a person sees it, also where Qt itself is what is broken.

On stderr always; with a window in a message of the system as well: Windows has one of its own, on Linux Qt's where Qt
loads, else that of a desktop.
"""

from __future__ import annotations

import ctypes
import locale
import os
import shutil
import subprocess
import sys
import textwrap
from contextlib import suppress

from pfm_desktop.support import language, outside
from pfm_desktop.support.installation import IncompleteError, trouble
from pfm_desktop.support.language import tr
from pfm_desktop.support.settings import load_settings

TITLE = "pfm_desktop"
_STOP, _IN_FRONT = 0x10, 0x10000  # MB_ICONSTOP, MB_SETFOREGROUND of winuser.h
_DIALOGS = (
    ("zenity", "--error", "--no-markup", "--width=520", f"--title={TITLE}", "--text"),
    ("kdialog", "--title", TITLE, "--error"),
    ("xmessage", "-center", "-title", TITLE),
)
_BREAKS_NO_LINES, _WIDTH, _CHINESE = "xmessage", 70, "\u2e80"  # its letters begin there, twice as wide


def told(error: BaseException, *, window: bool) -> int:
    """The exit code, once it was said what is missing; 0, and nothing is said, where `error` is of another kind."""
    if window:
        _speak()
    found = error if isinstance(error, IncompleteError) else trouble(error, deep=True)
    if found is None:
        return 0
    if sys.stderr is not None:  # a program with a window has none on Windows
        print(f"error: {found}", file=sys.stderr, flush=True)  # noqa: T201 - nothing else may work
    if window:
        what = tr("The program cannot start.")
        _show(f"{what} {found.sentences}")
    return found.exit_code


def _speak() -> None:
    """The language of the user, without Qt."""
    if os.environ.get(language.VARIABLE) in language.LANGUAGES:
        return
    with suppress(Exception):
        system = os.environ.get("LANG") or locale.getlocale()[0] or ""
        asked = load_settings().language or system[:2].lower()
        os.environ[language.VARIABLE] = asked if asked in language.LANGUAGES else language.ENGLISH


def _show(text: str) -> None:
    if sys.platform == "win32":
        ctypes.windll.user32.MessageBoxW(None, text, TITLE, _STOP | _IN_FRONT)
        return
    quiet = os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal"))
    if quiet or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    if not _in_qt(text):
        in_a_dialog(text)


def _in_qt(text: str) -> bool:
    """Whether it was seen. In a process of its own: Qt ends one that it cannot open a window in. Not where the window
    was begun already: two processes cannot share one."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is not None and widgets.QApplication.instance() is not None:
        return False
    child = os.fork()
    if child == 0:
        code = 1
        try:
            from PySide6.QtWidgets import QApplication, QMessageBox

            _app = QApplication([TITLE])
            QMessageBox(QMessageBox.Icon.Critical, TITLE, text).exec()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status == 0


def in_a_dialog(text: str) -> None:
    """Of the desktop, the first that there is, until somebody closes it."""
    env = outside.environment()
    for program, *words in _DIALOGS:
        if found := shutil.which(program):
            said = _in_lines(text) if program == _BREAKS_NO_LINES else text
            with suppress(OSError):
                subprocess.run([found, *words, said], env=env, check=False)
                return


def _in_lines(text: str) -> str:
    """A path stays whole, to be copied; Chinese, which has no blanks, does not."""
    has_blanks = max(text, default="") < _CHINESE
    width = _WIDTH if has_blanks else _WIDTH // 2
    return textwrap.fill(text, width, break_long_words=not has_blanks, break_on_hyphens=False)
