"""Fine drawn structure: vessels, punctation, mosaic, villi. Drawn at the 1024 camera's scale, then reduced."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import QhullError, Voronoi

from pfm_desktop.imaging.phantom.anatomy import Geometry, Woman
from pfm_desktop.imaging.phantom.fields import Canvas, Field, stream
from pfm_desktop.imaging.phantom.lesions import Lesion
from pfm_desktop.imaging.phantom.parameters import LESIONS

_FULL = 1024
_SHIFT = 4
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawing sheet over the canvas at the scale of a 1024 picture; coordinates in mm in the canvas's frame."""

    canvas: Canvas
    ink: npt.NDArray[np.uint8]
    x0: float
    y0: float
    pitch: float

    def to_px(self, points: Points) -> npt.NDArray[np.int32]:
        """mm (n, 2) to fixed-point pixels."""
        px = (points - (self.x0, self.y0)) / self.pitch
        out: npt.NDArray[np.int32] = np.round(px * (1 << _SHIFT)).astype(np.int32)
        return out

    def lines(self, paths: Iterable[Points], width_mm: float, shade: int = 255) -> None:
        """Draw open paths."""
        thick = max(1, round(width_mm / self.pitch))
        shade = round(shade * min(1.0, max(0.35, width_mm / self.pitch)))
        cv2.polylines(self.ink, [self.to_px(p) for p in paths], False, shade, thick, cv2.LINE_AA, _SHIFT)

    def field(self) -> Field:
        """The drawing, 0-1, at the canvas's own resolution."""
        ink = np.asarray(self.ink)
        if ink.shape != (self.canvas.height, self.canvas.width):
            ink = np.asarray(cv2.resize(ink, (self.canvas.width, self.canvas.height), interpolation=cv2.INTER_AREA))
        return ink.astype(np.float32) * np.float32(1 / 255)


def sheet(canvas: Canvas) -> Sheet:
    """An empty sheet."""
    scale = _FULL / canvas.size
    shape = (round(canvas.height * scale), round(canvas.width * scale))
    pitch = canvas.mm_per_px / scale
    half = canvas.mm_per_px / 2 - pitch / 2
    return Sheet(
        canvas, np.zeros(shape, np.uint8), float(canvas.axis_x()[0]) - half, float(canvas.axis_y()[0]) - half, pitch
    )


def at(field: Field, canvas: Canvas, points: Points) -> npt.NDArray[np.float32]:
    """A coarse field's nearest values at points (n, 2) in mm."""
    pitch = canvas.mm_per_px * canvas.step
    col = np.clip(np.round((points[:, 0] - canvas.axis_x(coarse=True)[0]) / pitch).astype(int), 0, field.shape[1] - 1)
    row = np.clip(np.round((points[:, 1] - canvas.axis_y(coarse=True)[0]) / pitch).astype(int), 0, field.shape[0] - 1)
    found: npt.NDArray[np.float32] = field[row, col]
    return found


def scatter(rng: np.random.Generator, centre: tuple[float, float], radius: float, spacing: float) -> Points:
    """Jittered hexagonal points (n, 2) in mm over a square around `centre`."""
    count = int(2 * radius / spacing) + 1
    i, j = np.mgrid[0:count, 0:count]
    points = np.stack([(j + 0.5 * (i % 2)) * spacing, i * spacing * 0.87], -1).reshape(-1, 2) - (radius, 0.87 * radius)
    return points + rng.uniform(-0.36, 0.36, points.shape) * spacing + centre


def walk(
    rng: np.random.Generator, start: Points, heading: float, *, length: float, step: float, wander: float
) -> Points:
    """A wandering path (n, 2) in mm."""
    count = max(3, int(length / step))
    turn = heading + np.cumsum(rng.normal(0, wander, count))
    return start + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], -1) * step, axis=0)


def trunk_vessels(woman: Woman, geometry: Geometry) -> Field:
    """A few branching surface vessels, as seen best over cysts and on thin epithelium."""
    out = sheet(geometry.canvas)
    rng = stream(woman.seed, "vessels")
    for _ in range(int(3 + 9 * woman.vessels)):
        angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(0.35, 0.95) * woman.radius_mm
        start = np.array([distance * np.cos(angle), distance * np.sin(angle)])
        heading = angle + np.pi + rng.normal(0, 0.7)
        length = rng.uniform(2.0, 7.0)
        trunk = walk(rng, start, heading, length=length, step=0.15, wander=0.16)
        out.lines([trunk], rng.uniform(0.05, 0.11), int(rng.uniform(110, 230)))
        for _ in range(int(rng.integers(1, 5))):
            begin = int(rng.integers(0, len(trunk)))
            side = heading + rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
            twig = walk(rng, trunk[begin], side, length=length * rng.uniform(0.25, 0.6), step=0.12, wander=0.24)
            out.lines([twig], rng.uniform(0.03, 0.06), int(rng.uniform(90, 190)))
    return out.field()


def threads(seed: int, woman: Woman, geometry: Geometry) -> Field:
    """Two nylon strings that hang out of the os."""
    out = sheet(geometry.canvas)
    rng = stream(seed, "threads")
    for _ in range(2):
        start = np.array(woman.os_shift) + rng.normal(0, 0.25, 2)
        heading = np.pi / 2 + rng.normal(0, 0.45)
        out.lines([walk(rng, start, heading, length=rng.uniform(7, 16), step=0.3, wander=0.05)], 0.17)
    return out.field()


def _cells(points: Points) -> list[Points]:
    """Short walls between neighbouring points."""
    try:
        diagram = Voronoi(points)
    except QhullError:
        return []
    return [diagram.vertices[ridge] for ridge in diagram.ridge_vertices if -1 not in ridge]


def _curls(rng: np.random.Generator, points: Points, size: float) -> list[Points]:
    """Commas, hairpins and corkscrews of irregular calibre and no hierarchy."""
    out = []
    for point in points:
        heading = rng.uniform(-np.pi, np.pi)
        bend = rng.choice([-1, 1]) * rng.uniform(0.15, 0.55)
        count = int(rng.integers(6, 22))
        turn = heading + bend * np.arange(count) * (
            1 if rng.random() < 0.6 else np.sign(np.sin(np.arange(count) * 0.9))
        )
        turn = turn + rng.normal(0, 0.25, count)
        out.append(point + np.cumsum(np.stack([np.cos(turn), np.sin(turn)], -1) * size * 0.10, axis=0))
    return out


def lesion_vessels(lesion: Lesion, seed: int, level: Field, geometry: Geometry) -> Field | None:
    """Punctation, mosaic or atypical vessels of one lesion; None where it has none."""
    if lesion.pattern == "none" or float(level.max()) <= 0.2:
        return None
    canvas = geometry.canvas
    row = LESIONS[lesion.kind]
    rng = stream(seed, f"pattern:{lesion.kind}")
    rows, cols = np.nonzero(level > 0)
    ax, ay = canvas.axis_x(coarse=True), canvas.axis_y(coarse=True)
    centre = (float(ax[cols].mean()), float(ay[rows].mean()))
    reach = min(max(float(np.ptp(ax[cols])), float(np.ptp(ay[rows]))), 30.0) * 0.75 + 1
    points = scatter(rng, centre, reach, lesion.tile_mm)
    points = points + 0.35 * lesion.tile_mm * np.sin(points[:, ::-1] * 2.1 + rng.uniform(0, 6, 2))
    # A pattern covers part of its lesion in patches
    patch = np.sin(points[:, 0] * rng.uniform(0.5, 1.1) + rng.uniform(0, 6)) + np.sin(
        points[:, 1] * rng.uniform(0.5, 1.1) + rng.uniform(0, 6)
    )
    points = points[(at(level, canvas, points) > 0.15) & (patch > rng.uniform(-1.2, 0.0))]
    out = sheet(canvas)
    if len(points) < 8:
        return None
    if lesion.pattern == "mosaic":
        walls = [w for w in _cells(points) if np.hypot(*(w[1] - w[0])) < 1.2 * lesion.tile_mm]
        for few, strength in ((walls[::2], 235), (walls[1::2], 170)):
            out.lines(few, row.line_mm * 0.8, strength)
    elif lesion.pattern == "punctation":
        for part, strength in ((points[::2], 255), (points[1::2], 180)):
            out.lines([np.stack([p, p + 0.02]) for p in part], row.line_mm * 1.9, strength)
    else:
        curls = _curls(rng, points[rng.random(len(points)) < 0.38], lesion.tile_mm * 1.5)
        for k, (width, strength) in enumerate(((1.2, 200), (0.8, 220), (0.5, 190))):
            out.lines(curls[k::3], row.line_mm * width, strength)
    return out.field()


def villi(woman: Woman, geometry: Geometry) -> Field | None:
    """Height 0-1 of the grape-like villi, over the whole canvas; None where no columnar epithelium shows."""
    if woman.scj_mm < 0.3:
        return None
    canvas = geometry.canvas
    rng = stream(woman.seed, "villi")
    out = sheet(canvas)
    spacing = float(rng.uniform(0.42, 0.75))
    points = scatter(rng, woman.os_shift, woman.os_half_width + woman.scj_mm + 4.0, spacing)
    px = np.round((points - (out.x0, out.y0)) / out.pitch).astype(int)
    seen = (px[:, 0] >= 0) & (px[:, 1] >= 0) & (px[:, 0] < out.ink.shape[1]) & (px[:, 1] < out.ink.shape[0])
    seeds = np.full(out.ink.shape, 255, np.uint8)
    seeds[px[seen, 1], px[seen, 0]] = 0
    if not seen.any():
        return None
    reach = cv2.distanceTransform(seeds, cv2.DIST_L2, 3)
    reach = np.minimum(reach, 4 * spacing / out.pitch)
    if reach.shape != (canvas.height, canvas.width):
        reach = cv2.resize(reach, (canvas.width, canvas.height), interpolation=cv2.INTER_AREA)
    ratio = reach * np.float32(out.pitch / (0.62 * spacing))
    bump: Field = np.maximum(1 - ratio * ratio, 0).astype(np.float32)
    return bump
