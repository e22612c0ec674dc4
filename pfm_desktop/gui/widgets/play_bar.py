"""The bar of the player: play, step, scrub, speed, and that it is no pair that is read."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSlider, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.compare_bar import BACK
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.playing import LIMIT, SPEEDS

CANCEL = tr("Cancel")
PREPARING = tr("Preparing the sequence ...")


class PlayBar(QFrame):
    """`toggled`: play or pause; `stepped` by so many pictures; `wanted` a picture by number; `left`: the pair again."""

    toggled = Signal()
    stepped = Signal(int)
    wanted = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Player"))
        self.back_one, self.on_one = QPushButton("◀", self), QPushButton("▶", self)
        self.play = QPushButton(tr("▶ Play"), self)
        self.slider, self.place = QSlider(Qt.Orientation.Horizontal, self), QLabel(self)
        self.speed, self.leave = CalmComboBox(self), QPushButton(BACK, self)
        self.progress, self.said = QProgressBar(self), words(self, "quiet")
        self._name_parts()
        for _rate, text in SPEEDS:
            self.speed.addItem(text)
        self._connect()
        self._lay_out()
        self.hide()

    def show_preparing(self, percent: int | None, text: str) -> None:
        """The sequence is being made ready; it can be left meanwhile."""
        self.progress.setRange(0, 0 if percent is None else 100)
        self.progress.setValue(percent or 0)
        self.said.setText(text or PREPARING)
        self._show_parts(ready=False)
        self.show()

    def show_sequence(self, count: int, said: str, speed: int) -> None:
        """It can be played: `count` pictures."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(0)
        self.speed.setCurrentIndex(speed)
        self.say(said)
        self._show_parts(ready=True)
        self.show()

    def show_place(self, index: int, place: str) -> None:
        """Which picture is shown."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(index)
        self.place.setText(place)
        self.slider.setAccessibleDescription(place)
        self.back_one.setEnabled(index > 0)
        self.on_one.setEnabled(index < self.slider.maximum())

    def show_playing(self, playing: bool) -> None:
        """Whether it goes on by itself."""
        self.play.setText(tr("❚❚ Pause") if playing else tr("▶ Play"))
        self.play.setAccessibleName(tr("Pause") if playing else tr("Play"))

    def say(self, text: str) -> None:
        """What is said of the whole, or of what went wrong."""
        self.said.setText(text)
        self.setAccessibleDescription(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to the pair."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _show_parts(self, *, ready: bool) -> None:
        for part in (self.back_one, self.play, self.on_one, self.slider, self.place, self.speed):
            part.setVisible(ready)
        self.progress.setVisible(not ready)
        self.leave.setText(BACK if ready else CANCEL)
        self.leave.setAccessibleName(self.leave.text())

    def _name_parts(self) -> None:
        named = (
            (self.back_one, tr("The picture before"), tr("The picture before (comma)")),
            (self.play, tr("Play"), tr("Play or pause (Space)")),
            (self.on_one, tr("The next picture"), tr("The next picture (full stop)")),
            (
                self.slider,
                tr("Picture of the sequence"),
                tr("Drag, or arrow keys; Home and End: the first and the last"),
            ),
            (self.speed, tr("Speed"), tr("Pictures a second.") + f" {LIMIT}"),
            (self.leave, BACK, tr("The pair as it was (Esc)")),
            (self.progress, tr("Progress of preparing the sequence"), ""),
        )
        for named_part, name, tip in named:
            named_part.setAccessibleName(name)
            named_part.setToolTip(tip)
        for button in (self.back_one, self.play, self.on_one, self.leave):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the stage
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setPageStep(5)
        self.play.setMinimumWidth(self.play.fontMetrics().horizontalAdvance(tr("❚❚ Pause")) + 28)
        self.place.setMinimumWidth(self.place.fontMetrics().horizontalAdvance(tr("about 000 s")))

    def _connect(self) -> None:
        self.play.clicked.connect(self.toggled)
        self.back_one.clicked.connect(lambda: self.stepped.emit(-1))
        self.on_one.clicked.connect(lambda: self.stepped.emit(1))
        self.slider.valueChanged.connect(self.wanted)
        self.leave.clicked.connect(self.left)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for part in (self.back_one, self.play, self.on_one):
            row.addWidget(part)
        row.addWidget(self.slider, 1)
        row.addWidget(self.progress, 1)
        for tail in (self.place, self.speed, self.leave):
            row.addWidget(tail)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.said)
