"""A stage seen once more, for other eyes: painted from what the stage has, at its own size, without a copy of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.gui.widgets.layers import LayerStore
from pfm_desktop.gui.widgets.legend import legend_height
from pfm_desktop.gui.widgets.scene import FoundLines, Marks
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.gui.widgets.stage_drawings import DrawnLines
from pfm_desktop.gui.widgets.stage_regions import RegionLines
from pfm_desktop.gui.widgets.stage_render import Painting, paint
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.arrangement import arrange
from pfm_desktop.viewmodels.pair_view import PairView

PACE_MS = 33  # the stage may paint more often: the mouse of who works there comes first


@dataclass(frozen=True)
class MirrorLook:
    """What is seen besides the pictures: the model attention, pins and lines that were drawn."""

    attention: bool = False
    drawn: bool = True


class StageMirror(QWidget):
    """Follows `stage`: the same tissue, way of looking and cursor; neutral grey while the stage is not seen."""

    def __init__(self, stage: StageWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage, self._look, self._layers = stage, MirrorLook(), LayerStore()
        self._drawings = DrawnLines()  # what is kept of them at the size of the stage is of no use here
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PACE_MS)
        self._soon.timeout.connect(self.update)
        self.setMinimumSize(320, 180)
        self.setAccessibleName(tr("The pictures again, for others"))
        stage.painted.connect(self._follow)
        stage.seen.connect(self._at_once)

    @property
    def look(self) -> MirrorLook:
        """What is seen besides the pictures."""
        return self._look

    @look.setter
    def look(self, look: MirrorLook) -> None:
        self._look = look
        self.update()

    def painting(self) -> Painting | None:
        """What is painted next; None while there is nothing to be seen."""
        stage = self._stage
        if not stage.isVisible() or not stage.shown.sources:
            return None
        theirs = stage.painting()
        attention = self._look.attention and theirs.heatmap is not None
        legend = theirs.legend if attention else None
        strip = legend_height(legend, float(self.width())) if legend is not None else 0.0
        view, marks = self._enlarged(theirs.view), theirs.marks
        painting = replace(
            theirs,
            view=view,
            arrangement=arrange(view, (float(self.width()), self.height() - strip), stage.shown),
            stage=QRectF(self.rect()),
            heatmap=theirs.heatmap if attention else None,
            legend=legend,
            marks=marks if marks.os_is_sure else replace(marks, _os={}),  # what the program asks is for who works
            layers=self._layers,
            drawings=self._drawings.like(theirs.drawings),
            focused=False,
            hint="",
            hovered=None,  # the cursor of the stage is seen here as a cross, also where the stage shows the mouse's own
        )
        return painting if self._look.drawn else _bare(painting)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See `stage_render`."""
        painter, painting = QPainter(self), self.painting()
        if painting is None:
            self._layers.clear()
            painter.fillRect(self.rect(), SURROUND_COLOUR)
        else:
            paint(painter, painting)
        painter.end()

    def _enlarged(self, view: PairView) -> PairView:
        """All that the stage shows is seen here, as large as there is room for it."""
        if view.zoom is None:
            return view
        stage = self._stage
        scale = min(self.width() / max(1, stage.width()), self.height() / max(1, stage.height()))
        return replace(view, zoom=view.zoom * scale)

    def _at_once(self) -> None:
        """Also once the page has changed: what is asked for while it does, while updates are off, is forgotten."""
        self.update()
        self._soon.start()

    def _follow(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()


def _bare(painting: Painting) -> Painting:
    """The pictures alone."""
    return replace(
        painting,
        marks=Marks(),
        found=FoundLines(),
        cervix=False,
        stroke=None,
        regions=RegionLines(),
        drawings=DrawnLines(),
        brush={},
    )
