"""Dark frames: what is taken out of a picture, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pfm_desktop.capture.simulated_sensor import BLACK_LEVEL, Sensor
from pfm_desktop.imaging.dark import FEWEST, DarkFrame, dark_frame, subtracted
from pfm_desktop.support.errors import BadInputError

SIZE = (160, 120)
Pixels = np.ndarray


def flat(level: float) -> Pixels:
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


@pytest.fixture
def sensor() -> Sensor:
    return Sensor(*SIZE, seed=3)


def without_light(sensor: Sensor, count: int = 8) -> list[Pixels]:
    return [sensor.exposed((), brightness=1.0, dark_ms=120.0) for _ in range(count)]


def test_the_pattern_of_a_camera_goes_and_the_level_of_the_picture_stays(sensor: Sensor) -> None:
    dark = dark_frame(without_light(sensor), exposure_ms=120.0)
    seen = sensor.exposed((flat(60),), brightness=1.0, dark_ms=120.0)
    clear = subtracted(seen, dark, exposure_ms=120.0)
    error = np.abs(clear.astype(int) - 60 - BLACK_LEVEL)
    assert np.abs(seen.astype(int) - 60 - BLACK_LEVEL).max() > 100
    assert error.max() < 15  # noise of the picture and of the dark frame
    assert clear.mean() == pytest.approx(60 + np.mean(dark.black_level), abs=0.5)


def test_what_is_dark_comes_out_no_brighter_than_it_is(sensor: Sensor) -> None:
    dark = dark_frame(without_light(sensor, 16))
    clear = subtracted(without_light(sensor, 1)[0], dark)
    assert clear.mean() == pytest.approx(np.mean(dark.black_level), abs=0.5)


def test_where_a_hot_pixel_is_clipped_its_neighbours_say_how_bright_it_was(sensor: Sensor) -> None:
    dark = dark_frame(without_light(sensor))
    clear = subtracted(sensor.exposed((flat(180),), brightness=1.0, dark_ms=120.0), dark)
    hot = dark.pattern > 90
    assert hot.any()
    assert np.abs(clear[hot].astype(int) - 180 - BLACK_LEVEL).max() < 12


def test_neither_the_picture_nor_the_frames_are_written_to(sensor: Sensor) -> None:
    frames, seen = without_light(sensor), flat(250)
    for one in (*frames, seen):
        one.flags.writeable = False
    assert subtracted(seen, dark_frame(frames)) is not seen


def test_a_dark_frame_is_told_from_others_by_its_pixels(sensor: Sensor) -> None:
    frames = without_light(sensor)
    assert dark_frame(frames).pixels_sha256 == dark_frame(frames).pixels_sha256 != dark_frame(frames[:4]).pixels_sha256
    assert dark_frame(frames).count == 8


def lamp_on(frames: list[Pixels]) -> list[Pixels]:
    return [np.clip(one.astype(int) + 60, 0, 255).astype(np.uint8) for one in frames]


def light_leaks_in(frames: list[Pixels]) -> list[Pixels]:
    leak = np.linspace(0, 40, SIZE[0])[None, :, None]
    return [(one + leak).clip(0, 255).astype(np.uint8) for one in frames]


def light_changes(frames: list[Pixels]) -> list[Pixels]:
    return [one + np.uint8(number) for number, one in enumerate(frames)]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(lamp_on, "too bright"), (light_leaks_in, "brighter than the rest"), (light_changes, "light changed")],
)
def test_a_dark_frame_that_is_not_dark_is_refused_with_the_reason(
    sensor: Sensor, spoil: Callable[[list[Pixels]], list[Pixels]], why: str
) -> None:
    with pytest.raises(BadInputError, match=f"no dark frame: .*{why}.*switch the lamp off"):
        dark_frame(spoil(without_light(sensor)))


def test_too_few_frames_or_frames_of_several_sizes_are_refused(sensor: Sensor) -> None:
    frames = without_light(sensor)
    with pytest.raises(BadInputError, match="4 frames or more, not 3"):
        dark_frame(frames[: FEWEST - 1])
    with pytest.raises(BadInputError, match="one size"):
        dark_frame([*frames, frames[0][:60]])
    with pytest.raises(BadInputError):
        dark_frame([one.astype(np.float32) for one in frames])  # type: ignore[misc]


@pytest.mark.parametrize(
    ("taken", "asked", "why"),
    [
        ({"exposure_ms": 120.0}, {"exposure_ms": 60.0}, "exposure 120, the picture with 60"),
        ({"exposure_ms": 120.0}, {}, "exposure 120, the picture with not known"),
        ({}, {"gain": 2.0}, "gain not known, the picture with 2"),
        ({"gain": 1.0}, {"gain": 2.0}, "gain 1, the picture with 2"),
    ],
)
def test_a_dark_frame_of_other_settings_is_refused(
    sensor: Sensor, taken: dict[str, float], asked: dict[str, float], why: str
) -> None:
    dark = dark_frame(without_light(sensor), **taken)
    with pytest.raises(BadInputError, match=f"{why}.*as it was"):
        subtracted(flat(60), dark, **asked)


def test_settings_that_are_nearly_the_same_are_the_same() -> None:
    dark = DarkFrame(flat(5), 4, exposure_ms=120.0, gain=0.0)
    assert dark.fits(flat(60), exposure_ms=120.5, gain=0.0) == ""


def test_a_dark_frame_of_another_size_is_refused() -> None:
    with pytest.raises(BadInputError, match="160 x 120 pixels, the picture 160 x 60"):
        subtracted(flat(60)[:60], DarkFrame(flat(5), 4))


def test_a_camera_of_few_pixels_is_no_error() -> None:
    tiny = np.full((3, 5, 3), 4, np.uint8)
    assert (subtracted(tiny, dark_frame([tiny] * 4)) == 4).all()
