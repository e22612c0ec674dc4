"""A drawn pair in one frame, by the exact map that the drawing knows."""

from __future__ import annotations

import cv2
import numpy as np

from pfm_desktop.imaging.phantom.camera import Picture
from pfm_desktop.imaging.phantom.render import Phantom


def onto_white(phantom: Phantom) -> Picture:
    """The fluorescence picture H x W x 3 in the white-light frame; black where it shows nothing."""
    at = phantom.white_to_fluorescence
    return np.asarray(cv2.remap(phantom.fluorescence, at[..., 0], at[..., 1], cv2.INTER_LINEAR), np.uint8)
