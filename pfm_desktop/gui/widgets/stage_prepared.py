"""A pair made ready for the stage on a thread, so that the GUI thread only swaps it in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.pyramid import Pyramid, build_pyramid
from pfm_desktop.jobs import Context
from pfm_desktop.viewmodels.captions import Captions
from pfm_desktop.viewmodels.overlay import hatch_absent, looked
from pfm_desktop.viewmodels.pair_view import DisplayWindow, PairRegistration

RGB = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PreparedPair:
    """Pictures (H x W x 3 uint8 RGB) with their levels. `own_levels` is the fluorescence picture as it is, `warped` in
    the white-light frame: one of the two, where there is one. `pending`: a registration is still to come; `origin`:
    what it was made from, for who makes it then; `second`: of which source the second picture is, where no `origin`
    says so. `captions`: what they are where they are no pair; `goes_on`: the next of a sequence, looked at as the one
    before it was."""

    white: RGB | None
    fluorescence: RGB | None
    registration: PairRegistration | None
    white_levels: Pyramid | None = None
    own_levels: Pyramid | None = None
    warped: Pyramid | None = None
    mm_per_px: float | None = None
    pending: bool = False
    origin: Any = None
    second: Source = Source.FLUORESCENCE
    captions: Captions | None = None
    goes_on: bool = False

    @property
    def shows_second(self) -> Source:
        """Of which source the second picture is."""
        source: Source = getattr(self.origin, "second", self.second)
        return source

    @property
    def sizes(self) -> dict[Source, tuple[int, int]]:
        """Width and height of each picture."""
        given = {Source.WHITE: self.white, Source.FLUORESCENCE: self.fluorescence}
        return {source: (rgb.shape[1], rgb.shape[0]) for source, rgb in given.items() if rgb is not None}

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        levels = (one for one in (self.white_levels, self.own_levels, self.warped) if one is not None)
        pictures = (one for one in (self.white, self.fluorescence) if one is not None)
        return sum(level.sizeInBytes() for one in levels for level in one.levels) + sum(one.nbytes for one in pictures)


def prepared(
    ctx: Context,
    white: RGB | None,
    fluorescence: RGB | None,
    registration: PairRegistration | None,
    mm_per_px: float | None = None,
    second: Source = Source.FLUORESCENCE,
) -> PreparedPair:
    """For a thread. A registration that was refused, or does not fit, leaves the pictures side by side."""
    ctx.check()
    white_levels = None if white is None else build_pyramid(white)
    ctx.check()
    warped = own = None
    if fluorescence is not None and white is not None and usable(registration, white, fluorescence):
        warped = _warped(ctx, registration, white, fluorescence)
    if fluorescence is not None and warped is None:
        own = build_pyramid(fluorescence)
    return PreparedPair(white, fluorescence, registration, white_levels, own, warped, mm_per_px, second=second)


def with_registration(ctx: Context, pair: PreparedPair, registration: PairRegistration | None) -> PreparedPair:
    """For a thread: a pair that was `pending`, whole now."""
    white, fluorescence = pair.white, pair.fluorescence
    warped = None
    if white is not None and fluorescence is not None and usable(registration, white, fluorescence):
        warped = _warped(ctx, registration, white, fluorescence)
    own = pair.own_levels if warped is None else None
    second = pair.shows_second
    return replace(
        pair, registration=registration, warped=warped, own_levels=own, pending=False, origin=None, second=second
    )


def _warped(ctx: Context, registration: PairRegistration | None, white: RGB, fluorescence: RGB) -> Pyramid | None:
    """None where the registration is of pictures of another size."""
    try:
        return warp_job(ctx, registration, fluorescence, None, (white.shape[1], white.shape[0]))
    except ValueError:
        return None


def warp_job(
    ctx: Context,
    registration: PairRegistration | None,
    fluorescence: RGB,
    window: DisplayWindow | None,
    size: tuple[int, int],
) -> Pyramid:
    """The fluorescence picture in the white-light frame, hatched where it shows nothing.

    `size` is (width, height) of the white-light picture; raises ValueError where the registration is of another one.
    """
    ctx.check()
    if registration is None:
        raise ValueError("there is no registration to warp by")
    warped, present = registration.in_white_frame(fluorescence)
    ctx.check()
    if warped.shape[1::-1] != size or present.shape[::-1] != size:
        raise ValueError(f"a registration of a {present.shape[::-1]} white-light picture was given for one of {size}")
    if window is not None:
        warped = looked(warped, window)
    elif np.may_share_memory(warped, fluorescence):
        warped = warped.copy()  # the picture given is not ours to hatch
    ctx.check()
    hatch_absent(warped, present)
    ctx.check()
    return build_pyramid(warped)


def usable(registration: PairRegistration | None, white: RGB | None, fluorescence: RGB | None) -> bool:
    """A refused registration is never used to lay one picture on the other."""
    return (
        registration is not None
        and registration.status is not RegistrationStatus.REFUSED
        and white is not None
        and fluorescence is not None
    )
