"""Two models on the locked test: figures, the verdict, and the cases that they grade differently as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.filmstrip import thumbnail_job
from pfm_desktop.gui.widgets.import_pictures import untinted
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, LeavesTheWheel, say, words
from pfm_desktop.gui.widgets.plain_table import as_high_as_its_rows, plain_table, show_rows
from pfm_desktop.services.learning.comparing import Changed, changed_of
from pfm_desktop.services.thumbnails import thumbnail
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import learning_words
from pfm_desktop.viewmodels.learning import changed_job

if TYPE_CHECKING:
    from pfm_desktop.domain.learning import Run
    from pfm_desktop.storage.library import Library

PICTURE = QSize(128, 96)
CELL = QSize(170, 166)  # with three lines below
MOST_PICTURES = 60  # that are shown; all are counted
STRIP_HEIGHT = 190
_VISIT = Qt.ItemDataRole.UserRole


class _Strip(LeavesTheWheel, QListWidget):
    """Pictures side by side, moved by keys and bar."""


class Figures(QWidget):
    """`visit_chosen(id)` when the visit of a changed case is to be seen. Hidden while a run has no figures."""

    visit_chosen = Signal(str)

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._figures: Mapping[str, Any] = {}
        self._looking, self._drawing = Background(self), Background(self)
        self._waiting: list[tuple[QListWidgetItem, str]] = []
        self.place = CalmComboBox(self)
        self.table = plain_table(self, learning_words.FIGURE_COLUMNS, tr("Figures of both models"))
        self.verdict, self.against, self.mind = words(self), words(self, "problem"), words(self, "badge")
        self.both, self.title, self.strip = words(self, "quiet"), words(self, "quiet"), _Strip(self)
        self._lay_out()
        self.place.activated.connect(lambda _row: self._show_place())
        self.strip.itemActivated.connect(lambda item: self.visit_chosen.emit(str(item.data(_VISIT))))
        self.show_run(None)

    @property
    def idle(self) -> bool:
        """Whether all pictures are there."""
        return not (self._looking.busy or self._drawing.busy or self._waiting)

    def show_run(self, run: Run | None) -> None:
        """The figures of its last look at the locked test."""
        self._figures = run.figures if run is not None else {}
        self.setVisible(bool(self._figures))
        self._looking.drop()
        self._drawing.drop()
        self._waiting = []
        self.strip.clear()
        if run is None or not self._figures:
            return
        self.place.clear()
        for key, title in learning_words.places(self._figures):
            self.place.addItem(title, key)
        self._show_place()
        say(self.both, learning_words.compared_text(self._figures))
        said, mind = learning_words.verdict_text(self._figures)
        bad = bool(self._figures.get("against"))
        say(self.against, said if bad else "")
        say(self.verdict, "" if bad else said)
        say(self.mind, mind)
        self._show_changed(changed_of(run))

    def _show_place(self) -> None:
        show_rows(self.table, learning_words.figure_rows(self._figures, str(self.place.currentData())))
        as_high_as_its_rows(self.table)

    def _show_changed(self, changed: Sequence[Changed]) -> None:
        self.title.setText(learning_words.changed_title(changed))
        self.strip.setVisible(bool(changed))
        shown = changed[:MOST_PICTURES]
        if shown:
            self._looking.start(
                changed_job, self._library, shown, done=lambda found: self._place(shown, found),
                failed=self.title.setText,
            )  # fmt: skip

    def _place(self, changed: Sequence[Changed], found: Mapping[str, tuple[str, str]]) -> None:
        for one in changed:
            visit, picture = found.get(one.pair_id, ("", ""))
            text = learning_words.changed_text(one)
            item = QListWidgetItem(text, self.strip)
            item.setToolTip(f"{text}\n" + (tr("Enter opens its visit in Review") if visit else tr("Its pair is gone")))
            item.setData(_VISIT, visit)
            if picture:
                self._waiting.append((item, picture))
        self._draw_next()

    def _draw_next(self) -> None:
        if not self._waiting:
            return
        item, picture = self._waiting.pop(0)
        side = PICTURE * self.devicePixelRatio()
        self._drawing.start(
            thumbnail_job, partial(thumbnail, self._library, picture), side,
            done=lambda image: self._drawn(item, image), failed=lambda _message: self._draw_next(),
        )  # fmt: skip

    def _drawn(self, item: QListWidgetItem, image: QImage) -> None:
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(self.devicePixelRatio())
        item.setIcon(untinted(pixmap))
        self._draw_next()

    def _lay_out(self) -> None:
        self.place.setAccessibleName(tr("Cases that the figures are of"))
        self.strip.setViewMode(QListView.ViewMode.IconMode)
        self.strip.setFlow(QListView.Flow.LeftToRight)
        self.strip.setWrapping(False)
        self.strip.setMovement(QListView.Movement.Static)
        self.strip.setIconSize(PICTURE)
        self.strip.setGridSize(CELL)
        self.strip.setFixedHeight(STRIP_HEIGHT)
        self.strip.setAccessibleName(tr("Cases that are graded differently"))
        heading = QLabel(tr("Old and new model on the locked test"), self)
        heading.setProperty("role", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (
            heading, self.place, self.table, self.both, self.verdict, self.against, self.mind, self.title, self.strip,
        ):  # fmt: skip
            column.addWidget(part)
