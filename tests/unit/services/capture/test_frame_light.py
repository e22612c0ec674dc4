"""Which light a frame is in, by what the camera says and by its colours; which frame is the sharpest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.capture import Light
from pfm_desktop.imaging.phantom import render
from pfm_desktop.services.capture.frame_light import light_of, mixed, sharpest, sharpness

Pixels = np.ndarray


def frame(pixels: Pixels, light: Light | None = None) -> Frame:
    return Frame(pixels, 0.0, 0, light)


def striped(strength: int) -> Pixels:
    pixels = np.full((96, 128, 3), 150, np.uint8)
    pixels[::4, :, 1] -= np.uint8(strength)
    return pixels


def test_sharpness_tells_a_picture_from_a_softer_one_and_takes_any_size() -> None:
    assert sharpness(striped(80)) > sharpness(striped(40)) > sharpness(striped(0)) == 0.0
    assert sharpness(np.zeros((3, 3, 3), np.uint8)) == 0.0


def test_the_last_frame_is_taken_unless_another_is_clearly_sharper() -> None:
    soft, little, sharp = (frame(striped(level)) for level in (80, 82, 120))
    assert sharpest([soft]) is soft
    assert sharpest([little, soft]) is soft
    assert sharpest([sharp, soft]) is sharp
    assert sharpest([frame(striped(0)), frame(striped(0))]).pixels is not None


@pytest.mark.parametrize("seed", [31000, 31001, 31005])
def test_the_light_of_a_phantom_is_seen_and_a_mixture_is_no_fluorescence(seed: int) -> None:
    phantom = render(seed, size=256)
    white, glow = frame(phantom.white), frame(phantom.fluorescence)
    assert light_of(white) is Light.WHITE
    assert light_of(glow) is Light.FLUORESCENCE
    assert not mixed(glow, white)
    assert mixed(white, white)
    for share in (0.5, 0.75):
        both = np.asarray(cv2.addWeighted(phantom.white, share, phantom.fluorescence, 1 - share, 0), np.uint8)
        assert mixed(frame(both), white)


def test_what_the_camera_says_counts_before_the_colours() -> None:
    phantom = render(31000, size=256)
    assert light_of(frame(phantom.white, Light.FLUORESCENCE)) is Light.FLUORESCENCE
    assert mixed(frame(phantom.fluorescence, Light.WHITE), frame(phantom.white))


def test_black_frames_are_of_no_light_and_no_mixture() -> None:
    """That fluorescence is too dark is for the verdict to say."""
    white, black = (frame(np.full((48, 64, 3), level, np.uint8)) for level in (200, 6))
    assert light_of(black) is None
    assert not mixed(black, white)
    assert mixed(white, white)
