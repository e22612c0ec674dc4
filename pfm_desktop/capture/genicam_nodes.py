"""Features, pictures and errors of GenICam cameras, as harvesters and its binding give them."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from pfm_desktop.capture.decoding import torn
from pfm_desktop.capture.source import BusyError, CameraError, NoCameraError, Pixels, StalledError
from pfm_desktop.support.language import tr

# by what is liked best; GenICam names the first two pixels of the first row
DECODES = {
    "RGB8": None,
    "BGR8": cv2.COLOR_BGR2RGB,
    "BayerRG8": cv2.COLOR_BayerRGGB2RGB,
    "BayerBG8": cv2.COLOR_BayerBGGR2RGB,
    "BayerGR8": cv2.COLOR_BayerGRBG2RGB,
    "BayerGB8": cv2.COLOR_BayerGBRG2RGB,
    "RGBa8": cv2.COLOR_RGBA2RGB,
    "Mono8": cv2.COLOR_GRAY2RGB,
}
_CHANNELS = {"RGB8": 3, "BGR8": 3, "RGBa8": 4}
GREY = "Mono8"


def pixels_of(component: Any) -> Pixels:
    """H x W x 3 uint8 RGB of a component of a buffer, which may go back afterwards. Raises `TornFrameError`, and
    `CameraError` for a coding that is not read."""
    coding = str(component.data_format)
    if coding not in DECODES:
        raise CameraError(
            tr("the camera sends {coding}, which is not read", coding=coding),
            remedy=tr("set its PixelFormat to RGB8 or BayerRG8"),
        )
    height, width = int(component.height), int(component.width)
    channels = _CHANNELS.get(coding, 1)
    values = np.asarray(component.data)
    if values.dtype != np.uint8 or values.size != height * width * channels or not values.size:
        raise torn(tr("its size is not the one that it says"))
    shaped = values.reshape(height, width, channels) if channels > 1 else values.reshape(height, width)
    how = DECODES[coding]
    # the buffer goes back to the camera: what needs no turning is copied
    return np.asarray(shaped.copy() if how is None else cv2.cvtColor(shaped, how), np.uint8)


def value_of(node: Any) -> float | None:
    """The number that a feature has; None where there is no such feature."""
    value = getattr(node, "value", None)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def limit_of(node: Any, name: str) -> float | None:
    """`min`, `max` or `inc` (the step) of a feature."""
    value = getattr(node, name, None)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def symbols_of(node: Any) -> tuple[str, ...]:
    """What a feature with names for its values may be."""
    return tuple(getattr(node, "symbolics", ()) or ())


def set_switch(node: Any, on: bool) -> None:
    """Switch a feature, where there is one."""
    if node is not None:
        node.value = on


def set_number(node: Any, value: float, *, whole: bool = False) -> bool:
    """Whether a feature took the value, within its limits and steps, and holds it."""
    if value_of(node) is None:
        return False
    low, high, step = limit_of(node, "min"), limit_of(node, "max"), limit_of(node, "inc") or (1.0 if whole else 0.0)
    if whole:  # a size: the nearest that there is
        value = min(max(value, low if low is not None else value), high if high is not None else value)
        start = low or 0.0
        value = start + math.floor((value - start) / step) * step
    elif (low is not None and value < low) or (high is not None and value > high):
        return False
    node.value = int(value) if whole else value
    held = value_of(node)
    return held is not None and abs(held - value) <= max(step, 0.05 * abs(value))


def why(error: Exception, name: str) -> CameraError:
    """Producers say by the name of their error what is wrong."""
    kind = type(error).__name__
    if kind in {"AccessDeniedException", "ResourceInUseException", "BusyException"}:
        return BusyError(tr("another program uses {name}", name=name), remedy=tr("close the other program"))
    if kind in {"TimeoutException"}:
        return StalledError(tr("{name} gives no pictures", name=name), remedy=tr("check its cable"))
    return NoCameraError(tr("{name} failed ({kind})", name=name, kind=kind), remedy=tr("check its power and its cable"))
