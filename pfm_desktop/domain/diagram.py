"""The classic diagram of a colposcopy: two circles, the edge of the cervix and the external os, in four quadrants.

Filled from what was drawn on a picture: by the angle about the os, and by how far out on the way from the os to the
outline of the cervix. Source of the form: IARC (clinical.md 3.4). In units of the outer circle's radius about its
middle; x right, y down, 12 o'clock up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Outline, Spot
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.shapes import contains, radii
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

OS_RADIUS, FARTHEST = 0.16, 1.25  # the inner circle; where what lies beyond the cervix is drawn at most
LEGEND = tr("AW acetowhite, P punctation, M mosaic, AV atypical vessels, I iodine negative, x biopsy; SCJ dashed")
VIEW = tr("Examiner's view: 12 o'clock is up, the patient's left is on the right.")
NO_OS = tr("The os is not marked")
NO_CERVIX = tr("The outline of the cervix is not drawn")
OS_OUTSIDE = tr("The os lies outside the outline of the cervix")
NO_WAY = tr("on the other picture, and the pair is not registered")
APART = tr("The os is marked on one picture, the cervix drawn on the other, and the pair is not registered")
_STEP = 1 / 40  # of the farthest point: pieces into which a line is divided, since straight ones become bent
_SIGNS = (
    ("AW", "grade_1", {"thin_acetowhite"}),
    ("AW", "grade_2", {"dense_acetowhite", "rapid_acetowhitening"}),
    ("P", "grade_1", {"fine_punctation"}),
    ("P", "grade_2", {"coarse_punctation"}),
    ("M", "grade_1", {"fine_mosaic"}),
    ("M", "grade_2", {"coarse_mosaic"}),
    ("AV", "invasion", {"atypical_vessels"}),
    ("I", "lugol", {"non_stained"}),
)


@dataclass(frozen=True)
class Area:
    """A part of a lesion: closed `edges`, the outer one first; its `label` stands about `at`."""

    edges: tuple[Outline, ...]
    label: str
    at: Spot


@dataclass(frozen=True)
class Biopsy:
    """A pin at (x, y)."""

    letter: str
    x: float
    y: float


@dataclass(frozen=True)
class Diagram:
    """What is drawn into the two circles. `missing`: why something, or all of it, is not."""

    areas: tuple[Area, ...] = ()
    biopsies: tuple[Biopsy, ...] = ()
    junctions: tuple[Outline, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it, and only words to be said."""
        return not (self.areas or self.biopsies or self.junctions)

    @property
    def words(self) -> str:
        """All of it for a screen reader."""
        said = [tr("lesion {label}", label=area.label) for area in self.areas]
        said += [tr("biopsy {letter}", letter=one.letter) for one in self.biopsies]
        said += [tr("SCJ line")] if self.junctions else []
        return ". ".join((*self.missing, COMMA.join(said) or tr("Nothing is drawn"), VIEW))


@dataclass(frozen=True)
class Way:
    """From a picture into the diagram. `outline` is that of the cervix, about the `os`; `rotation_degrees` as for
    `domain.clock.clock_hour`. Raises `ValueError` where the os lies outside."""

    os: Spot
    outline: Outline
    rotation_degrees: float = 0.0

    def __post_init__(self) -> None:
        if not contains(Shape(self.outline), *self.os):
            raise ValueError(OS_OUTSIDE)

    def points(self, line: Outline) -> NDArray[np.float64]:
        """N x 2 pixels to N x 2 of the diagram; beyond the cervix at most `FARTHEST` out."""
        return self._mapped(np.asarray(line, np.float64).reshape(-1, 2))

    def line(self, line: Outline, *, closed: bool) -> Outline:
        """A line, in pieces so short that it bends as it has to."""
        points = np.asarray(line, np.float64).reshape(-1, 2)
        reach = float(np.hypot(*(np.asarray(self.outline) - np.asarray(self.os)).T).max())
        ends = np.roll(points, -1, axis=0) if closed else np.vstack([points[1:], points[-1:]])
        counts = np.maximum(1, np.ceil(np.hypot(*(ends - points).T) / (reach * _STEP))).astype(np.int64)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        part = (np.arange(int(counts.sum())) - first) / np.repeat(counts, counts)
        pieces = np.repeat(points, counts, axis=0) + part[:, None] * np.repeat(ends - points, counts, axis=0)
        made = self._mapped(pieces)
        return tuple(zip(made[:, 0].tolist(), made[:, 1].tolist(), strict=True))

    def _mapped(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        away = points - np.asarray(self.os)
        far = np.hypot(away[:, 0], away[:, 1])
        ways = away / np.where(far > 0, far, 1.0)[:, None]
        edge = radii(self.outline, self.os, np.where(far[:, None] > 0, ways, np.array([1.0, 0.0])))
        out = np.minimum(far / edge, FARTHEST)
        turn = math.radians(-self.rotation_degrees)
        back = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return np.asarray(ways * out[:, None] @ back.T)


def signs_of(answers: Mapping[str, Any]) -> str:
    """`AW P`: the signs of a lesion (`domain.ifcpc.LESION`) that the legend has a letter for."""
    found = []
    for letter, key, wanted in _SIGNS:
        answer = answers.get(key) or ()
        if wanted & ({answer} if isinstance(answer, str) else {*answer}) and letter not in found:
            found.append(letter)
    return " ".join(found)


def fill(
    way: Way,
    lesions: Sequence[tuple[str, Shape]],
    pins: Sequence[tuple[str, float, float]],
    junctions: Sequence[Outline],
    missing: Sequence[str] = (),
) -> Diagram:
    """A diagram of what was drawn, all in pixels of the picture of `way`; lesions with their labels."""
    areas = []
    for label, shape in lesions:
        edges = tuple(way.line(edge, closed=True) for edge in shape.edges)
        areas.append(Area(edges, label, _place(edges)))
    spots = way.points(tuple((x, y) for _, x, y in pins)) if pins else np.empty((0, 2))
    biopsies = [Biopsy(letter, float(x), float(y)) for (letter, _, _), (x, y) in zip(pins, spots, strict=True)]
    lines = tuple(way.line(line, closed=False) for line in junctions)
    return Diagram(tuple(areas), tuple(biopsies), lines, tuple(missing))


def _place(edges: tuple[Outline, ...]) -> Spot:
    """Within the area: its middle, or where that lies outside, between its edges above."""
    middle = np.mean(np.asarray(edges[0]), axis=0)
    shape = Shape(edges[0], edges[1:])
    if contains(shape, *middle):
        return float(middle[0]), float(middle[1])
    x, top = min(edges[0], key=lambda at: at[1])
    down = np.linspace(top, top + 2 * FARTHEST, 400)
    inside = [number for number, y in enumerate(down) if contains(shape, x, float(y))] or [0]
    run = next((count for count, number in enumerate(inside) if number != inside[0] + count), len(inside))
    return float(x), float(down[inside[run // 2]])
