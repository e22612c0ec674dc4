"""What was taken, put into the library, and judged: the jobs of `keeping`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.pixels import pixels_sha256
from pfm_desktop.services.capture import records
from pfm_desktop.services.capture.keeping import Lot, PictureFile
from pfm_desktop.services.capture.verdict import PairVerdict, judge

if TYPE_CHECKING:
    from pfm_desktop.services.capture.records import Kept
    from pfm_desktop.storage.library import Library


class KnowsHomography(Protocol):
    """Where the map between two sensors is known; () where not."""

    @property
    def homography(self) -> tuple[float, ...]:
        """3 x 3, row by row, white-light pixels to those of the second sensor."""

    def learn_map(self, found: Any) -> None:
        """A pair told such a map, 3 x 3."""


def keep(lib: Library, lot: Lot) -> Kept:
    """Put a lot into the library, all of it or nothing; on disk once this returns. Raises `UserError`."""
    shots = []
    for one in lot.pictures:
        if one.dark_png:
            lib.pictures.put(one.dark_png)  # what was subtracted can be looked at later
        file = one.file or _encoded(one.pixels)
        shots.append(
            records.Shot(
                data=file.data,
                width=file.width,
                height=file.height,
                pixels_sha256=file.pixels_sha256,
                stage=one.stage,
                taken_at=one.taken_at,
                seconds_since_acid=one.seconds,
                mm_per_px=one.mm_per_px,
                acquisition=one.acquisition,
                name=file.name,
            )
        )
    read = lot.pictures[0].stage is not Stage.LUGOL  # fluorescence beside iodine is nothing that a model reads
    return records.keep_shots(lib, lot.visit_id, shots, pair=lot.pair and read)


def _encoded(pixels: NDArray[np.uint8]) -> PictureFile:
    height, width = pixels.shape[:2]
    return PictureFile(encode_png(pixels), "", width, height, pixels_sha256(pixels))


def judge_with(device: KnowsHomography) -> Callable[[Lot], PairVerdict]:
    """What judges pairs of a device."""

    def judge_lot(lot: Lot) -> PairVerdict:
        white, second = lot.pictures
        matrix = device.homography
        start = np.asarray(matrix, np.float64).reshape(3, 3) if matrix else None
        return judge(white.pixels, second.pixels, second.at - white.at, start=start)

    return judge_lot
