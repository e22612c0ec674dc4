"""Points that are paired by hand to register two pictures. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.annotation import Pin
from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pfm_desktop.imaging.registration import Registration

    Pixels = NDArray[np.uint8]

ENOUGH_TO_APPLY = 1  # what one click decides is a shift, and the status stays `check`
ENOUGH_TO_CHECK = 4  # three points always fit: only a fourth one shows an error
# what the pairs make of the picture, by how many there are (see `imaging.registration.landmarks`)
ALLOWED = (
    (1, tr("Apply to shift the picture only, or add a spot: two also turn and scale it.")),
    (2, tr("Apply to shift, turn and scale the picture, or add a spot away from the others.")),
    (3, tr("Apply, or add a fourth spot: only then can the fit be checked.")),
    (4, tr("Apply, or add a spot: from six on the picture can bend as the tissue does.")),
    (6, tr("Apply, or add a spot.")),
)
_SAME_SPOT = {
    Source.WHITE: tr("Now the same spot in the white-light picture."),
    Source.FLUORESCENCE: tr("Now the same spot in the fluorescence picture."),
    Source.GREEN: tr("Now the same spot in the green filter picture."),
    Source.IODINE: tr("Now the same spot in the Lugol's iodine picture."),
}
ON_ONE_LINE = tr("The points lie on top of each other or on one line. Spread them over the cervix.")  # as it is refused
Size = tuple[int, int]


@dataclass(frozen=True)
class Placed:
    """A point in the picture of `frame`, pixels; `number` counts within its picture from 1."""

    frame: Source
    number: int
    x: float
    y: float

    @property
    def key(self) -> str:
        """Names the point on the stage."""
        return f"{self.frame.value}/{self.number}"


@dataclass(frozen=True)
class PointPairs:
    """Points in the order they were placed; the n-th of one picture belongs to the n-th of the other. `second`: of
    which source the second picture is."""

    placed: tuple[Placed, ...] = ()
    second: Source = Source.FLUORESCENCE

    def of(self, frame: Source) -> tuple[Placed, ...]:
        """The points of one picture, by number."""
        return tuple(sorted((p for p in self.placed if p.frame is frame), key=lambda p: p.number))

    @property
    def count(self) -> int:
        """Complete pairs."""
        return min(len(self.of(Source.WHITE)), len(self.of(Source.FLUORESCENCE)))

    @property
    def enough(self) -> bool:
        """Whether the pairs may register the pictures."""
        return self.count >= ENOUGH_TO_APPLY

    @property
    def waiting(self) -> Source | None:
        """The picture in which the partner of the last point is missing; None when all are paired."""
        white, lit = len(self.of(Source.WHITE)), len(self.of(Source.FLUORESCENCE))
        if white == lit:
            return None
        return Source.FLUORESCENCE if white > lit else Source.WHITE

    @property
    def prompt(self) -> str:
        """What to do next."""
        if self.waiting is not None:
            return _SAME_SPOT[Source.WHITE if self.waiting is Source.WHITE else self.second]
        if not self.count:
            return tr("Click a spot that you recognise in both pictures, then the same spot in the other.")
        return next(text for least, text in reversed(ALLOWED) if self.count >= least)

    def arrays(self) -> tuple[Points, Points]:
        """Complete pairs as N x 2 pixels: white light, fluorescence."""
        white, lit = (
            np.array([[p.x, p.y] for p in self.of(source)[: self.count]], dtype=np.float64).reshape(-1, 2)
            for source in (Source.WHITE, Source.FLUORESCENCE)
        )
        return white, lit

    def pins(self) -> tuple[Pin, ...]:
        """The points as numbered marks of the stage."""
        return tuple(Pin(p.key, "", p.frame, p.x, p.y, str(p.number)) for p in self.placed)


def add_point(points: PointPairs, frame: Source, x: float, y: float) -> PointPairs:
    """Place a point; a second one in the same picture, whose partner is missing, takes the place of the first."""
    mine = points.of(frame)
    if points.waiting is not None and points.waiting is not frame:
        return move_point(points, mine[-1].key, x, y)
    return replace(points, placed=(*points.placed, Placed(frame, len(mine) + 1, x, y)))


def move_point(points: PointPairs, key: str, x: float, y: float) -> PointPairs:
    """Put a point elsewhere in its picture."""
    return replace(points, placed=tuple(replace(p, x=x, y=y) if p.key == key else p for p in points.placed))


def remove_pair(points: PointPairs, key: str) -> PointPairs:
    """Take a point and its partner away; later pairs move up."""
    gone = next((p.number for p in points.placed if p.key == key), 0)
    left = [p for p in points.placed if p.number != gone]
    placed = tuple(replace(p, number=p.number - 1) if p.number > gone > 0 else p for p in left)
    return replace(points, placed=placed)


def undo_point(points: PointPairs) -> PointPairs:
    """Take the last point away."""
    return replace(points, placed=points.placed[:-1])


def start_points(white: Pixels | None, registration: Registration | None) -> PointPairs:
    """Pairs where a registration has them, to be put right; none without a map."""
    if white is None or registration is None:
        return PointPairs()
    from pfm_desktop.imaging.registration import spots

    points = PointPairs()
    for (x, y), (u, v) in zip(*(found.tolist() for found in spots(white, registration)), strict=True):
        points = add_point(add_point(points, Source.WHITE, x, y), Source.FLUORESCENCE, u, v)
    return points


def fit_lines(points: PointPairs, white_size: Size, fluorescence_size: Size) -> tuple[tuple[str, ...], str]:
    """A line for each pair, and what is to be said about the fit; residuals are fluorescence pixels."""
    residuals: Sequence[float] = ()
    said = ""
    if points.enough:
        try:
            residuals = _residuals(points, white_size, fluorescence_size)
        except BadInputError as error:
            said = str(error)
    exact = points.count < ENOUGH_TO_CHECK
    lines = tuple(
        f"{number}" if exact or not residuals else titled(number, _distance(residuals[number - 1]))
        for number in range(1, points.count + 1)
    )
    if not said and points.count:
        said = _fit(residuals, exact)
    return lines, said


def every_prompt() -> tuple[str, ...]:
    """All that `PointPairs.prompt` can say: room is kept for the longest of it."""
    said: list[str] = []
    points = PointPairs()
    for number in range(ALLOWED[-1][0] + 1):
        said += [points.prompt, *(add_point(points, frame, 0, 0).prompt for frame in PLACES)]
        points = add_point(add_point(points, Source.WHITE, number, 0), Source.FLUORESCENCE, number, 0)
    return tuple(said)


def fit_words(lines: Sequence[str], said: str) -> str:
    """`Pairs 1: 0.4 px,  2: 1.0 px   Middle error 0.7 px, worst pair 2`."""
    pairs = tr("Pairs {pairs}", pairs=",  ".join(lines)) if lines else tr("No pair yet")
    return "   ".join(part for part in (pairs, said) if part)


def long_fits() -> tuple[str, ...]:
    """The longest `fit_words` of a few pairs; room is kept for them. Nobody places many more than six."""
    known, unknown = ([titled(number, far) for number in range(1, 7)] for far in ("000.0 px", tr("not known")))
    return (
        fit_words(["1", "2", "3"], ON_ONE_LINE),
        fit_words(known, _fit([100.0] * 10 + [101.0], exact=False)),
        fit_words(unknown, _fit([np.nan], exact=False)),
        fit_words(unknown[:3], _fit([], exact=True)),
    )


def _fit(residuals: Sequence[float], exact: bool) -> str:
    if exact:
        return tr("No error to show yet: up to 3 pairs always fit.")
    if not np.isfinite(residuals).all():
        return tr("The error is not known: spread the spots, the others lie on one line.")
    return tr(
        "Middle error {error:.1f} px, worst pair {worst}",
        error=np.median(residuals),
        worst=int(np.argmax(residuals)) + 1,
    )


def _distance(residual: float) -> str:
    return f"{residual:.1f} px" if np.isfinite(residual) else tr("not known")


def _residuals(points: PointPairs, white_size: Size, fluorescence_size: Size) -> Sequence[float]:
    from pfm_desktop.imaging.registration import from_points

    white, lit = points.arrays()
    return from_points(white, lit, white_size=white_size, fluorescence_size=fluorescence_size).residuals
