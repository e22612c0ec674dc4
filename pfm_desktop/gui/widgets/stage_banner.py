"""The line below the stage: what the AI answer is not for, and above it the warning where one is due."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.warning_notice import WarningSign, lay_beside
from pfm_desktop.support.language import tr

NAME = tr("What the AI answer is not for")


class StageBanner(QFrame):
    """A plain strip, or with a warning the frame and the sign of `WarningNotice`.

    It is then as high as a plain strip of the same words; where the stage is so narrow that they wrap more, higher.
    Hidden while there is nothing to say. The AI panel tells a screen reader when a warning comes; here it is read.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.warning, self.line = words(self), words(self)
        self.sign = WarningSign(self.warning, self)
        row = lay_beside(self, self.sign, (self.warning, self.line), between=0, gap=8)
        row.setContentsMargins(6, 1, 6, 1)  # within a frame of two pixels, which a plain strip has in its own colour
        font = self.warning.font()
        font.setBold(True)
        self.warning.setFont(font)
        self.setProperty("role", "banner")
        self._dress("")
        self.hide()

    def text(self) -> str:
        """All that it says, the warning first."""
        return "\n".join(label.text() for label in (self.warning, self.line) if label.text())

    def show_lines(self, line: str, warning: str = "") -> None:
        """Show the permanent `line`, or hide with ""; a `warning` comes first and changes the look."""
        warning = warning if line else ""
        self.warning.setText(warning)
        self.line.setText(line)
        self._dress(warning)
        self.setVisible(bool(line))

    def _dress(self, warning: str) -> None:
        for part in (self.warning, self.sign):
            part.setVisible(bool(warning))
        self.setAccessibleName(tr("Warning") if warning else NAME)
        self.setAccessibleDescription(self.text())
        role = "warning" if warning else "banner"
        if self.property("role") == role:
            return
        self.setProperty("role", role)
        for widget in (self, self.warning, self.line, self.sign):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
