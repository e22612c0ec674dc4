"""The device of this workstation as it is kept: what is damaged or hostile on the disk makes no device that harms."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from pfm_desktop.services.capture import config
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting

WHOLE = DeviceConfig(
    name="Colposcope 3 (ÄÖ)",
    kind=Kind.TWO,
    camera="usb:0",
    second="usb:1",
    width=1280,
    height=720,
    rate=25.0,
    white=LightSetting(exposure_ms=8.0, gain=1.5, white_balance_k=5200.0, filter="none", polariser="crossed"),
    fluorescence=LightSetting(exposure_ms=300.0, excitation_nm=405.0),
    mm_per_px=0.02,
    calibrated_width=1280,
    homography=(1.0, 0.0, 12.5, 0.0, 1.0, -3.0, 0.0, 0.0, 1.0),
)


def test_what_was_chosen_comes_back_as_it_was() -> None:
    config.save(WHOLE)
    assert config.load() == WHOLE


def test_an_excitation_that_cannot_be_is_not_known() -> None:
    config.save(replace(WHOLE, fluorescence=replace(WHOLE.fluorescence, excitation_nm=19.0)))
    assert config.load() == replace(WHOLE, fluorescence=replace(WHOLE.fluorescence, excitation_nm=None))


def test_where_nothing_was_chosen_it_is_the_simulated_device() -> None:
    assert config.load() == DeviceConfig()
    assert config.load().kind is Kind.SIMULATED


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"', "\x00\x01", '{"name": ', "[" * 100_000])
def test_what_is_no_table_is_the_simulated_device_and_a_warning(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "device.json"
    path.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert config.load(path) == DeviceConfig()
    assert "could not be read" in caplog.text


def test_bytes_that_are_no_text_are_the_simulated_device(tmp_path: Path) -> None:
    path = tmp_path / "device.json"
    path.write_bytes(b"\xff\xfe\xfa{}")
    assert config.load(path) == DeviceConfig()


@pytest.mark.parametrize(
    "hostile",
    [
        {"kind": "none"},
        {"kind": ["one"]},
        {"width": -1},
        {"width": True},
        {"width": 10**30},
        {"width": 12.5},
        {"rate": "fast"},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"mm_per_px": "0.1"},
        {"homography": [1.0] * 8},
        {"homography": [1.0] * 8 + ["x"]},
        {"homography": "123456789"},
        {"white": 3},
        {"white": {"exposure_ms": "long"}},
        {"name": 7},
        {"unknown": {"deep": [1]}},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_left_at_its_default_and_the_rest_stays(hostile: dict[str, object]) -> None:
    kept = {"camera": "usb:7", **hostile}
    assert config.from_table(json.loads(json.dumps(kept))) == replace(DeviceConfig(), camera="usb:7")


def test_a_text_without_end_is_cut() -> None:
    assert len(config.from_table({"name": "x" * 1_000_000}).name) == config.LONGEST_TEXT


def test_the_scale_follows_the_width_of_the_frame() -> None:
    assert WHOLE.mm_at(1280, 720) == 0.02
    assert WHOLE.mm_at(640, 360) == 0.04
    assert WHOLE.mm_at(0, 0) is None
    assert replace(WHOLE, mm_per_px=None).mm_at(1280, 720) is None
    assert replace(WHOLE, calibrated_width=0).mm_at(1280, 720) is None


def test_a_frame_of_another_shape_has_no_scale() -> None:
    known = replace(WHOLE, calibrated_height=720)
    assert known.mm_at(1920, 1080) == pytest.approx(0.02 * 1280 / 1920)
    assert known.mm_at(1920, 1088) is not None  # rows that a codec fills up
    assert known.mm_at(640, 480) is None


@pytest.mark.parametrize("wrong", [{"mm_per_px": -4.0}, {"mm_per_px": 0.0}, {"homography": [0.0] * 9}])
def test_numbers_that_cannot_be_are_left_out(wrong: dict[str, object]) -> None:
    found = config.from_table({"name": "Scope 7", **wrong})
    assert (found.name, found.mm_per_px, found.homography) == ("Scope 7", None, config.DeviceConfig().homography)
