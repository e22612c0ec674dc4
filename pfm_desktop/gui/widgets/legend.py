"""The legend: a strip below the pictures wherever there is a heatmap. It never covers tissue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from pfm_desktop.domain.prediction import ATTENTION, BANNER, FUSED, PICTURE_SCALE, nothing_words
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.ink import TEXT, stage_font, twice
from pfm_desktop.gui.widgets.pyramid import argb_image
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.colour_maps import colour_table
from pfm_desktop.viewmodels.overlay import STRIPE_COLOUR
from pfm_desktop.viewmodels.pair_view import HeatmapView

BAR = (70.0, 10.0)  # no wider: the strip stays as low as it can
LINE = 17.0
PAD = 8.0
EDGE = 4.0  # above and below, clear of the focus frame
GAP = 14.0  # between two parts
KEY = 26.0  # width of the hatch sample and its gap
SIZE = 13.0

KIND_TITLES = {FUSED: tr("both sources"), **{source.value: source.words for source in Source}}
UNSEEN_TEXT = tr("not seen by the model (not zero)")
HATCH_PENS = ((QColor(0, 0, 0, 130), 1.0), (QColor(255, 255, 255, 150), 0.0))  # fine lines: colour, pixels to the right


@dataclass(frozen=True)
class LegendLines:
    """The words of the legend; `source`, `unseen` and `label` are "" where there is nothing to say.

    `shows`: what the heatmap shows (`Prediction.shows`). `ends`: words of 0 and of 1.
    """

    source: str
    threshold: str
    unseen: str
    label: str
    banner: str = BANNER
    empty: bool = False
    shows: str = ""
    ends: tuple[str, str] = PICTURE_SCALE

    @property
    def title(self) -> str:
        """`Model attention, both sources`."""
        return f"{ATTENTION}, {self.source}" if self.source else ATTENTION


class Kind(Enum):
    """How a part is drawn."""

    TITLE = auto()
    SCALE = auto()
    BARE_SCALE = auto()  # without the threshold, which the bar shows
    HATCH = auto()
    WORDS = auto()


@dataclass(frozen=True)
class Part:
    """One part of the legend, `x` and `width` logical pixels, in line `row`. The scale's text is `threshold`."""

    kind: Kind
    text: str
    x: float
    row: int
    width: float


def kind_title(kind: str, sources: Sequence[Source]) -> str:
    """`both sources`; the one source by name where the answer has only one."""
    return KIND_TITLES.get(sources[0].value if kind == FUSED and len(sources) == 1 else kind, kind)


def _from(threshold: float) -> str:
    return tr("from {threshold:.2f}", threshold=threshold)


def _outlined(threshold: float) -> str:
    return tr("fine lines: {threshold:.2f} and above", threshold=threshold)


def legend_lines(
    look: HeatmapView,
    *,
    all_seen: bool,
    label: str = "",
    sources: Sequence[Source] = (),
    most: float = 1.0,
    shows: str = "",
    ends: tuple[str, str] = PICTURE_SCALE,
) -> LegendLines:
    """`Model attention, both sources`, `from 0.30`, what the hatch means, which model, what the answer is not for.

    `most`: the strongest place; where it does not reach the threshold nothing is drawn, and that is said, as it is at
    an opacity of nothing. `shows`: see `Prediction.shows`; `ends`: see `Heatmap.ends`.
    """
    drawn = _outlined(look.threshold) if look.contour_only else _from(look.threshold)
    empty = most < look.threshold
    if empty:
        drawn = nothing_words(look.threshold, most)
    elif not look.contour_only and round(100 * look.opacity) == 0:  # as the controls say it
        empty, drawn = True, tr("nothing at opacity 0 %")
    return LegendLines(
        source=kind_title(look.kind, sources),
        threshold=drawn,
        empty=empty,
        shows=shows,
        ends=ends,
        unseen="" if all_seen else UNSEEN_TEXT,
        label=label,
    )


def legend_words(lines: LegendLines | None) -> str:
    """What the strip says of the heatmap, for a screen reader; "" without one."""
    if lines is None:
        return ""
    title = titled(lines.title, lines.shows) if lines.shows else lines.title
    least, most = lines.ends
    scale = tr("{least} to {most}, {threshold}", least=least, most=most, threshold=lines.threshold)
    return f"{title} ({scale})"


def legend_height(lines: LegendLines, width: float) -> float:
    """Height of the strip across a stage of `width`."""
    return (legend_parts(lines, width)[-1].row + 1) * LINE + 2 * EDGE


def legend_parts(lines: LegendLines, width: float) -> tuple[Part, ...]:
    """Where everything stands. Where more than two lines would be needed and that helps, the threshold goes, then the
    source, then what is shown; what the strip is about never does. Label and banner are whole, wrapped if need be. The
    scale has room for any threshold: while the slider moves nothing else does, and nothing is laid out anew."""
    return _laid_out(replace(lines, threshold="", empty=False), width)


@lru_cache(maxsize=64)
def _laid_out(lines: LegendLines, width: float) -> tuple[Part, ...]:
    bare = replace(lines, source="")
    ways = [(lines, Kind.SCALE), (lines, Kind.BARE_SCALE), (bare, Kind.SCALE), (bare, Kind.BARE_SCALE)]
    ways += [(replace(bare, shows=""), Kind.BARE_SCALE)]
    return min((_flowed(_parts(*way), width) for way in ways), key=lambda parts: max(1, parts[-1].row))


def _parts(lines: LegendLines, scale: Kind) -> list[tuple[Kind, str, float]]:
    plain, bold = QFontMetricsF(stage_font(SIZE)), QFontMetricsF(stage_font(SIZE, bold=True))
    title = titled(lines.title, lines.shows.partition(",")[0]) if lines.shows else lines.title
    parts = [
        (Kind.TITLE, title, bold.horizontalAdvance(title)),
        (scale, lines.threshold, _scale_width(plain, scale, lines.ends)),
    ]
    if lines.unseen:
        parts.append((Kind.HATCH, lines.unseen, KEY + plain.horizontalAdvance(lines.unseen)))
    words = [text for text in (lines.label, lines.banner) if text]
    return parts + [(Kind.WORDS, text, plain.horizontalAdvance(text)) for text in words]


def _scale_width(metrics: QFontMetricsF, kind: Kind, ends: tuple[str, str]) -> float:
    """The same for colours and for the line and for every threshold: nothing moves while a slider does."""
    threshold = f" ({_from(0)})" if kind is Kind.SCALE else ""
    bar = metrics.horizontalAdvance(f"{''.join(ends)}{threshold}") + BAR[0] + 18
    outlined, empty = _outlined(0), nothing_words(0, 0)
    return max(bar, KEY + metrics.horizontalAdvance(outlined), metrics.horizontalAdvance(empty))


def _flowed(parts: Sequence[tuple[Kind, str, float]], width: float) -> tuple[Part, ...]:
    placed: list[Part] = []
    room, x, row = width - 2 * PAD, 0.0, 0
    metrics = QFontMetricsF(stage_font(SIZE))
    for kind, text, wide in parts:
        pieces = [(text, wide)]
        if wide > room and kind is Kind.WORDS:
            pieces = [(word, metrics.horizontalAdvance(word)) for word in text.split()]
        for number, (piece, needed) in enumerate(pieces):
            gap = 0.0 if x == 0 else metrics.horizontalAdvance(" ") if number else GAP
            if x and x + gap + needed > room:
                x, gap, row = 0.0, 0.0, row + 1
            placed.append(Part(kind, piece, PAD + x + gap, row, needed))
            x += gap + needed
    return tuple(placed)


def draw_legend(painter: QPainter, strip: QRectF, look: HeatmapView, lines: LegendLines) -> None:
    """Draw it in `strip`, which is `legend_height` high."""
    for part in legend_parts(lines, strip.width()):
        box = QRectF(strip.left() + part.x, strip.top() + EDGE + part.row * LINE, part.width, LINE)
        if part.kind in (Kind.SCALE, Kind.BARE_SCALE):
            if lines.empty:
                _write(painter, box, lines.threshold)
            else:
                _draw_scale(painter, box, look, lines, bare=part.kind is Kind.BARE_SCALE)
        elif part.kind is Kind.HATCH:
            _draw_hatch_key(painter, box.adjusted(0, 3, KEY - 6 - box.width(), -2))
            _write(painter, box.adjusted(KEY, 0, 0, 0), part.text)
        else:
            _write(painter, box, part.text, bold=part.kind is Kind.TITLE)


def _write(painter: QPainter, box: QRectF, text: str, *, bold: bool = False) -> None:
    painter.setFont(stage_font(SIZE, bold=bold))
    painter.setPen(TEXT)
    free = Qt.TextFlag.TextDontClip | Qt.TextFlag.TextSingleLine
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | free, text)


def _draw_scale(painter: QPainter, box: QRectF, look: HeatmapView, lines: LegendLines, *, bare: bool) -> None:
    middle = box.center().y()
    if look.contour_only:
        _draw_lines_key(painter, QRectF(box.left(), box.top() + 3, KEY - 6, box.height() - 5))
        _write(painter, box.adjusted(KEY, 0, 0, 0), lines.threshold)
        return
    metrics, (least, most) = QFontMetricsF(stage_font(SIZE)), lines.ends
    _write(painter, box, least)
    bar = QRectF(box.left() + metrics.horizontalAdvance(least) + 6, middle - BAR[1] / 2, *BAR)
    _draw_bar(painter, bar, look)
    box = box.adjusted(bar.right() + 6 - box.left(), 0, 0, 0)
    _write(painter, box, most)
    if not bare:
        _write(painter, box.adjusted(metrics.horizontalAdvance(f"{most} "), 0, 0, 0), f"({lines.threshold})")


def _draw_lines_key(painter: QPainter, sample: QRectF) -> None:
    painter.save()
    painter.setClipRect(sample, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for colour, beside in HATCH_PENS:
        painter.setPen(QPen(colour, 0))
        for step in range(-12, 24, 6):
            start = sample.topLeft() + QPointF(step + beside, 0)
            painter.drawLine(start, start + QPointF(LINE, LINE))
    painter.restore()
    twice(painter, lambda: painter.drawRect(sample), width=1.0, smooth=False)


def _draw_bar(painter: QPainter, bar: QRectF, look: HeatmapView) -> None:
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    edge = bar.left() + look.threshold * bar.width()
    painter.drawImage(bar, ramp(look.colour_map))
    painter.fillRect(QRectF(bar.left(), bar.top(), edge - bar.left(), bar.height()), Qt.GlobalColor.black)
    twice(painter, lambda: painter.drawLine(QLineF(edge, bar.top() - 2, edge, bar.bottom() + 2)), smooth=False)


@lru_cache(maxsize=8)
def ramp(colour_map: str) -> QImage:
    """One line of 256 colours, from 0 to the upper end."""
    table = colour_table(colour_map).astype(np.uint32)
    colours = np.uint32(0xFF000000) | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]
    return argb_image(np.asarray(colours, dtype=np.uint32).reshape(1, 256))


def _draw_hatch_key(painter: QPainter, sample: QRectF) -> None:
    painter.save()
    painter.setClipRect(sample, Qt.ClipOperation.IntersectClip)
    painter.fillRect(sample, Qt.GlobalColor.black)
    painter.setPen(QColor(*STRIPE_COLOUR))
    for step in range(-12, 24, 5):
        start = QPointF(sample.left() + step, sample.bottom())
        painter.drawLine(start, start + QPointF(LINE, -LINE))
    painter.restore()
