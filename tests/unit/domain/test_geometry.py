import numpy as np
import pytest

from pfm_desktop.domain.geometry import FrameError, Transform2D
from pfm_desktop.domain.source import Source


def shift(x: float, y: float) -> Transform2D:
    return Transform2D(Source.WHITE, Source.FLUORESCENCE, np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]]))


def test_a_white_light_point_cannot_be_used_on_the_fluorescence_picture_unnoticed() -> None:
    with pytest.raises(FrameError):
        shift(3, 4).inverse().apply(np.array([[1.0, 2.0]]), frame=Source.WHITE)


def test_a_point_goes_there_and_back() -> None:
    there = shift(3, 4)
    points = np.array([[1.0, 2.0], [30.5, -7.25]])
    back = there.inverse().apply(there.apply(points, frame=Source.WHITE), frame=Source.FLUORESCENCE)
    np.testing.assert_allclose(back, points, atol=1e-12)


def test_transforms_chain_only_where_their_frames_meet() -> None:
    there = shift(3, 4)
    np.testing.assert_allclose(there.then(there.inverse()).matrix, np.eye(3), atol=1e-12)
    with pytest.raises(FrameError):
        there.then(there)
