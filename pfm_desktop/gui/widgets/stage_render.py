"""Paints the stage: pictures by mode, then heatmap, marks and words. No state of its own.

Pictures are always scaled smoothly, also while they move: with Qt's raster engine, from the right level of the pyramid,
that costs a few milliseconds for a 1920 x 1080 stage (benchmarks/stage.py).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QRegion

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR, draw_middle, plate, plate_rect, stage_font
from pfm_desktop.gui.widgets.layers import Drawn, LayerStore, Unkept, rectangles
from pfm_desktop.gui.widgets.legend import LegendLines, draw_legend, legend_height
from pfm_desktop.gui.widgets.loupe import draw_loupe
from pfm_desktop.gui.widgets.pyramid import draw_picture, picture_rect
from pfm_desktop.gui.widgets.scene import FoundLines, Marks, PaintedHeatmap, Scene
from pfm_desktop.gui.widgets.stage_captions import draw_captions
from pfm_desktop.gui.widgets.stage_drawings import (
    DrawnLines,
    draw_brush,
    draw_brush_stroke,
    draw_hint,
)
from pfm_desktop.gui.widgets.stage_heatmap import coloured_region, draw_heatmap
from pfm_desktop.gui.widgets.stage_marks import (
    draw_cursor,
    draw_curtain,
    draw_focus,
    draw_found,
    draw_marks,
    draw_scale_bar,
    draw_stroke,
)
from pfm_desktop.gui.widgets.stage_regions import RegionLines, draw_regions
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.arrangement import Arrangement, Pane
from pfm_desktop.viewmodels.display_look import note_of
from pfm_desktop.viewmodels.found import Stroke
from pfm_desktop.viewmodels.pair_view import FLICK_LIMIT, Lens, Mode, PairView

ROOM = (320.0, 100.0)  # for the scale bar
CLEAR = QColor(0, 0, 0, 0)
NO_PICTURE = tr("No picture on the stage. Choose one in the filmstrip below.")
TILES_DOWN = 8  # tiles of the checkerboard in the height of the pane
PENDING, APART = tr("{picture}, being registered"), tr("{picture}, not registered")
FLICKERS = tr("{picture} (space: the other)")


@dataclass
class Painting:
    """All that one frame is made of. `heatmap` is None while none may be shown."""

    scene: Scene
    view: PairView
    arrangement: Arrangement
    stage: QRectF
    marks: Marks = field(default_factory=Marks)
    found: FoundLines = field(default_factory=FoundLines)
    cervix: bool = False  # whether its outline is drawn, besides what is wrong
    stroke: Stroke | None = None  # that is being drawn around the cervix or a lesion
    regions: RegionLines = field(default_factory=RegionLines)
    drawings: DrawnLines = field(default_factory=DrawnLines)
    brush: Mapping[Source, float] = field(default_factory=dict)  # radius in pixels of each frame, while it is in hand
    hint: str = ""  # what the tool in hand does
    empty: str = NO_PICTURE  # what is said where there is no picture
    heatmap: PaintedHeatmap | None = None
    legend: LegendLines | None = None
    stages: Mapping[Source, str] = field(default_factory=dict)  # when each picture was taken
    warning: str = ""  # about these
    focused: bool = False
    loupe: bool = False
    layers: LayerStore | Unkept | None = None  # None paints everything anew
    hovered: Source | None = None  # first source of the pane under the mouse


def area_of(pane: Pane) -> QRectF:
    """The pane's rectangle on the stage."""
    lens = pane.lens
    return QRectF(lens.left, lens.top, lens.width, lens.height)


def paint(painter: QPainter, painting: Painting) -> None:
    """Paint the whole stage; what lies outside of the painter's clip is left out by Qt."""
    store = painting.layers if isinstance(painting.layers, LayerStore) else None
    if store is not None:
        store.begin()
    _fill_ground(painter, painting)
    if not painting.arrangement.panes:
        draw_middle(painter, painting.stage, painting.empty)
    for pane in painting.arrangement.panes:
        _paint_pane(painter, painting, pane)
    captions = painting.scene.captions
    warning = painting.warning if captions is None else captions.note
    notes = [note for note in (painting.arrangement.note, warning, _processed(painting)) if note]
    for row, note in enumerate(notes if painting.arrangement.panes else ()):
        _draw_note(painter, painting.stage, note, row, low=captions is not None)
    if painting.legend is not None and painting.heatmap is not None:
        strip = QRectF(painting.stage)
        strip.setTop(strip.bottom() - legend_height(painting.legend, strip.width()))
        draw_legend(painter, strip, painting.view.heatmap, painting.legend)
    if painting.hint and painting.arrangement.panes:
        draw_hint(painter, area_of(painting.arrangement.panes[0]), painting.hint)
    if painting.focused:
        draw_focus(painter, painting.stage)
    if store is not None:
        store.end()


def _fill_ground(painter: QPainter, painting: Painting) -> None:
    """The surround, where no picture will lie: half a millisecond less of each frame."""
    bare = QRegion(painting.stage.toAlignedRect())
    for pane in painting.arrangement.panes:
        size = painting.scene.shown.size(pane.frame)
        if size is not None and not pane.absent and _at_hand(painting, pane):
            seen = picture_rect(pane.lens, size).intersected(area_of(pane))
            bare -= seen.adjusted(2, 2, -2, -2).toAlignedRect()  # its outermost pixels may be cut
    for rect in rectangles(bare):
        painter.fillRect(rect, SURROUND_COLOUR)


def _paint_pane(painter: QPainter, painting: Painting, pane: Pane) -> None:
    area = area_of(pane)
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    if pane.absent:
        draw_middle(painter, area, pane.absent)
    else:
        draw_tissue(painter, painting, pane, area)
        _draw_found(painter, painting, pane)
        draw_regions(painter, pane, painting.regions.lines(pane.frame))
        if painting.drawings.given and _at_hand(painting, pane):
            painting.drawings.paint(painter, pane)
        if painting.stroke is not None and painting.stroke.frame is pane.frame:
            (draw_brush_stroke if painting.stroke.radius else draw_stroke)(painter, pane, painting.stroke)
        draw_marks(painter, pane, painting.marks)
        _draw_cursor(painter, painting, pane)
        if painting.arrangement.mode is Mode.SWIPE:
            draw_curtain(painter, pane, curtain_x(painting.view, pane))
        _draw_words(painter, painting, pane, area)
    painter.restore()


def _draw_found(painter: QPainter, painting: Painting, pane: Pane) -> None:
    """Never without the picture that it was found in."""
    if painting.found.given and _at_hand(painting, pane):
        draw_found(painter, pane, painting.found.lines(pane.frame, pane.sources, cervix=painting.cervix))


def draw_tissue(painter: QPainter, painting: Painting, pane: Pane, clip: QRectF) -> None:
    """Pictures and heatmap of a pane, `clip` only; also what the loupe shows larger."""
    layers, blend, key = painting.layers, _blend_of(painting, pane), _layer_key("blend", pane)
    if not isinstance(layers, LayerStore) or blend is None or not layers.settled(key, blend, pane.lens):
        _draw_parts(painter, painting, pane, clip)
        return

    def draw(onto: QPainter, lens: Lens, within: QRectF) -> None:
        onto.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        _draw_parts(onto, replace(painting, layers=Unkept()), replace(pane, lens=lens), within)

    _draw_layer(painter, painting, Drawn(key, blend, pane.lens, SURROUND_COLOUR, draw), clip)


def _blend_of(painting: Painting, pane: Pane) -> tuple[object, ...] | None:
    """All that a blend of two pictures and a heatmap is made of; None for a pane that is none."""
    if painting.arrangement.mode is not Mode.BLEND or len(pane.sources) < 2:
        return None
    pictures = (painting.scene.picture(source, pane.frame) for source in pane.sources)
    return (*pictures, painting.view.opacity, painting.heatmap, painting.view.heatmap.opacity)


def _draw_parts(painter: QPainter, painting: Painting, pane: Pane, clip: QRectF) -> None:
    _draw_pictures(painter, painting, pane, clip)
    if painting.heatmap is not None and _carries_heatmap(painting, pane):
        _draw_heatmap(painter, painting, painting.heatmap, pane, clip)


def _carries_heatmap(painting: Painting, pane: Pane) -> bool:
    """A heatmap lies in the reference frame, and never without the picture under it."""
    return _at_hand(painting, pane) and pane.frame is painting.scene.shown.reference


def _at_hand(painting: Painting, pane: Pane) -> bool:
    return all(painting.scene.picture(source, pane.frame) is not None for source in pane.sources)


def curtain_x(view: PairView, pane: Pane) -> float:
    """Stage x of the curtain."""
    return pane.lens.left + view.swipe * pane.lens.width


def _draw_pictures(painter: QPainter, painting: Painting, pane: Pane, clip: QRectF) -> None:
    first, *rest = pane.sources
    mode = painting.arrangement.mode
    if not rest:
        _draw_source(painter, painting, pane, first, clip)
    elif mode is Mode.SWIPE:
        x = curtain_x(painting.view, pane)
        area = area_of(pane)
        left = QRectF(area.left(), area.top(), x - area.left(), area.height())
        right = QRectF(x, area.top(), area.right() - x, area.height())
        _draw_source(painter, painting, pane, first, clip.intersected(left))
        _draw_source(painter, painting, pane, rest[0], clip.intersected(right))
    else:
        _draw_source(painter, painting, pane, first, clip)
        painter.save()
        if mode is Mode.BLEND:
            painter.setOpacity(painting.view.opacity)
        else:
            painter.setClipRegion(tiles(area_of(pane)), Qt.ClipOperation.IntersectClip)
        _draw_source(painter, painting, pane, rest[0], clip)
        painter.restore()


def tiles(area: QRectF) -> QRegion:
    """Every second tile of the checkerboard: those that show fluorescence."""
    side = max(8, round(area.height() / TILES_DOWN))
    region = QRegion()
    for row in range(int(area.height() // side) + 1):
        for column in range(int(area.width() // side) + 1):
            if (row + column) % 2:
                region += QRect(round(area.left()) + column * side, round(area.top()) + row * side, side, side)
    return region


def _draw_source(painter: QPainter, painting: Painting, pane: Pane, source: Source, clip: QRectF) -> None:
    picture = painting.scene.picture(source, pane.frame)
    if picture is None or clip.isEmpty():
        return

    def draw(onto: QPainter, lens: Lens, within: QRectF) -> None:
        draw_picture(onto, picture, lens, within)

    _draw_layer(painter, painting, Drawn(_layer_key(source, pane), picture, pane.lens, SURROUND_COLOUR, draw), clip)


def _draw_layer(painter: QPainter, painting: Painting, drawn: Drawn, clip: QRectF) -> None:
    if painting.layers is None:
        drawn.draw(painter, drawn.lens, clip)
        return
    painter.save()
    painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
    painting.layers.draw(painter, drawn)
    painter.restore()


def _layer_key(name: str, pane: Pane) -> Hashable:
    """Panes of one frame and size show one heatmap: scaled once."""
    return name, pane.frame, pane.lens.width, pane.lens.height


def _draw_heatmap(painter: QPainter, painting: Painting, heatmap: PaintedHeatmap, pane: Pane, clip: QRectF) -> None:
    size = painting.scene.shown.size(pane.frame)
    if size is None:
        return
    outlined = painting.view.heatmap.contour_only
    coloured = None if outlined else coloured_region(heatmap, picture_rect(pane.lens, size))
    if coloured is not None and coloured.isEmpty():
        return

    def draw(onto: QPainter, lens: Lens, within: QRectF) -> None:
        region = coloured if lens == pane.lens else None  # through another lens it lies elsewhere
        draw_heatmap(onto, heatmap, picture_rect(lens, size), within, outlined=outlined, region=region)

    painter.save()
    painter.setClipRect(clip, Qt.ClipOperation.IntersectClip)
    painter.setOpacity(1.0 if outlined else painting.view.heatmap.opacity)
    drawn = Drawn(_layer_key("heatmap", pane), heatmap, pane.lens, CLEAR, draw, coloured)
    _draw_layer(painter, painting, drawn, clip)
    painter.restore()


def _draw_cursor(painter: QPainter, painting: Painting, pane: Pane) -> None:
    cursor = painting.view.cursor
    if cursor is None or cursor.frame is not pane.frame:
        return
    at = QPointF(*pane.lens.to_stage(cursor.x, cursor.y))
    if painting.loupe:
        anew = replace(painting, layers=None)
        draw_loupe(painter, pane, at, lambda larger, clip: draw_tissue(painter, anew, larger, clip))
    if brush := painting.brush.get(pane.frame):
        draw_brush(painter, at, brush * pane.lens.zoom)
    if painting.hovered is not pane.sources[0]:  # there the system's own cursor stands
        draw_cursor(painter, at)


def _draw_words(painter: QPainter, painting: Painting, pane: Pane, area: QRectF) -> None:
    mode, captions = painting.arrangement.mode, painting.scene.captions
    if captions is not None:
        draw_captions(painter, captions, pane, area, mode, painting.view.opacity)
        _draw_scale(painter, painting, pane, area)
        return
    corner = area.topLeft() + QPointF(10, 10)
    names = [_name(painting, source) for source in pane.sources]
    if pane.frame is not painting.scene.shown.reference:  # the same place in both panes is not the same tissue
        said = PENDING if painting.scene.pending else APART
        names = [said.format(picture=name) for name in names]
    if mode is Mode.SWIPE:
        left = plate(painter, corner, names[0])
        right = plate_rect(area.topRight() + QPointF(-10, 10), names[1], stage_font(), align_right=True)
        lower = right.height() + 4 if right.left() < left.right() + 8 else 0.0
        plate(painter, right.topRight() + QPointF(0, lower), names[1], align_right=True)
    elif mode is Mode.BLEND:
        _draw_title(painter, corner, _shares(painting, names), area)
    elif mode is Mode.FLICKER:
        _draw_title(painter, corner, f"{FLICKERS.format(picture=names[0])}; {FLICK_LIMIT}", area)
    else:
        _draw_title(painter, corner, " / ".join(names), area)
    _draw_scale(painter, painting, pane, area)


def _draw_scale(painter: QPainter, painting: Painting, pane: Pane, area: QRectF) -> None:
    if pane.frame is painting.scene.shown.reference and painting.scene.mm_per_px:
        tissue = _seen_of_picture(painting, pane, area)
        draw_scale_bar(painter, tissue, pane.lens.zoom, painting.scene.mm_per_px)


def _draw_title(painter: QPainter, corner: QPointF, text: str, area: QRectF) -> None:
    """On one plate; in a narrow pane on one plate a part, below each other."""
    whole = plate_rect(corner, text, stage_font())
    for row, line in enumerate([text] if whole.right() <= area.right() else re.split(r"(?<=;) |(?<=,) ", text)):
        plate(painter, corner + QPointF(0, row * (whole.height() + 2)), line.rstrip(",;"))


def _shares(painting: Painting, names: list[str]) -> str:
    share = round(painting.view.opacity * 100)
    colon, joint = (":", "; ") if painting.stages else ("", ", ")
    return f"{names[0]}{colon} {100 - share} %{joint}{names[1][:1].lower()}{names[1][1:]}{colon} {share} %"


def _name(painting: Painting, source: Source) -> str:
    return COMMA.join(part for part in (painting.scene.shown.title(source), painting.stages.get(source, "")) if part)


def _seen_of_picture(painting: Painting, pane: Pane, area: QRectF) -> QRectF:
    """The part of the pane that the picture fills; the whole pane where that is too small for a scale bar."""
    seen = picture_rect(pane.lens, painting.scene.shown.size(pane.frame) or (1, 1)).intersected(area)
    return seen if seen.width() >= ROOM[0] and seen.height() >= ROOM[1] else area


def _processed(painting: Painting) -> str:
    """Whatever is not shown as it was taken says so."""
    if all(painting.view.window(source).neutral for source in PLACES):  # as in nearly every frame
        return ""
    sources = {source for pane in painting.arrangement.panes for source in pane.sources}
    shown = painting.scene.shown
    return note_of(painting.view, [(source, shown.title(source)) for source in PLACES if source in sources])


def _draw_note(painter: QPainter, stage: QRectF, note: str, row: int, *, low: bool = False) -> None:
    """Below the titles; `low`: above the scale bars, as the captions of what is no pair need the room at the top."""
    font = stage_font(13)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(note)
    top = stage.bottom() - 86 - 28 * row if low else stage.top() + 44 + 28 * row
    plate(painter, QPointF(stage.center().x() - width / 2 - 6, top), note, font=font)
