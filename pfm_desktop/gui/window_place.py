"""Where the window stands: kept for the next start, and made to fit the screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt
from PySide6.QtWidgets import QMainWindow, QStyle

from pfm_desktop.support.paths import user_data_dir

SMALLEST = (940, 500)  # half of a 1920 x 1080 screen: 200 % scaling
LEAST_OF_PAGES = (800, 360)  # what is left of that for pages; on smaller screens they scroll
USUAL = (1366, 768)  # at the first start


class WindowPlace:
    """Of one window."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        window.setMinimumSize(*SMALLEST)
        self._cut_to: QSize | None = None  # the size that was made to fit the screen

    def keep(self) -> None:
        """Note where the window stands, for the next start."""
        kept = _window_file()
        kept.setValue("geometry", self._window.saveGeometry())
        kept.sync()

    def restore(self) -> None:
        """Where it stood, as far as the screen has room."""
        kept = _window_file().value("geometry")
        if not (isinstance(kept, QByteArray) and self._window.restoreGeometry(kept)):
            self._window.resize(*USUAL)
        self._fit_screen()

    def about_to_show(self, visible: bool) -> None:
        """A window that had to be cut down to the screen takes all of it, unless it was given another size since."""
        window = self._window
        if visible and self._cut_to == window.size():
            window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
        self._cut_to = None

    def _fit_screen(self) -> None:
        """A window that would reach over the edge is made to fit, and is shown maximised."""
        window = self._window
        room = window.screen().availableGeometry().size()
        title_bar = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)  # the frame is not known yet
        fitting = window.size().boundedTo(QSize(room.width(), room.height() - title_bar))
        if fitting != window.size():
            window.setMinimumSize(window.minimumSize().boundedTo(fitting))
            window.resize(fitting)
            self._cut_to = fitting


def _window_file() -> QSettings:
    return QSettings(str(user_data_dir() / "window.ini"), QSettings.Format.IniFormat)
