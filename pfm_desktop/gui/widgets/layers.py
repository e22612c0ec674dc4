"""What each picture looks like in its pane, kept between frames.

Opacity, swipe and flicker then only copy pixels; panning moves what is there and paints the strip that came into
view; while zooming, or while a slider changes a content in each frame, nothing is kept of it, and each frame scales it
anew. What is blended is kept blended as well: panning then moves one layer in place of three.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import cast

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from pfm_desktop.viewmodels.pair_view import Lens

WHOLE_PIXEL = 0.02  # how far from a whole device pixel a movement may be to count as one

Draw = Callable[[QPainter, Lens, QRectF], None]


@dataclass(frozen=True)
class Drawn:
    """What is painted as one layer, kept by the name `key`: `draw` paints `content` (compared by `same`) over `ground`
    through `lens`, within a clip. Outside of `region` it is clear."""

    key: Hashable
    content: object
    lens: Lens
    ground: QColor
    draw: Draw
    region: QRegion | None = None


class Layer:
    """One content through one lens."""

    def __init__(self) -> None:
        self._content: object = None
        self._lens: Lens | None = None
        self._ratio = 1.0
        self._last: tuple[float, object] | None = None  # zoom and content of the last frame
        self.fleeting = False
        self._pixmap = QPixmap()

    def begin_frame(self, zoom: float, content: object) -> None:
        """The first use in a frame. `fleeting`: what is kept in this frame would be of no use in the next."""
        last, self._last = self._last, (zoom, content)
        self.fleeting = last is not None and (last[0] != zoom or not same(last[1], content))

    def holds(self, content: object) -> bool:
        """Whether this is kept here, be it for a lens from which it has yet to be moved."""
        return same(content, self._content)

    def renewed(self, drawn: Drawn, ratio: float) -> QPixmap:
        """The pane's pixels now, `ratio` device pixels a logical one."""
        lens = drawn.lens
        kept = self.holds(drawn.content) and ratio == self._ratio
        if kept and (lens == self._lens or self._moved(drawn)):
            return self._pixmap
        self._content, self._lens, self._ratio = drawn.content, lens, ratio
        width, height = max(1, round(lens.width * ratio)), max(1, round(lens.height * ratio))
        if (self._pixmap.width(), self._pixmap.height()) != (width, height):
            self._pixmap = QPixmap(width, height)
            self._pixmap.fill(drawn.ground)  # decides whether the pixmap has an alpha channel
        self._pixmap.setDevicePixelRatio(ratio)
        self._fill([QRect(0, 0, width, height)], drawn)
        return self._pixmap

    def _moved(self, drawn: Drawn) -> bool:
        """Follow a movement by whole device pixels; False where it is not one."""
        old, lens = self._lens, drawn.lens
        if old is None or replace(lens, centre=old.centre) != old:
            return False
        scale = lens.zoom * self._ratio
        across, down = (old.centre[0] - lens.centre[0]) * scale, (old.centre[1] - lens.centre[1]) * scale
        dx, dy = round(across), round(down)
        far = abs(dx) >= self._pixmap.width() or abs(dy) >= self._pixmap.height()
        if far or abs(across - dx) > WHOLE_PIXEL or abs(down - dy) > WHOLE_PIXEL:
            return False
        if dx or dy:
            # by what was really moved, so that small differences do not add up over a long drag
            self._lens = moved = replace(old, centre=(old.centre[0] - dx / scale, old.centre[1] - dy / scale))
            whole = self._pixmap.rect()
            self._pixmap.scroll(dx, dy, whole)
            self._fill(_uncovered(whole, dx, dy), replace(drawn, lens=moved))
        return True

    def _fill(self, rects: list[QRect], drawn: Drawn) -> None:
        """Paint rectangles (device pixels) anew."""
        painter = QPainter(self._pixmap)
        for rect in rects:
            clip = _logical(rect, self._ratio)
            painter.setClipRect(clip, Qt.ClipOperation.ReplaceClip)
            _paint_anew(painter, drawn, clip)
        painter.end()


def same(one: object, other: object) -> bool:
    """Contents, or tuples of them, are compared by identity and numbers by value: a picture has many pixels."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one is other or (isinstance(one, float) and isinstance(other, float) and one == other)


KEPT = 4  # two pictures, a heatmap, and the three blended; flicker keeps the picture that is not shown


class LayerStore:
    """The layers of one stage; those that were not used for longest are given back."""

    def __init__(self) -> None:
        self._layers: dict[Hashable, Layer] = {}
        self._used: set[Hashable] = set()
        self._blend: tuple[object, Lens] | None = None  # of the last frame

    def begin(self) -> None:
        """A frame begins."""
        self._used.clear()

    def end(self) -> None:
        """The frame is painted."""
        for key in list(self._layers)[: -max(KEPT, len(self._used))]:  # oldest use first
            del self._layers[key]

    def clear(self) -> None:
        """Other pictures came: those before must not be held in memory."""
        self._layers.clear()
        self._blend = None

    def settled(self, key: Hashable, content: object, lens: Lens) -> bool:
        """Whether the blend `key` is to be kept as one layer: it is what it was in the last frame, and it moves or is
        kept already. While a slider changes it, its parts are kept instead."""
        last, self._blend = self._blend, (content, lens)
        if last is not None and last[1].zoom != lens.zoom:
            self._layers.pop(key, None)  # of no use at another zoom
            return False
        if last is None or not same(last[0], content):
            return False
        return last[1] != lens or (key in self._layers and self._layers[key].holds(content))

    def draw(self, painter: QPainter, drawn: Drawn) -> None:
        """Paint a layer on the stage, through the painter's clip and opacity.

        A layer is kept for a lens in the corner of the stage: panes that differ only in where they stand share it.
        """
        key, lens = drawn.key, drawn.lens
        layer = self._layers.pop(key) if key in self._layers else Layer()
        if key not in self._used:
            layer.begin_frame(lens.zoom, drawn.content)
        self._used.add(key)
        self._layers[key] = layer  # last in the dictionary: used last
        ratio = painter.device().devicePixelRatioF()
        if layer.fleeting:
            drawn.draw(painter, lens, QRectF(lens.left, lens.top, lens.width, lens.height))
            return
        pixels = layer.renewed(replace(drawn, lens=replace(lens, left=0.0, top=0.0)), ratio)
        _copy(painter, QPointF(lens.left, lens.top), pixels, drawn.region)


class Unkept:
    """Paints each layer to the last pixel as one that is kept, and keeps none: for the strips of a blend."""

    def draw(self, painter: QPainter, drawn: Drawn) -> None:
        """See `LayerStore.draw`; only what the painter's clip lets through is made."""
        ratio = painter.device().devicePixelRatioF()
        clip = painter.clipBoundingRect()
        left, top = floor(clip.left() * ratio), floor(clip.top() * ratio)
        pixels = QPixmap(ceil(clip.right() * ratio) - left, ceil(clip.bottom() * ratio) - top)
        pixels.fill(drawn.ground)
        pixels.setDevicePixelRatio(ratio)
        corner = QPointF(left / ratio, top / ratio)
        onto = QPainter(pixels)
        onto.translate(-corner)
        _paint_anew(onto, drawn, clip)
        onto.end()
        _copy(painter, corner, pixels, drawn.region)


def rectangles(region: QRegion) -> list[QRect]:
    """What a region is made of, none over another."""
    return list(cast("Iterable[QRect]", region))  # the stub does not say that it can be gone through


def each_clipped(painter: QPainter, region: QRegion) -> Iterator[QRect]:
    """The rectangles of a region, the painter clipped to each in turn. Clipped to all at once, Qt rounds the edges of
    what it scales another way: a row more or less of it would be seen."""
    for part in rectangles(region):
        painter.save()
        painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
        yield part
        painter.restore()


def _paint_anew(painter: QPainter, drawn: Drawn, clip: QRectF) -> None:
    """The ground and what is drawn on it, in place of what is there."""
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(clip, drawn.ground)
    # a pixel more on each side: smooth scaling looks at the neighbours
    drawn.draw(painter, drawn.lens, clip.adjusted(-1, -1, 1, 1))


def _copy(painter: QPainter, corner: QPointF, pixels: QPixmap, region: QRegion | None) -> None:
    if region is None:
        painter.drawPixmap(corner, pixels)
        return
    for _ in each_clipped(painter, region):
        painter.drawPixmap(corner, pixels)


def _uncovered(whole: QRect, dx: int, dy: int) -> list[QRect]:
    """What a movement of everything by (dx, dy) leaves bare: a strip of full height and one of the rest."""
    width, height = whole.width(), whole.height()
    side = QRect(0 if dx > 0 else width + dx, 0, abs(dx), height)
    rest = QRect(max(dx, 0), 0 if dy > 0 else height + dy, width - abs(dx), abs(dy))
    return [rect for rect in (side, rest) if not rect.isEmpty()]


def _logical(rect: QRect, ratio: float) -> QRectF:
    return QRectF(rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio)
