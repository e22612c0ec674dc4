"""What a registration gives back: the map both ways, how far it can be trusted, and its bytes for the library."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Matrix, Points, Transform2D
from pfm_desktop.domain.registration import DISAGREE, RegistrationStatus, RegistrationSummary, cause_of, reason_words
from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

ROUND_TRIP_STEPS = 60
STRIP = 32  # rows that are mapped at once


@dataclass(frozen=True, eq=False)
class Registration:
    """A map between the white-light and the fluorescence picture of a pair.

    A white-light point p (pixels, x then y) lies at `matrix` (p + u(p)) in the fluorescence picture; u is `nodes`,
    (rows x columns x 2 float32, white-light pixels), spanning the white-light picture corner to corner, bilinear in
    between. `error_px` is the estimated median error in fluorescence pixels, None when refused and when it cannot be
    known (three points by hand always fit). `residuals` holds, for each point of a registration by hand, how far
    it is from where the others put it, in fluorescence pixels; inf where they cannot tell.

    A refused registration found no map: its points come out as NaN, no pixel overlaps, and a warped picture is empty.
    NaN and not an error, so that a script over many pairs goes on and a number that nobody found is never mistaken for
    one. Its `matrix` and `nodes` are placeholders.
    """

    status: RegistrationStatus
    error_px: float | None
    matrix: Matrix
    nodes: NDArray[np.float32]
    white_size: tuple[int, int]  # width, height
    fluorescence_size: tuple[int, int]
    reason: str = ""
    by_hand: bool = False
    residuals: tuple[float, ...] = field(default=())

    @property
    def cause(self) -> str:
        """`reason` without what can be done about it in the window."""
        return reason_words(cause_of(self.reason))

    @property
    def _nowhere(self) -> bool:
        """Whether there is no map."""
        return self.status is RegistrationStatus.REFUSED

    @property
    def for_looking_only(self) -> bool:
        """Whether points by hand join what does not belong together: nothing may be concluded across this map."""
        return self.by_hand and self.reason.startswith(DISAGREE)

    def white_to_fluorescence(self, points: Points) -> Points:
        """N x 2 white-light pixels to fluorescence pixels; all NaN when refused."""
        points = _as_points(points)
        if self._nowhere:
            return np.full_like(points, np.nan)
        return _applied(self.matrix, points + self._bend(points))

    def fluorescence_to_white(self, points: Points) -> Points:
        """N x 2 fluorescence pixels to white-light pixels; the inverse of `white_to_fluorescence`, NaN when refused."""
        points = _as_points(points)
        if self._nowhere:
            return np.full_like(points, np.nan)
        straight = _applied(np.asarray(np.linalg.inv(self.matrix), dtype=np.float64), points)
        found = straight.copy()
        for _ in range(ROUND_TRIP_STEPS):  # a fixed point: the field has no folds, so this contracts
            step = straight - self._bend(found)
            if len(step) == 0 or float(np.abs(step - found).max()) < 1e-3:
                return step
            found = step
        return found

    def warp_to_white(self, image: NDArray[np.uint8], *, fill: int = 0) -> NDArray[np.uint8]:
        """A picture of the fluorescence frame drawn in the white-light frame; `fill` where it shows nothing."""
        width, height = self.white_size
        drawn = np.full((height, width, *image.shape[2:]), fill, dtype=np.uint8)
        for rows, map_x, map_y in self._maps():
            _draw(image, map_x, map_y, drawn[rows], fill)
        return drawn

    def overlap_mask(self) -> NDArray[np.bool_]:
        """H x W bool in the white-light frame: where the fluorescence picture shows the tissue as well."""
        there = np.zeros(self.white_size[::-1], dtype=np.bool_)
        for rows, map_x, map_y in self._maps():
            there[rows] = self._within(map_x, map_y)
        return there

    def in_white_frame(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """`warp_to_white` and `overlap_mask`, for two thirds of the work."""
        width, height = self.white_size
        drawn = np.zeros((height, width, *image.shape[2:]), dtype=np.uint8)
        there = np.zeros((height, width), dtype=np.bool_)
        for rows, map_x, map_y in self._maps():
            _draw(image, map_x, map_y, drawn[rows], 0)
            there[rows] = self._within(map_x, map_y)
        return drawn, there

    @property
    def overlap(self) -> float:
        """Share of the white-light picture that fluorescence shows, 0..1 (from a 64 x 64 grid); 0 when refused."""
        width, height = self.white_size
        x, y = np.meshgrid(np.linspace(0, width - 1, 64), np.linspace(0, height - 1, 64))
        mapped = self.white_to_fluorescence(np.column_stack([x.ravel(), y.ravel()]))
        limit = np.array(self.fluorescence_size) - 0.5
        return float(((mapped >= -0.5) & (mapped <= limit)).all(axis=1).mean())

    def transform(self) -> Transform2D:
        """The global part, with its frames. Raises `BadInputError` when refused: there is none."""
        if self._nowhere:
            raise BadInputError(
                tr("the pair is not registered: {why}", why=self.cause or tr("refused", "registration")),
                safe=tr("nothing was changed"),
                remedy=tr("look at `status` first, or place points by hand"),
            )
        return Transform2D(Source.WHITE, Source.FLUORESCENCE, self.matrix)

    def summary(self) -> RegistrationSummary:
        """What is kept in the library's tables."""
        a, b, c = (tuple(float(value) for value in row) for row in self.matrix)
        return RegistrationSummary(
            self.status, self.error_px, ((a[0], a[1], a[2]), (b[0], b[1], b[2]), (c[0], c[1], c[2])),
            self.overlap, self.reason, self.by_hand,
        )  # fmt: skip

    def to_bytes(self) -> bytes:
        """The registration as bytes that `from_bytes` reads; no code is ever run from them."""
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            status=np.array(self.status.value),
            error_px=np.array(np.nan if self.error_px is None else self.error_px),
            matrix=self.matrix,
            nodes=self.nodes,
            sizes=np.array([self.white_size, self.fluorescence_size]),
            reason=np.array(self.reason),
            by_hand=np.array(self.by_hand),
            residuals=np.array(self.residuals, dtype=np.float64),
        )
        return stream.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Registration:
        """The registration that `to_bytes` wrote; raises `BadInputError` on anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                error = float(kept["error_px"])
                white, fluorescence = kept["sizes"].astype(int).reshape(2, 2).tolist()
                result = Registration(
                    RegistrationStatus(str(kept["status"])),
                    None if np.isnan(error) else error,
                    kept["matrix"].astype(np.float64).reshape(3, 3),
                    kept["nodes"].astype(np.float32),
                    (white[0], white[1]),
                    (fluorescence[0], fluorescence[1]),
                    str(kept["reason"]),
                    bool(kept["by_hand"]),
                    tuple(kept["residuals"].tolist()),
                )
        except (ValueError, KeyError, OSError, EOFError, TypeError, IndexError, zipfile.BadZipFile) as error_:
            raise _unreadable() from error_
        if not _sound(result):
            raise _unreadable()
        return result

    def _bend(self, points: Points) -> Points:
        """u at N x 2 white-light pixels; the field goes on flat beyond the picture."""
        rows, columns = self.nodes.shape[:2]
        width, height = self.white_size
        x = np.clip(points[:, 0] * ((columns - 1) / max(width - 1, 1)), 0, columns - 1)
        y = np.clip(points[:, 1] * ((rows - 1) / max(height - 1, 1)), 0, rows - 1)
        x0, y0 = np.minimum(x.astype(int), max(columns - 2, 0)), np.minimum(y.astype(int), max(rows - 2, 0))
        x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
        fx, fy = (x - x0)[:, None], (y - y0)[:, None]
        top = self.nodes[y0, x0] * (1 - fx) + self.nodes[y0, x1] * fx
        bottom = self.nodes[y1, x0] * (1 - fx) + self.nodes[y1, x1] * fx
        return np.asarray(top * (1 - fy) + bottom * fy, dtype=np.float64)

    def _within(self, map_x: NDArray[np.float32], map_y: NDArray[np.float32]) -> NDArray[np.bool_]:
        width, height = self.fluorescence_size
        return (map_x >= -0.5) & (map_x <= width - 0.5) & (map_y >= -0.5) & (map_y <= height - 0.5)

    def _maps(self) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.float32]]]:
        """Where each white-light pixel lies in the fluorescence picture: `STRIP` rows after `STRIP` rows, which stay in
        the processor's cache, with two float32 planes (rows x W) of each. Nothing where there is no map."""
        if self._nowhere:
            return
        width, height = self.white_size
        m = self.matrix.astype(np.float32)
        column = np.arange(width, dtype=np.float32)[None, :]
        for top in range(0, height, STRIP):
            rows = slice(top, min(top + STRIP, height))
            bend = _stretched(self.nodes, self.white_size, rows)
            x = column + bend[..., 0]
            y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + bend[..., 1]
            yield rows, m[0, 0] * x + m[0, 1] * y + m[0, 2], m[1, 0] * x + m[1, 1] * y + m[1, 2]


def _draw(
    image: NDArray[np.uint8], map_x: NDArray[np.float32], map_y: NDArray[np.float32], out: NDArray[np.uint8], fill: int
) -> None:
    drawn = cv2.remap(image, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(fill,) * 4)
    out[...] = drawn.reshape(out.shape)


def refused(reason: str, white_size: tuple[int, int], fluorescence_size: tuple[int, int]) -> Registration:
    """A registration that found no map; the identity stands in the place of its matrix."""
    nodes = np.zeros((2, 2, 2), np.float32)
    return Registration(
        RegistrationStatus.REFUSED, None, np.eye(3), nodes, white_size, fluorescence_size, reason=reason
    )


def _stretched(nodes: NDArray[np.float32], size: tuple[int, int], shown: slice) -> NDArray[np.float32]:
    """Corner-to-corner bilinear stretch of the nodes to (width, height), of which the rows `shown`."""
    rows, columns = nodes.shape[:2]
    x = np.linspace(0, columns - 1, size[0], dtype=np.float32)
    y = np.linspace(0, rows - 1, size[1], dtype=np.float32)[shown]
    map_x, map_y = np.broadcast_to(x[None, :], (len(y), size[0])), np.broadcast_to(y[:, None], (len(y), size[0]))
    drawn = cv2.remap(nodes, np.ascontiguousarray(map_x), np.ascontiguousarray(map_y), cv2.INTER_LINEAR)
    return np.asarray(drawn, dtype=np.float32)


def _as_points(points: Points) -> Points:
    points = np.asarray(points, dtype=np.float64)
    if points.size and (points.ndim != 2 or points.shape[1] != 2):
        raise ValueError("points are N x 2, x then y")
    if not np.isfinite(points).all():
        raise BadInputError(tr("a point to be mapped is not a finite number"), remedy=tr("leave it out or correct it"))
    return points.reshape(-1, 2)


def _applied(matrix: Matrix, points: Points) -> Points:
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2], dtype=np.float64)


def _sound(result: Registration) -> bool:
    return bool(
        np.isfinite(result.matrix).all()
        and abs(np.linalg.det(result.matrix)) > 1e-9
        and result.nodes.ndim == 3
        and result.nodes.shape[2] == 2
        and min(result.nodes.shape) >= 1
        and max(result.nodes.shape) <= 4096
        and np.isfinite(result.nodes).all()
        and min(*result.white_size, *result.fluorescence_size) >= 1
        and max(*result.white_size, *result.fluorescence_size) <= 100_000
    )


def _unreadable() -> BadInputError:
    return BadInputError(
        tr("the stored registration cannot be read"),
        safe=tr("the pictures are unchanged"),
        remedy=tr("register the pair again"),
    )
