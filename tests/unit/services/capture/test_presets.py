"""What a camera is set to in either light."""

from __future__ import annotations

from pfm_desktop.capture.source import Control, Setting
from pfm_desktop.services.capture.presets import presets_for


def nothing(control: Control, value: float | None) -> None: ...


def test_fluorescence_is_never_balanced_by_the_camera() -> None:
    controls = {
        Control.WHITE_BALANCE: Setting(4800.0, automatic=True, can_be_automatic=True),
        Control.GAIN: Setting(2.0),
        Control.FOCUS: Setting(7.0, automatic=True),
    }
    presets = presets_for(controls, nothing)
    assert presets.fluorescence == {Control.WHITE_BALANCE: 4800.0}
    assert presets.white == {Control.WHITE_BALANCE: None}


def test_what_is_wanted_in_fluorescence_is_set_and_white_light_gets_back_what_it_had() -> None:
    controls = {
        Control.EXPOSURE: Setting(10.0, automatic=True),
        Control.GAIN: Setting(2.0),
        Control.WHITE_BALANCE: Setting(5000.0),
    }
    presets = presets_for(controls, nothing, {Control.EXPOSURE: 120.0, Control.GAIN: 4.0})
    assert presets.fluorescence == {Control.EXPOSURE: 120.0, Control.GAIN: 4.0}
    assert presets.white == {Control.EXPOSURE: None, Control.GAIN: 2.0}


def test_what_could_not_be_set_back_is_left_alone() -> None:
    controls = {Control.EXPOSURE: Setting(None), Control.WHITE_BALANCE: Setting(None, automatic=True)}
    presets = presets_for(controls, nothing, {Control.EXPOSURE: 120.0, Control.GAIN: 4.0})
    assert presets.fluorescence == {}
    assert presets.white == {}


def test_applying_sets_one_after_the_other() -> None:
    done: list[tuple[Control, float | None]] = []
    controls = {Control.EXPOSURE: Setting(10.0), Control.GAIN: Setting(2.0)}
    presets = presets_for(controls, lambda *one: done.append(one), {Control.GAIN: 4.0, Control.EXPOSURE: 120.0})
    presets.apply(presets.fluorescence)
    presets.apply(presets.white)
    assert done == [
        (Control.GAIN, 4.0),
        (Control.EXPOSURE, 120.0),
        (Control.GAIN, 2.0),
        (Control.EXPOSURE, 10.0),
    ]
