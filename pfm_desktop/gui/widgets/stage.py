"""The stage: where a pair is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.draw_commands import DrawCommands
from pfm_desktop.gui.widgets.layers import LayerStore
from pfm_desktop.gui.widgets.legend import LegendLines, legend_height, legend_lines, legend_words
from pfm_desktop.gui.widgets.loupe import loupe_rect
from pfm_desktop.gui.widgets.scene import FoundLines, HeatmapStore, Marks
from pfm_desktop.gui.widgets.stage_commands import StageCommands
from pfm_desktop.gui.widgets.stage_drawings import DrawnLines, brush_rect
from pfm_desktop.gui.widgets.stage_keys import StageKeys
from pfm_desktop.gui.widgets.stage_marks import cursor_rect
from pfm_desktop.gui.widgets.stage_mouse import StageMouse
from pfm_desktop.gui.widgets.stage_pictures import StagePictures
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair
from pfm_desktop.gui.widgets.stage_regions import RegionLines
from pfm_desktop.gui.widgets.stage_render import NO_PICTURE, Painting, paint
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA, titled, with_and
from pfm_desktop.viewmodels.arrangement import Arrangement, Shown, arrange
from pfm_desktop.viewmodels.found import Found
from pfm_desktop.viewmodels.marks import cursor_in_both
from pfm_desktop.viewmodels.pair_view import Cursor, DisplayWindow, PairRegistration, PairView, for_heatmaps

RGB = NDArray[np.uint8]


class Tool(StrEnum):
    """What a click on the stage does."""

    PAN = "pan"
    PIN = "pin"
    OS = "os"
    CERVIX = "cervix"
    REGION = "region"
    LESION = "lesion"
    BRUSH = "brush"
    ERASER = "eraser"
    SCJ = "scj"


TOOL_WORDS = {
    Tool.PAN: tr("Pan", "to move pictures"),
    Tool.PIN: tr("Pin"),
    Tool.OS: tr("Os"),
    Tool.CERVIX: tr("Cervix"),
    Tool.REGION: tr("Region"),
    Tool.LESION: tr("Lesion"),
    Tool.BRUSH: tr("Brush"),
    Tool.ERASER: tr("Eraser"),
    Tool.SCJ: tr("SCJ"),
}


class StageWidget(QWidget):
    """Shows a pair, its heatmap and its marks; changes only its own `view`, everything else it asks for by signal.

    Points in signals are pixels of the frame that is named with them: white light while the pair is registered (both
    pictures then lie in that frame), else the picture that was clicked.
    """

    view_changed = Signal(object)  # PairView; not for movements of the cursor
    cursor_moved = Signal(object)  # CursorPosition | None
    pin_requested = Signal(object, float, float)  # Source, x, y
    pin_moved = Signal(str, float, float)  # in the pin's own frame
    pin_selected = Signal(str)
    pin_removed = Signal(str)
    os_marked = Signal(object, float, float)
    cervix_drawn = Signal(object, object)  # Source, outline
    region_drawn = Signal(object, object)  # the same, of a lesion as a reader sees it
    lesion_drawn = Signal(object, object)  # the same, a contour of a documented lesion
    junction_drawn = Signal(object, object)  # Source, open line
    brushed = Signal(object, object, float, bool)  # Source, line, radius in pixels, whether it takes away
    drawing_selected = Signal(str)
    drawing_removed = Signal(str)
    corner_moved = Signal(str, int, float, float)  # of a drawing, in its own frame
    declined = Signal(str)  # why something cannot be drawn there
    corners_changed = Signal(int)  # how many are clicked by now
    tool_changed = Signal(str)
    picture_dropped = Signal(str, object)  # picture id, Source of the pane (None on an empty stage)
    painted = Signal()  # a frame, or a part of one
    seen = Signal(bool)  # the stage came into view, or went out of it
    aligned = Signal(bool)  # the fluorescence picture lies in the white-light frame now (False: could not be done)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = PairView()
        self._heatmaps = HeatmapStore()
        self._label, self._sources, self._shows = "", tuple[Source, ...](), ""
        self._stages: dict[Source, str] = {}
        self._warning = ""
        self._marks = Marks()
        self._found = FoundLines()
        self.regions = RegionLines(self._refresh)  # lesions as readers drew them
        self.drawings = DrawnLines(self._refresh)  # contours of lesions and the SCJ line
        self.empty_words = NO_PICTURE
        self._tool = Tool.PAN
        self.pins_move = True  # whether dragging a pin moves it; else it pans
        self._hovered: Source | None = None
        self._layers = LayerStore()
        self._mouse = StageMouse(self)  # before the first child: `event` is called from here on
        self.commands = StageCommands(self, self._mouse)
        self.draw = DrawCommands(self, self._mouse)
        self.keys = StageKeys(self, cancel_drag=self._mouse.cancel)
        self._pictures = StagePictures(self)
        self._pictures.changed.connect(self._pictures_changed)
        self._pictures.aligned.connect(self.aligned)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 190)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # every pixel is painted; no erasing first
        self.setAccessibleName(tr("Stage: the pair of pictures"))
        self._mouse.show_pointer()
        self._describe()

    # ---- what is shown

    def set_pair(self, white: RGB | None, fluorescence: RGB | None, registration: PairRegistration | None) -> None:
        """Show other pictures (H x W x 3 uint8 RGB), or the same arrays with another registration.

        The pictures are on the stage when this returns; the fluorescence picture moves into the white-light frame as
        soon as a thread has warped it (`aligned`). Other pictures are shown fitted, without the heatmap, marks and
        scale of those before.
        """
        if self._pictures.replace(white, fluorescence, registration):
            self._begin_pair()
        self._pictures_changed()

    def set_prepared(self, pair: PreparedPair) -> None:
        """As `set_pair`, of a pair that a thread has made ready: all of it is on the stage when this returns."""
        if self._pictures.take(pair) and not pair.goes_on:
            self._begin_pair()
        self._pictures_changed()

    def _begin_pair(self) -> None:
        """Nothing of the pair before stays, but the way of looking."""
        self._heatmaps.replace({}, aspect=1.0)
        self._label, self._sources, self._shows = "", (), ""
        self._stages, self._warning = {}, ""
        self._marks, self._found = Marks(), FoundLines()
        self.regions.replace(())
        self.drawings.replace(())
        self.drawings.hidden = False  # nobody would know that there is something
        self._pictures.scene.mm_per_px = None
        self._layers.clear()
        self._mouse.let_go()
        self.move_cursor(None)
        as_taken = DisplayWindow()  # how a picture is shown is of that picture
        self.set_view(replace(self._view, zoom=None, white_window=as_taken, fluorescence_window=as_taken))

    def set_heatmaps(
        self, heatmaps: Mapping[str, Heatmap], *, label: str = "", sources: Sequence[Source] = (), shows: str = ""
    ) -> None:
        """Heatmaps by kind (fused, white, fluorescence) over the white-light picture, or the only one; {} hides.

        `label` (`ModelInfo.label`) stands in the legend, so do the `sources` of the answer (none: those shown), and
        what the heatmaps show (`Prediction.shows`).
        """
        self._label, self._sources, self._shows = label, tuple(sources), shows
        size = self.shown.size(self.shown.reference) or (1, 1)
        self._heatmaps.replace(heatmaps, aspect=size[0] / size[1])
        self.set_view(for_heatmaps(self._view, heatmaps))
        if self._view.heatmap.visible:
            self._heatmaps.painted(self._view.heatmap)  # coloured here, so that the next frame does not wait for it
        self._refresh()

    def set_stages(self, stages: Mapping[Source, str], warning: str = "", second: Source = Source.FLUORESCENCE) -> None:
        """When each picture was taken ("acetic acid, 60 s"), for the titles, and a `warning` about that; `second`: of
        which source the second picture is."""
        self._stages, self._warning = dict(stages), warning
        self._pictures.scene.second = second
        self._refresh()

    def set_found(self, found: Mapping[Source, Found]) -> None:
        """What the quality check found in the pictures on the stage."""
        if found != self._found.given:
            self._found.replace(found)
            self._refresh()

    def set_marks(self, pins: Sequence[Pin], os_mark: OsMark | None, suggested: OsMark | None = None) -> None:
        """Pins and os, drawn in both pictures; `suggested` is an os that the program found, for want of a mark."""
        self._marks.pins, self._marks.os_mark, self._marks.suggested = tuple(pins), os_mark, suggested
        self._marks.place(self.registration)
        self.select_pin(self._marks.selected)

    def select_pin(self, pin_id: str) -> None:
        """Show a pin as chosen ("" for none); sends no signal."""
        self._marks.selected = pin_id if any(pin.id == pin_id for pin in self._marks.pins) else ""
        if self._marks.selected:
            self.drawings.selected = ""  # of both together Delete would have to guess
        self._refresh()

    def set_scale(self, mm_per_px: float | None) -> None:
        """Millimetres per pixel of the white-light picture (or the only one); None shows no scale bar."""
        self._pictures.scene.mm_per_px = mm_per_px if mm_per_px and mm_per_px > 0 else None
        self._refresh()

    def clear(self) -> None:
        """An empty stage; the way of looking (mode, opacity, colour map) stays."""
        self.set_pair(None, None, None)

    @property
    def shown(self) -> Shown:
        """Which pictures there are."""
        return self._pictures.scene.shown

    @property
    def marks(self) -> Marks:
        """Pins and os as they stand in each frame."""
        return self._marks

    @property
    def registration(self) -> PairRegistration | None:
        """The registration in use; None while there is none or it was refused."""
        return self._pictures.scene.registration

    @property
    def busy(self) -> bool:
        """Whether a thread still prepares a picture."""
        return self._pictures.busy

    # ---- how it is looked at

    @property
    def view(self) -> PairView:
        """How the pair is shown now."""
        return self._view

    def set_view(self, view: PairView) -> None:
        """Show the pair another way."""
        if view == self._view:
            return
        if (view.mode, view.flicker) != (self._view.mode, self._view.flicker):
            self._mouse.drop_stroke()  # it would go on over another picture
        self._view = view
        for source in PLACES:
            self._pictures.set_window(source, view.window(source))
        self._refresh()
        self.view_changed.emit(view)

    def move_cursor(self, cursor: Cursor | None, *, over: Source | None = None) -> None:
        """Put the shared cursor on a picture point; `over` is the pane that has the mouse."""
        if cursor == self._view.cursor and over is self._hovered:
            return
        self._update_about_cursor()
        self._view, self._hovered = replace(self._view, cursor=cursor), over
        self._update_about_cursor()
        if cursor is None:
            self.cursor_moved.emit(None)
            return
        other = self.shown.size(Source.FLUORESCENCE if cursor.frame is Source.WHITE else Source.WHITE)
        self.cursor_moved.emit(cursor_in_both(cursor.frame, cursor.x, cursor.y, self.registration, other_size=other))

    @property
    def tool(self) -> str:
        """What the mouse does: one of `Tool`."""
        return self._tool.value

    @tool.setter
    def tool(self, tool: str) -> None:
        if Tool(tool) is self._tool:
            return
        self._tool = Tool(tool)
        self._mouse.let_go()  # what was begun with another tool is not ended with this one
        self._mouse.show_pointer()
        self._refresh()
        self.tool_changed.emit(tool)

    @property
    def arrangement(self) -> Arrangement:
        """The panes as they are now."""
        return self._arranged(self.legend())

    def _arranged(self, legend: LegendLines | None) -> Arrangement:
        """The panes above the strip of this legend."""
        strip = 0.0 if legend is None else legend_height(legend, float(self.width()))
        return arrange(self._view, (float(self.width()), self.height() - strip), self.shown)

    def legend(self) -> LegendLines | None:
        """The words of the strip below the pictures, also while the heatmap is held off: no picture moves by that."""
        look, shown = self._view.heatmap, self.shown
        if not look.visible or look.kind not in self._heatmaps.kinds or not shown.sources:
            return None
        sources = self._sources or shown.sources
        maps = self._heatmaps
        return legend_lines(
            look,
            all_seen=maps.all_seen(look.kind),
            label=self._label,
            sources=sources,
            most=maps.most(look.kind),
            shows=self._shows,
            ends=maps.ends(look.kind),
        )

    # ---- painting

    def painting(self) -> Painting:
        """One frame, ready for `stage_render.paint`."""
        look, legend = self._view.heatmap, self.legend()
        return Painting(
            scene=self._pictures.scene,
            view=self._view,
            arrangement=self._arranged(legend),
            stage=QRectF(self.rect()),
            marks=self._mouse.marks_while_dragging(self._marks),
            found=self._found,
            cervix=self.commands.cervix_shown,
            stroke=self._mouse.stroke,
            regions=self.regions,
            drawings=self.drawings,
            brush={source: self.draw.brush_radius(source) for source in PLACES},
            hint=self.drawings.hint if self.shown.sources else "",
            empty=self.empty_words,
            heatmap=self._heatmaps.painted(look) if look.visible and not self.commands.heatmap_held_off else None,
            legend=legend,
            stages=self._stages,
            warning=self._warning,
            focused=self.hasFocus(),
            loupe=self.commands.loupe_held,
            hovered=self._hovered,
            layers=self._layers,
        )

    def event(self, event: QEvent) -> bool:
        """Mouse and keys go to their own classes; not by event filters, which Qt still calls while a widget dies."""
        if self._mouse.handle(event) or self.keys.handle(event):
            event.accept()
            return True
        done = super().event(event)
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):  # whoever shows the same elsewhere hears of it
            self.seen.emit(self.isVisible())
        return done

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See `stage_render`."""
        painter = QPainter(self)  # Qt clips to the event's region, to whole device pixels at any scale
        paint(painter, self.painting())
        painter.end()
        self.painted.emit()

    def sizeHint(self) -> QSize:
        """A usual picture."""
        return QSize(1280, 720)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panes follow; so do the words of the screen reader."""
        super().resizeEvent(event)
        self._describe()

    def _pictures_changed(self) -> None:
        self._marks.place(self.registration)
        self._found.place(self.registration)
        self.regions.place(self.registration)
        self.drawings.place(self.registration)
        cursor = self._view.cursor
        if cursor is not None and all(pane.frame is not cursor.frame for pane in self.arrangement.panes):
            self.move_cursor(None)  # it stood in the fluorescence picture, which lies in the white-light frame now
        self._refresh()

    def _update_about_cursor(self) -> None:
        cursor = self._view.cursor
        if cursor is None:
            return
        rect_of = loupe_rect if self.commands.loupe_held else cursor_rect
        brush = self.draw.brush_radius(cursor.frame)
        for pane in self.arrangement.panes:
            if pane.frame is cursor.frame:
                at = QPointF(*pane.lens.to_stage(cursor.x, cursor.y))
                self.update(rect_of(at).toAlignedRect())
                if brush:
                    self.update(brush_rect(at, brush * pane.lens.zoom).toAlignedRect())

    def _refresh(self) -> None:
        self._describe()
        self.update()

    def _describe(self) -> None:
        """The words of the screen reader."""
        shown, legend = self.shown, self.legend()
        arrangement = self._arranged(legend)
        if not shown.sources:
            self.setAccessibleDescription(tr("No picture on the stage."))
            return
        drawn = COMMA.join(one.words for one in self.drawings.given)
        parts = [
            titled(arrangement.mode.caption, with_and(shown.spoken(place) for place in shown.sources)),
            self._warning if shown.captions is None else shown.captions.note,
            arrangement.note or (tr("registered") if shown.registered else tr("not registered")),
            legend_words(legend),
            tr("%n pins", "", len(self._marks.pins)) if self._marks.pins else "",
            tr("%n regions", "", len(self.regions.given)) if self.regions.given else "",
            tr("drawn: {drawings}", drawings=drawn) if drawn else "",
            tr("tool: {tool}", tool=TOOL_WORDS[self._tool].lower()),
            self.drawings.hint,
        ]
        text = ". ".join(part for part in parts if part) + "."
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
