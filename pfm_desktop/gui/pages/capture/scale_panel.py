"""Calibrating the scale on a frozen picture: by a board of squares that is found, or by two points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import CalmDoubleSpinBox, LeavesOnEscape, in_a_row, say, words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import scale_words as text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.services.capture.calibration import Calibration

SQUARE_MM, LENGTH_MM = 5.0, 10.0


class ScalePanel(LeavesOnEscape, QFrame):
    """`still(pixels)`: the picture it is measured on (None: the live one again). `drawn(points, line)`: what is drawn
    over it. `accepted(calibration)` when it is to be used; `closed`. Clicks on the picture come by `place`."""

    still = Signal(object)
    drawn = Signal(object, object)
    accepted = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: NDArray[np.uint8] | None = None
        self._points: tuple[tuple[float, float], ...] = ()
        self.made: Calibration | None = None
        self._work = Background(self)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Scale"))
        self.square = _millimetres(tr("Side of a square"), self)
        self.length = _millimetres(tr("Between two points"), self)
        self.square.setValue(SQUARE_MM)
        self.length.setValue(LENGTH_MM)
        self.before, self.next = words(self, "quiet"), words(self, "quiet")
        self.result, self.problem = words(self), words(self, "problem")
        self.find_button = QPushButton(tr("Find squares"), self)
        self.use, self.close_button = QPushButton(tr("Use this scale"), self), QPushButton(tr("Back to live"), self)
        self._lay_out()
        self.find_button.clicked.connect(self.look)
        self.square.valueChanged.connect(self._square_changed)
        self.length.valueChanged.connect(self._measure)
        self.use.clicked.connect(self._use)
        self.close_button.clicked.connect(self.closed)

    def begin(self, pixels: NDArray[np.uint8], mm_per_px: float | None) -> None:
        """Measure on this picture (H x W x 3 uint8 RGB); `mm_per_px` is the scale that holds at present."""
        self._pixels = pixels
        self.before.setText(text.so_far(mm_per_px, pixels.shape[1]))
        self.still.emit(pixels)
        self.look()
        self.setFocus()

    def look(self) -> None:
        """Look for a board of squares, on a thread."""
        from pfm_desktop.services.capture import calibration

        if self._pixels is None:
            return
        self._points = ()
        self._show(None, doing=text.LOOKING)
        self._work.start(
            calibration.by_board, self._pixels, self.square.value(), done=self._board_came, failed=self._no_board
        )

    def place(self, x: float, y: float) -> None:
        """A click: an end of a known length, in pixels of the picture. The third begins anew."""
        if self._pixels is None:
            return
        self._work.drop()
        self._points = (*self._points, (x, y)) if len(self._points) == 1 else ((x, y),)
        self._measure()

    def end(self) -> None:
        """Another thing is shown."""
        self._work.drop()
        self._pixels, self._points, self.made = None, (), None
        self.drawn.emit((), ())
        self.still.emit(None)

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked for."""
        return not self._work.busy

    def _board_came(self, made: Calibration) -> None:
        self._show(made)

    def _no_board(self, problem: str) -> None:
        self._show(None, problem=problem)

    def _square_changed(self) -> None:
        """What was found keeps its corners; what is asked for is their size."""
        if not self._points:
            self.look()

    def _measure(self) -> None:
        from pfm_desktop.services.capture import calibration

        if len(self._points) != 2 or self._pixels is None:
            if self._points:
                self._show(None)
            return
        try:
            made = calibration.by_points(self._pixels, (self._points[0], self._points[1]), self.length.value())
        except UserError as error:
            self._show(None, problem=error.sentences)
            return
        self._show(made)

    def _show(self, made: Calibration | None, *, problem: str = "", doing: str = "") -> None:
        self.made = made
        say(self.result, text.result(made) if made is not None else doing)
        say(self.problem, problem)
        self.next.setText(text.SECOND if len(self._points) == 1 else text.FIRST)
        self.use.setEnabled(made is not None)
        points = self._points if self._points or made is None else made.points
        self.drawn.emit(points, self._points if len(self._points) == 2 else ())

    def _use(self) -> None:
        if self.made is not None:
            self.accepted.emit(self.made)

    def _lay_out(self) -> None:
        form = QFormLayout()
        for field in (self.square, self.length):
            form.addRow(field.accessibleName(), field)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        column.addWidget(words(self, "heading", tr("Scale")))
        column.addWidget(words(self, "quiet", text.HINT))
        column.addWidget(self.before)
        column.addLayout(form)
        column.addLayout(in_a_row(self.find_button))
        for part in (self.next, self.result, self.problem):
            column.addWidget(part)
        column.addLayout(in_a_row(self.use, self.close_button))


def _millimetres(name: str, parent: QWidget) -> CalmDoubleSpinBox:
    box = CalmDoubleSpinBox(parent)
    box.setAccessibleName(name)
    box.setRange(0.1, 200.0)
    box.setDecimals(2)
    box.setSuffix(" mm")
    box.setKeyboardTracking(False)  # half a number is no length
    return box
