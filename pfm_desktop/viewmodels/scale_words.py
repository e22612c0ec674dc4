"""What is said of calibrating the scale. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.capture_words import NO_CAMERA, SIGNED

if TYPE_CHECKING:
    from pfm_desktop.services.capture.calibration import Calibration

HINT = tr(
    "Lay a board of black and white squares, or a ruler, flat where the cervix would be, in focus. The scale holds at "
    "this zoom and working distance alone: calibrate anew once the zoom of the colposcope was changed."
)
LOOKING = tr("Looking for squares ...")
FIRST = tr("Or click on one end of a known length, then on the other; zoom in (+) to be exact.")
SECOND = tr("Now click on the other end.")
OTHER_DEVICE = tr("The device is another one now: calibrate its own scale.")


def why_not(*, signed: bool, no_editing: str, camera: bool) -> str:
    """Why nothing can be calibrated now; "" where it can."""
    if signed:
        return SIGNED
    if no_editing:
        return tr("The scale cannot be calibrated: {why}.", why=no_editing)
    return "" if camera else NO_CAMERA


def result(made: Calibration) -> str:
    """`0.0213 mm a pixel: the picture is 40.9 mm wide.`, and on what that stands."""
    size = tr(
        "{scale:.4g} mm a pixel: the picture is {width:.1f} mm wide.",
        scale=made.mm_per_px,
        width=made.field_mm,
    )
    if made.spread is None:
        return f"{size}\n" + tr("By two points, {apart:.0f} pixels apart.", apart=made.apart)
    across = " x ".join(str(one) for one in made.squares)
    return f"{size}\n" + tr(
        "{squares} squares were seen. Their sides differ by {spread:.1%} (0 %: flat, square to the view).",
        squares=across,
        spread=made.spread,
    )


def so_far(mm_per_px: float | None, width: int) -> str:
    """The scale that holds at present, of frames of this width."""
    if mm_per_px is None:
        return tr("Not calibrated so far.")
    return tr(
        "So far {scale:.4g} mm a pixel, {width:.1f} mm wide.",
        scale=mm_per_px,
        width=mm_per_px * width,
    )


def kept(made: Calibration) -> str:
    """Once it is in use."""
    return tr(
        "The scale is in use: {scale:.4g} mm a pixel. It stands with every picture taken from now on.",
        scale=made.mm_per_px,
    )
