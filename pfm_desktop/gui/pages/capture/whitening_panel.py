"""Whitening after acetic acid: the curve of a place, and maps over the first frame."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyqtgraph
from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.pages.capture.kept_places import KeptPlaces
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, LeavesOnEscape, in_a_row, say, words
from pfm_desktop.gui.widgets.plot import plot_to_look_at
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import whitening as text

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.examination import KeptWhitening, Whitening
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.following import Followed, MapShown, Polygon
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session

HEIGHT, TALLEST = 130, 250  # pixels of the plot, in a window up to `LOW` pixels high and in a higher one
LOW = 900
USUAL_S, USUAL_RISE = 180.0, 20.0  # of the axes while there is no curve
LEAST_RANGE = 6.0  # dL*, so that noise does not look like whitening
AGAIN_MS = 1500  # while it is followed live


class WhiteningPanel(LeavesOnEscape, QFrame):
    """`still(pixels)`: the first frame, to be shown instead of the live picture (None: the live one). `drawn(region,
    normal, map)` what is to be drawn over it; `said`, `closed`. Clicks and strokes on it come by `place`."""

    still = Signal(object)
    drawn = Signal(object, object, object)
    said = Signal(str)
    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._followed: Followed | None = None
        self._visit_id = ""
        self.mm_per_px: float | None = None
        self.region: Polygon = ()
        self.normal: Polygon | None = None
        self._curve: Whitening | None = None
        self._map: tuple[MapShown, QImage] | None = None
        self._work, self._mapping, self._keeping = (Background(self) for _ in range(3))
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Whitening"))
        self.heading, self.hint = words(self, "heading", tr("Whitening")), words(self, "quiet", text.CHOOSE)
        self.plot = plot_to_look_at(self, HEIGHT)
        self.plot.getPlotItem().setLimits(minYRange=LEAST_RANGE)
        self._line, self._marks = self.plot.plot(), self.plot.plot(pen=None, symbol="o", symbolSize=8)
        self.summary, self.caution = words(self), words(self, "problem")
        self.count = words(self, "quiet")
        self.kind = CalmComboBox(self)
        self.kind.setAccessibleName(tr("Map over the picture"))
        for key, said in text.MAPS:
            self.kind.addItem(said, key)
        self.normal_button = QPushButton(tr("Normal tissue"), self)
        self.normal_button.setCheckable(True)
        self.suggest = QPushButton(tr("Suggest"), self)
        self.suggest.setToolTip(tr("Suggest normal tissue near the place: look whether it is"))
        self.keep, self.close_button = QPushButton(tr("Put on record"), self), QPushButton(tr("Back to live"), self)
        self.kept = KeptPlaces(session, self)
        self._again = QTimer(self, interval=AGAIN_MS)
        self._again.timeout.connect(self._look)
        self._lay_out()
        self._paint()
        self.kind.currentIndexChanged.connect(self._map_wanted)
        self.normal_button.toggled.connect(self._say_hint)
        self.suggest.clicked.connect(self._suggest)
        self.keep.clicked.connect(self._keep)
        self.kept.chosen.connect(self._show_kept)
        self.close_button.clicked.connect(self.closed)

    def begin(self, followed: Followed | None, visit_id: str, mm_per_px: float | None) -> None:
        """Show what was followed; None: nothing was."""
        if followed is not self._followed:
            self.region, self.normal, self._curve, self._map = (), None, None, None
            self.kind.setCurrentIndex(0)
        self._followed, self._visit_id, self.mm_per_px = followed, visit_id, mm_per_px
        self.kept.follow()
        self.plot.setFixedHeight(min(TALLEST, HEIGHT + max(0, self.window().height() - LOW)))  # there is room for it
        self._show()
        self.still.emit(followed.first if followed is not None else None)
        self._say_hint()
        if followed is not None:
            self._again.start()
            self._look()
        self.setFocus()

    def search(self) -> None:
        """It is looked for what was followed; `begin` comes later where a clip has to be read."""
        if self._followed is None:
            say(self.hint, text.SEARCHING)

    def forget(self) -> None:
        """Another visit is on the desk: nothing of the one before is shown."""
        self._followed, self._visit_id = None, ""
        self.region, self.normal, self._curve, self._map = (), None, None, None
        self._show()
        self.kept.follow()
        self.count.setText("")

    def end(self) -> None:
        """Another thing is shown."""
        self._again.stop()
        for work in (self._work, self._mapping):
            work.drop()
        self.drawn.emit((), None, None)
        self.still.emit(None)

    def place(self, points: Polygon) -> None:
        """A place was drawn (several points) or clicked (one), in pixels of the first frame."""
        if self._followed is None:
            return
        self.kept.leave()
        region = points if len(points) > 2 else self._followed.region_at(*points[0], self.mm_per_px)
        if self.normal_button.isChecked():
            self.normal = region
            self.normal_button.setChecked(False)
            self._map_wanted()
        else:
            self.region = region
        self._show()
        self._look()

    def _show_kept(self, one: KeptWhitening) -> None:
        """A place on record, again; over the first frame where that is the one it was measured on."""
        here = self._followed is not None and self._followed.clip_id == one.clip_id
        self._work.drop()
        self.normal_button.setChecked(False)
        self.region, self.normal = (one.whitening.region, one.normal) if here else ((), None)
        self._curve = one.whitening
        self._map_wanted()
        self._show()
        if not here:
            say(self.caution, text.OTHER_CLIP)

    def changeEvent(self, event: QEvent) -> None:
        """Lines are drawn in the colours of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "keep"):
            self._paint()

    @property
    def legend(self) -> text.MapLegend | None:
        """Of the map that is drawn; None without one."""
        return text.legend_of(self._map[0] if self._map is not None else None)

    @property
    def idle(self) -> bool:
        """Whether nothing is being measured."""
        return not (self._work.busy or self._mapping.busy or self._keeping.busy)

    def _look(self) -> None:
        from pfm_desktop.services.capture import following

        followed = self._followed
        if followed is None:
            return
        refused = sum(followed.stabiliser.refused.values())
        self.count.setText(text.followed_words(followed.count, refused))
        if self.region and not self._work.busy and not self.kept.looked_at:  # that is shown as it was put on record
            self._work.start(
                following.curve_of, followed, self.region, self.normal, done=self._curve_came, failed=self._failed
            )

    def _curve_came(self, one: Whitening) -> None:
        self._curve = one
        self._show()

    def _failed(self, problem: str) -> None:
        self._curve = None
        self._show()
        say(self.caution, problem)

    def _map_wanted(self) -> None:
        from pfm_desktop.services.capture import following

        kind, followed = self.kind.currentData(), self._followed
        if not kind or followed is None:
            self._map = None
            self._show()
            return
        self._mapping.start(
            following.map_of, followed, kind, self.normal, done=self._map_came, failed=partial(say, self.caution)
        )

    def _map_came(self, shown: MapShown) -> None:
        self._map = shown, _image(shown)
        self._show()

    def _suggest(self) -> None:
        from pfm_desktop.services.capture import following

        if self._followed is not None and self.region:
            args = (self._followed, self.region)
            self._mapping.start(
                following.suggested_normal, *args, done=self._suggested, failed=partial(say, self.caution)
            )

    def _suggested(self, place: Polygon) -> None:
        if not place:
            say(self.caution, text.NO_NORMAL)
            return
        self.normal = place
        say(self.hint, text.SUGGESTED)
        self._show()
        self._look()

    def _say_hint(self) -> None:
        if self._followed is None:
            say(self.hint, text.NO_CLIP)
        else:
            say(self.hint, text.CHOOSE_NORMAL if self.normal_button.isChecked() else text.CHOOSE)

    def _show(self) -> None:
        one, there = self._curve, self._followed is not None
        for part in (self.kind, self.normal_button, self.suggest, self.keep):
            part.setVisible(there)
        self.plot.setVisible(there or one is not None)
        self.suggest.setEnabled(bool(self.region))
        anew = one is not None and not self.kept.looked_at
        self.keep.setEnabled(anew and not self._session.library.no_editing)
        self.summary.setText(text.summary(one) if one is not None else "")
        self.summary.setVisible(there or one is not None)
        say(self.caution, text.caution(one) if one is not None else "")
        values = () if one is None else one.against_normal or one.change
        if one is None:
            self.plot.setRange(xRange=(0, USUAL_S), yRange=(0, USUAL_RISE), padding=0)
        else:
            self.plot.enableAutoRange()
        self._line.setData([] if one is None else list(one.seconds), list(values))
        marks = text.marks(one) if one is not None else ()
        self._marks.setData([at for at, _ in marks], [value for _, value in marks])
        self.drawn.emit(self.region, self.normal, self._map[1] if self._map is not None else None)

    def _keep(self) -> None:
        followed, one = self._followed, self._curve
        if followed is None or one is None or self._keeping.busy:
            return
        args = (self._session.library, self._visit_id, followed, one, self.normal)
        say(self.hint, text.KEEPING)
        self._keeping.start(_kept, *args, done=self._is_kept, failed=self._not_kept)

    def _is_kept(self, change: Change) -> None:
        self._session.tell_changed((change,), undoable=True)
        self.said.emit(text.KEPT)
        self._say_hint()

    def _not_kept(self, problem: str) -> None:
        self._say_hint()
        say(self.caution, problem)

    def _paint(self) -> None:
        colours = self.palette()
        ink, line = colours.color(QPalette.ColorRole.WindowText), colours.color(QPalette.ColorRole.Link)
        self.plot.setBackground(colours.color(QPalette.ColorRole.Base))
        for side, title in (("bottom", tr("seconds after acid")), ("left", "dL*")):
            axis = self.plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(ink)
            axis.setTextPen(ink)
            self.plot.setLabel(side, title, color=ink.name())
        self._line.setPen(pyqtgraph.mkPen(line, width=2))
        self._marks.setSymbolBrush(ink)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        line = self.fontMetrics().lineSpacing()
        for label, lines in ((self.hint, 2), (self.summary, 3)):  # so that no button moves under the hand
            label.setMinimumHeight(lines * line)
        for part in (self.heading, self.hint, self.plot, self.summary, self.kind):
            column.addWidget(part)
        column.addLayout(in_a_row(self.normal_button, self.suggest))
        column.addWidget(self.count)
        column.addLayout(in_a_row(self.keep, self.close_button))
        column.addWidget(self.caution)
        column.addWidget(self.kept)


def _image(shown: MapShown) -> QImage:
    height, width = shown.rgba.shape[:2]
    return QImage(shown.rgba.data, width, height, shown.rgba.strides[0], QImage.Format.Format_RGBA8888).copy()


def _kept(
    ctx: Context, lib: Library, visit_id: str, followed: Followed, one: Whitening, normal: Polygon | None
) -> Change:
    """As a job: with both maps, where there are any yet."""
    from pfm_desktop.services.capture import following, records

    curve, png = following.with_maps(ctx, followed, one, normal)
    return records.keep_whitening(lib, visit_id, followed.clip_id, curve, png, normal)
