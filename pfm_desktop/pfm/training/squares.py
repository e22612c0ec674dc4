"""One case as networks are shown it: both pictures letterboxed to one square, and what is seen of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.preprocess import Letterbox, Pixels, Seen, fluorescence_level, letterbox, letterbox_mask
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

WHITE, FLUORESCENCE = str(Source.WHITE), str(Source.FLUORESCENCE)


@dataclass(frozen=True, eq=False)
class Square:
    """`white`, `fluorescence` S x S x 3 uint8, `overlap` S x S uint8 (0 or 1), `level` 0..255, `present` by place.

    `fluorescence` is the second picture, of whatever source; `level` means something of a fluorescence picture only.
    """

    white: NDArray[np.uint8]
    fluorescence: NDArray[np.uint8]
    overlap: NDArray[np.uint8]
    box: Letterbox
    level: float
    present: dict[str, bool]

    @property
    def corners(self) -> list[Any]:
        """Top, left, height and width of what the square shows."""
        return [self.box.top, self.box.left, self.box.inner_height, self.box.inner_width]


def square_of(
    white: Pixels | None, fluorescence: Pixels | None, overlap: Seen | None, *, size: int, case: str
) -> Square:
    """From H x W x 3 uint8 pictures in one frame (fluorescence warped onto white) and the overlap H x W bool.

    A picture that is None is an absent source; without `overlap` the whole fluorescence picture counts. Raises
    `BadInputError` without a picture, and for two of different sizes.
    """
    given = white if white is not None else fluorescence
    if given is None:
        raise BadInputError(tr("case {case} has no picture", case=case), remedy=tr("correct the manifest"))
    blank = np.zeros_like(given)
    first, box = letterbox(white if white is not None else blank, size)
    second, box_second = letterbox(fluorescence if fluorescence is not None else blank, size)
    if box != box_second:
        raise BadInputError(
            tr("the two pictures of case {case} differ in size", case=case), remedy=tr("warp one onto the other")
        )
    seen = _seen(fluorescence is not None, overlap, box)
    present = {WHITE: white is not None, FLUORESCENCE: fluorescence is not None and bool(seen.any())}
    return Square(first, second, seen.astype(np.uint8), box, fluorescence_level(second, seen), present)


def _seen(there: bool, overlap: Seen | None, box: Letterbox) -> Seen:
    if not there:
        return np.zeros((box.size, box.size), np.bool_)
    inside = box.inside()
    return inside if overlap is None else inside & letterbox_mask(overlap, box)
