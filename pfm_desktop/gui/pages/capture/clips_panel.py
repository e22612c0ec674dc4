"""The clips of the visit: looked through frame by frame, a frame into the visit, a clip out as a video."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import CalmCheckBox, CalmComboBox, in_a_row, say, words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import clips as rows
from pfm_desktop.viewmodels.intake import STAGES, offered_as
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.domain.change import Change
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.clip_export import ClipExport
    from pfm_desktop.services.capture.clip_reader import ClipReader
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

PAGE_STEP = 30


class ClipsPanel(QFrame):
    """`still(pixels)` to be shown instead of the live picture (None: the live one), `said(text)`, `closed`."""

    still = Signal(object)
    said = Signal(str)
    closed = Signal()

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._clips: list[str] = []
        self._reader: ClipReader | None = None
        self._offset: float | None = None
        self._opening, self._reading, self._pulling = (Background(self) for _ in range(3))
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Clips of this visit"))
        self.heading, self.empty = words(self, "heading", tr("Clips of this visit")), words(self, "quiet", rows.NONE)
        self.list = QListWidget(self)
        self.list.setAccessibleName(tr("Clips"))
        self.list.setMaximumHeight(120)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(tr("Frame of the clip"))
        self.slider.setPageStep(PAGE_STEP)
        self.place, self.problem = QLabel(self), words(self, "problem")
        self.stage = CalmComboBox(self)
        self.stage.setAccessibleName(tr("Stage of the frame"))
        for stage in STAGES:
            self.stage.addItem(offered_as(stage), stage)
        self.pull = QPushButton(tr("Frame into the visit"), self)
        self.clock = CalmCheckBox(tr("with the clock"), self)
        self.export, self.remove = QPushButton(tr("Export ..."), self), QPushButton(tr("Remove"), self)
        self.close_button = QPushButton(tr("Back to live"), self)
        self._lay_out()
        self.list.currentRowChanged.connect(self._open)
        self.slider.valueChanged.connect(self._show_frame)
        self.pull.clicked.connect(self._pull)
        self.export.clicked.connect(self._ask_where)
        self.remove.clicked.connect(self._remove)
        self.close_button.clicked.connect(self.closed)

    def begin(self) -> None:
        """Show the clips of the visit on the desk."""
        self.follow()
        self.list.setFocus()
        self.list.setCurrentRow(-1)
        self.list.setCurrentRow(len(self._clips) - 1)  # the last one

    def end(self) -> None:
        """Another thing is shown."""
        self._reader = None
        self._reading.drop()
        self._opening.drop()
        self.list.setCurrentRow(-1)
        self.still.emit(None)

    def follow(self) -> None:
        """The visit changed."""
        from pfm_desktop.services.capture import clips

        case = self._session.case
        try:
            found = clips.clips_of(self._session.library, case.visit.id) if case is not None else ()
        except UserError as error:
            say(self.problem, spoken(error))
            return
        made = [rows.row_of(clip) for clip in found]
        if [row.clip_id for row in made] != self._clips:
            self._clips = [row.clip_id for row in made]
            self.list.blockSignals(True)
            self.list.clear()
            self.list.addItems([row.text for row in made])
            self.list.blockSignals(False)
        for line, row in enumerate(made):
            self.list.item(line).setText(row.text)
        self.empty.setVisible(not made)
        self.list.setVisible(bool(made))
        self._enable()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right step through the frames, Escape goes back to the live picture."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in steps:
            self.slider.setValue(self.slider.value() + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    @property
    def idle(self) -> bool:
        """Whether nothing is being read."""
        return not (self._opening.busy or self._reading.busy or self._pulling.busy)

    def _open(self, row: int) -> None:
        self._reader = None
        say(self.problem, "")
        self._enable()
        if 0 <= row < len(self._clips):
            clip_id = self._clips[row]
            self._opening.start(_opened, self._session.library, clip_id, done=self._came, failed=self._failed)

    def _came(self, found: tuple[ClipReader, float | None]) -> None:
        self._reader, self._offset = found
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, self._reader.frames - 1))
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        self._enable()
        self._show_frame(0)

    def _show_frame(self, number: int) -> None:
        if self._reader is not None and self._reader.frames:
            self._reading.start(_frame, self._reader, number, done=self._frame_came, failed=self._failed)

    def _frame_came(self, found: tuple[NDArray[np.uint8], float]) -> None:
        pixels, seconds = found
        reader = self._reader
        if reader is None:
            return
        since = self._since(seconds)
        self.place.setText(rows.place_text(seconds, reader.clip.seconds, since))
        if self.slider.value() == 0:
            case, at = self._session.case, reader.clip.started_at + timedelta(seconds=seconds)
            stage = rows.stage_at(at, since, case.pictures if case is not None else ())
            self.stage.setCurrentIndex(self.stage.findData(stage))
        say(self.problem, "")
        self.still.emit(pixels)

    def _since(self, seconds: float) -> float | None:
        return None if self._offset is None or self._offset + seconds < 0 else self._offset + seconds

    def _failed(self, problem: str) -> None:
        say(self.problem, problem)

    def _pull(self) -> None:
        reader = self._reader
        if reader is not None and not self._pulling.busy:
            number, stage = self.slider.value(), Stage(self.stage.currentData())
            args = (self._session.library, reader.clip.id, number, stage)
            self._pulling.start(_pulled, *args, done=self._is_in, failed=self._failed)

    def _is_in(self, changes: tuple[Change, ...]) -> None:
        self._session.tell_changed(changes, undoable=True)
        self.said.emit(tr("The frame is in the visit.") if changes else tr("This frame is in the visit already."))

    def _ask_where(self) -> None:
        if self._reader is None:
            return
        kinds, offered = ";;".join(text for _coding, text, _suffix in rows.VIDEOS), rows.file_name(self._reader.clip)
        dialog = ask_where(
            self, "export_clip", tr("Export the clip"), offered,
            lambda name: self._export_as(Path(name), dialog.selectedNameFilter()), kind=kinds,
        )  # fmt: skip

    def _export_as(self, name: Path, chosen: str) -> None:
        coding, _text, suffix = next((one for one in rows.VIDEOS if one[1] == chosen), rows.VIDEOS[0])
        out = rows.with_ending(name, suffix)
        if out != name and out.exists():  # which nobody was asked about
            self.said.emit(tr("{name} is there already. Nothing was written. Choose another name.", name=out.name))
        else:
            self.export_to(out, coding)

    def export_to(self, out: Path, coding: str) -> None:
        """Write the chosen clip as a video."""
        row = self.list.currentRow()
        if not 0 <= row < len(self._clips):
            return
        self._jobs.start(
            _export,
            self._session.library,
            self._clips[row],
            out,
            coding,
            self.clock.isChecked(),
            title=tr("Exporting the clip"),
            done=self._exported,
            failed=self.said.emit,
            stopped=lambda: self.said.emit(tr("Stopped. No video was written.")),
        )

    def _exported(self, made: ClipExport) -> None:
        said = tr("Written: {path}.", path=made.path)
        if made.problems:
            said += " " + tr("Parts could not be read: {parts}.", parts="; ".join(made.problems))
        self.said.emit(said)

    def _remove(self) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self._clips):
            return
        from pfm_desktop.services.capture import clips

        clip_id = self._clips[row]
        if self._session.perform(lambda lib: clips.remove(lib, clip_id)) is not None:
            self.still.emit(None)
            self.follow()

    def _enable(self) -> None:
        there = self._reader is not None and self._reader.frames > 0
        chosen = 0 <= self.list.currentRow() < len(self._clips)
        editing = not self._session.library.no_editing
        for part in (self.slider, self.stage):
            part.setEnabled(there)
        self.pull.setEnabled(there and editing)
        self.export.setEnabled(there)
        self.remove.setEnabled(chosen and editing)
        if not there:
            self.place.setText("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        for part in (self.heading, self.empty, self.list, self.slider, self.place, self.stage):
            column.addWidget(part)
        column.addLayout(in_a_row(self.pull))
        out = QHBoxLayout()
        out.addWidget(self.export)
        out.addWidget(self.clock)
        out.addWidget(self.remove)
        out.addStretch(1)
        column.addLayout(out)
        column.addWidget(self.problem)
        column.addLayout(in_a_row(self.close_button))


def _opened(ctx: Context, lib: Library, clip_id: str) -> tuple[ClipReader, float | None]:
    """As a job."""
    from pfm_desktop.services.capture import clips
    from pfm_desktop.services.capture.clip_reader import ClipReader

    ctx.check()
    reader = ClipReader(lib, clip_id)
    return reader, clips.acid_offset(lib, reader.clip)


def _frame(ctx: Context, reader: ClipReader, number: int) -> tuple[NDArray[np.uint8], float]:
    """As a job."""
    ctx.check()
    return reader.pixels(number), reader.seconds_of(number)


def _pulled(ctx: Context, lib: Library, clip_id: str, number: int, stage: Stage) -> tuple[Change, ...]:
    """As a job, with a reader of its own: one is for one thread."""
    from pfm_desktop.services.capture import clips

    ctx.check()
    return clips.pull_out(lib, clip_id, number, stage).changes


def _export(ctx: Context, lib: Library, clip_id: str, out: Path, coding: str, clock: bool) -> ClipExport:
    """As a job."""
    from pfm_desktop.services.capture.clip_export import export_clip

    return export_clip(ctx, lib, clip_id, out, coding=coding, clock=clock)
