"""Heatmap to colours and contours, and what a picture does not show: numpy in, numpy out.

A heatmap is prepared once (`prepare`: enlarged to a smooth grid of levels) and coloured often (`coloured`: one table
look-up), so that threshold and colour map follow a slider.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.viewmodels.colour_maps import colour_table
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter

GRID = 768  # longer side of the enlarged heatmap, in grid cells
BAND = 64  # rows that are enlarged at a time
LEVELS = 253  # values 0..1 become levels 0..253; the two above mean "not seen"
UNSEEN, UNSEEN_STRIPE = 254, 255
SPACING = 24  # between the lines of `hatching`, grid cells
STRIPE = 8  # width of a hatch stripe, grid cells
STRIPE_COLOUR = (150, 150, 150)
STRIPE_ALPHA = 0.55
SURROUND = 0x2B  # neutral grey about the pictures
HATCH = 0x3A

Levels = NDArray[np.uint8]
Field = NDArray[np.float32]


@dataclass(frozen=True)
class PreparedHeatmap:
    """`levels` is h x w uint8 (see `LEVELS`, `UNSEEN`), edge to edge over the picture; made of `values`, in 0..1 with
    NaN where nothing was seen."""

    levels: Levels
    values: Field

    @property
    def all_seen(self) -> bool:
        """Whether the engine saw the whole picture."""
        return not bool((self.levels >= UNSEEN).any())

    @cached_property
    def field(self) -> Field:
        """The values on the grid of `levels`, h x w; only outlines need them."""
        return enlarged(self.values, *self.levels.shape)


def prepare(heatmap: Heatmap, *, aspect: float, grid: int = GRID) -> PreparedHeatmap:
    """Enlarge a heatmap to a picture of `aspect` (width / height); its longer side gets `grid` cells.

    A few milliseconds, as it is done while the window paints.
    """
    width, height = (grid, max(1, round(grid / aspect))) if aspect >= 1 else (max(1, round(grid * aspect)), grid)
    values = np.asarray(heatmap.values, dtype=np.float32)
    levels = np.empty((height, width), dtype=np.uint8)
    for top in range(0, height, BAND):  # small pieces: fresh memory for the whole would cost more than the arithmetic
        band = enlarged(values, height, width, slice(top, top + BAND))
        unseen = np.isnan(band)
        partly = bool(unseen.any())
        rounded = np.rint(np.clip(np.nan_to_num(band) if partly else band, 0.0, 1.0) * np.float32(LEVELS))
        levels[top : top + BAND] = rounded
        if partly:
            rows = np.arange(top, top + len(band), dtype=np.int32)[:, None]
            stripes = (rows + np.arange(width, dtype=np.int32)) // STRIPE % 3 == 0
            levels[top : top + BAND][unseen] = UNSEEN
            levels[top : top + BAND][unseen & stripes] = UNSEEN_STRIPE
    return PreparedHeatmap(levels, values)


def enlarged(values: Field, height: int, width: int, rows: slice = slice(None)) -> Field:
    """Linear enlargement of h x w values that span the picture edge to edge, of it the `rows` asked for; NaN stays NaN
    and does not bleed."""
    seen = np.isfinite(values)
    if seen.all():
        return _stretched(values, height, width, rows)
    share = _stretched(seen.astype(np.float32), height, width, rows)
    total = _stretched(np.where(seen, values, np.float32(0)), height, width, rows)
    return np.where(share >= 0.5, total / np.maximum(share, np.float32(1e-6)), np.float32(np.nan))


def _stretched(values: Field, height: int, width: int, wanted: slice) -> Field:
    """Rows, then columns, between cell centres, held at the edges. No matrix product: its threads would wait for those
    of the engine."""
    low, high, part = (each[wanted] for each in _between(values.shape[0], height))
    rows = values[low] + (values[high] - values[low]) * part[:, None]
    low, high, part = _between(values.shape[1], width)
    left = rows[:, low]
    return np.asarray(left + (rows[:, high] - left) * part, dtype=np.float32)


def _between(source: int, target: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Field]:
    """For each of `target` cells the two of `source` between which its centre lies, and how far along."""
    at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = at.astype(np.int64)
    return low, np.minimum(low + 1, source - 1), (at - low).astype(np.float32)


def coloured(levels: Levels, colours: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The levels of a `PreparedHeatmap` in the 256 `colours` of `level_colours`; of the shape of `levels`."""
    return np.asarray(np.take(colours, levels), dtype=np.uint32)


def level_colours(*, colour_map: str, threshold: float) -> NDArray[np.uint32]:
    """256 of 0xAARRGGBB by level, colours multiplied by alpha: clear below `threshold`, hatched where nothing was
    seen."""
    values = np.arange(256) / LEVELS
    rgb = colour_table(colour_map)[np.clip(np.round(values * 255), 0, 255).astype(np.int64)].astype(np.float64)
    # a soft edge of a few levels instead of a jagged one; a threshold of 0 clears nothing
    alpha = np.ones(256) if threshold <= 0 else np.clip((values - threshold) * 25 + 0.5, 0.0, 1.0)
    alpha[UNSEEN] = 0.0
    alpha[UNSEEN_STRIPE] = STRIPE_ALPHA
    rgb[UNSEEN_STRIPE] = STRIPE_COLOUR
    parts = np.round(np.column_stack([alpha * 255, rgb * alpha[:, None]])).astype(np.uint32)
    return np.asarray(parts[:, 0] << 24 | parts[:, 1] << 16 | parts[:, 2] << 8 | parts[:, 3], dtype=np.uint32)


def contours(prepared: PreparedHeatmap, level: float, *, step: int = 3) -> NDArray[np.float64]:
    """N x 2 x 2 line pieces (both ends, x then y, in 0..1 of the picture's width and height) at `level`.

    Marching squares (Lorensen and Cline's table in two dimensions) on every `step`-th cell; cells that touch unseen
    ground carry no line.
    """
    field = prepared.field[::step, ::step].astype(np.float64)
    if min(field.shape) < 2:
        return np.empty((0, 2, 2))
    corners = np.stack([field[:-1, :-1], field[:-1, 1:], field[1:, 1:], field[1:, :-1]])
    seen = np.asarray(np.isfinite(corners).all(axis=0))
    case = np.zeros(seen.shape, dtype=np.int64)
    for bit in range(4):
        case |= (corners[bit] >= level).astype(np.int64) << bit
    pieces = [
        _edge_points(corners, case, code, edges, level, seen) for code, lines in _LINES.items() for edges in lines
    ]
    joined = np.concatenate(pieces) if pieces else np.empty((0, 2, 2))
    height, width = prepared.field.shape
    scaled: NDArray[np.float64] = (joined * step + 0.5) / np.array([width, height])
    return scaled


# corners: 0 top-left, 1 top-right, 2 bottom-right, 3 bottom-left; edges: 0 top, 1 right, 2 bottom, 3 left
_LINES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 5: ((3, 0), (1, 2)), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 10: ((0, 1), (2, 3)), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_CORNER_XY = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def _edge_points(
    corners: NDArray[np.float64],
    case: NDArray[np.int64],
    code: int,
    edges: tuple[int, int],
    level: float,
    seen: NDArray[np.bool_],
) -> NDArray[np.float64]:
    rows, columns = np.nonzero((case == code) & seen)
    origin = np.column_stack([columns, rows]).astype(np.float64)
    ends = []
    for edge in edges:
        first, second = edge, (edge + 1) % 4
        a, b = corners[first, rows, columns], corners[second, rows, columns]
        part = np.clip((level - a) / np.where(b == a, 1.0, b - a), 0.0, 1.0)[:, None]
        ends.append(origin + _CORNER_XY[first] + part * (_CORNER_XY[second] - _CORNER_XY[first]))
    return np.stack(ends, axis=1)


def hatching(prepared: PreparedHeatmap, level: float, *, spacing: int = SPACING) -> NDArray[np.float64]:
    """N x 2 x 2 line pieces as of `contours`, falling to the right, over all that reaches `level`.

    They are `spacing` grid cells apart and end where `contours` has its line, at the edge of the picture, and beside
    unseen ground. A peak so small that it might lie between two lines has one of its own.
    """
    height, width = prepared.field.shape
    starts = np.arange(-(height - 1) // spacing * spacing, width, spacing)  # one runs through the top left corner
    line, ends = _runs(prepared.field, starts, level)
    rows, columns = _peaks(prepared.values, level, (height, width))
    own = columns - rows
    which, short = _runs(prepared.field, own, level)
    on_peak = (short[:, 0] <= rows[which]) & (rows[which] <= short[:, 1]) & (short[:, 1] - short[:, 0] < spacing)
    offsets, ends = np.concatenate([starts[line], own[which][on_peak]]), np.concatenate([ends, short[on_peak]])
    places = np.stack([ends + offsets[:, None], ends], axis=2)
    scaled: NDArray[np.float64] = (places + 0.5) / np.array([width, height])
    return np.clip(scaled, 0.0, 1.0)


def _runs(field: Field, starts: NDArray[np.int64], level: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the diagonals that meet the top row at `starts` reach `level`: the number of the diagonal of each of N
    runs, and N x 2 rows at which the run begins and ends."""
    height, width = field.shape
    rows = np.arange(height)
    columns = starts[:, None] + rows
    values = field[rows, np.clip(columns, 0, width - 1)]
    reached = np.zeros((len(starts), height + 2), dtype=bool)
    reached[:, 1:-1] = (values >= level) & (columns >= 0) & (columns < width)
    line, first = np.nonzero(reached[:, 1:] & ~reached[:, :-1])  # row by row: the n-th begin has the n-th end
    last = np.nonzero(reached[:, :-1] & ~reached[:, 1:])[1] - 1
    ends = np.stack([first - _past(values, line, first, -1, level), last + _past(values, line, last, 1, level)], axis=1)
    return line, ends


def _peaks(values: Field, level: float, shape: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns, on a grid of `shape`, of the values that reach `level` and have no higher neighbour: each area
    of the enlarged heatmap that reaches it holds one."""
    known = np.where(np.isfinite(values), values, -np.inf)
    framed = np.pad(known, 1, constant_values=-np.inf)
    about = np.stack([framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]])
    row, column = np.nonzero((known >= level) & (known >= about.max(axis=0)))
    scale = np.array(shape) / values.shape
    place = np.rint((np.stack([row, column], axis=1) + 0.5) * scale - 0.5).astype(np.int64)
    return place[:, 0], place[:, 1]


def _past(
    values: Field, line: NDArray[np.int64], at: NDArray[np.int64], step: int, level: float
) -> NDArray[np.float64]:
    """How far beyond the sample `at` the line still reaches `level`, in cells, 0..1."""
    here = values[line, at].astype(np.float64)
    there = values[line, np.clip(at + step, 0, values.shape[1] - 1)].astype(np.float64)
    falls = np.isfinite(there) & (there < level)
    return np.where(falls, (here - level) / np.where(falls, here - there, 1.0), 0.0)


def hatch_absent(picture: NDArray[np.uint8], present: NDArray[np.bool_]) -> None:
    """Hatch the H x W x 3 picture, in place, in the grey of the surround where `present` (H x W) is False."""
    stripe = max(2, max(present.shape) // 120)
    grey = np.where(np.arange(sum(present.shape)) // stripe % 4 == 0, np.uint8(HATCH), np.uint8(SURROUND))
    for row in np.flatnonzero(~present.all(axis=1)):
        absent = np.flatnonzero(~present[row])
        picture[row, absent] = grey[row + absent, None]


def window_table(window: DisplayWindow) -> NDArray[np.uint8]:
    """256 brightness values after the display window."""
    span = max(1.0, window.high - window.low)
    scaled = np.clip((np.arange(256) - window.low) / span, 0.0, 1.0) ** (1.0 / max(0.05, window.gamma))
    return np.asarray(np.round(scaled * 255), dtype=np.uint8)


def looked(rgb: NDArray[np.uint8], window: DisplayWindow) -> NDArray[np.uint8]:
    """A copy of an H x W x 3 picture as it is shown through a display window; for a thread."""
    from pfm_desktop.imaging.screen import brightened, contrasted, through_green

    if window.filter is Filter.GREEN:
        rgb = through_green(rgb)
    elif window.filter is Filter.CONTRAST:
        rgb = contrasted(rgb)
    return brightened(rgb, window_table(window))


def scale_bar(mm_per_px: float, zoom: float, *, longest: float) -> tuple[float, float]:
    """Round length in mm (1, 2 or 5 times a power of ten) and its logical pixels, at most `longest` of them."""
    most = longest * mm_per_px / zoom
    power = 10.0 ** np.floor(np.log10(most))
    length = max(part * power for part in (1.0, 2.0, 5.0) if part * power <= most * (1 + 1e-9))
    return float(length), float(length * zoom / mm_per_px)
