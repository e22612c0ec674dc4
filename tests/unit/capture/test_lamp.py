"""The lamp on its line: asked, answered, and everything that can be wrong with an answer."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import serial

from pfm_desktop.capture.lamp import (
    LampAnswerError,
    LampError,
    LampSilentError,
    NoLampError,
    SerialLamp,
    serial_ports,
)
from pfm_desktop.capture.simulated_lamp import LampFaults, SimulatedLamp
from pfm_desktop.domain.capture import Light

ANSWER_S = 0.2
Waits = Callable[[Callable[[], bool], float], bool]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")]


@pytest.fixture
def there() -> Iterator[SimulatedLamp]:
    with SimulatedLamp(switching_s=0.005) as lamp:
        yield lamp


@pytest.fixture
def lamp(there: SimulatedLamp) -> Iterator[SerialLamp]:
    asked = SerialLamp(there.port, answer_s=ANSWER_S, opening_tries=2)
    asked.open()
    yield asked
    asked.close()


def test_a_lamp_says_who_it_is(lamp: SerialLamp) -> None:
    assert lamp.name == "Simulated 0001"
    assert lamp.switched is None


def test_a_light_is_lit_once_the_lamp_says_so(there: SimulatedLamp, lamp: SerialLamp) -> None:
    before = time.monotonic()
    switched = lamp.switch(Light.FLUORESCENCE)
    assert there.light is Light.FLUORESCENCE
    assert before < switched.at <= time.monotonic()
    assert 0.005 <= switched.took_s == pytest.approx(switched.at - before, abs=0.1)
    assert lamp.switched == switched
    assert lamp.switch(Light.OFF).light is there.light is Light.OFF


def test_what_is_lit_can_be_asked_for_and_keeps_what_is_known_of_it(lamp: SerialLamp) -> None:
    switched = lamp.switch(Light.FLUORESCENCE)
    assert lamp.state() is Light.FLUORESCENCE
    assert lamp.switched == switched


def test_without_a_command_the_lamp_goes_back_to_white_light(comes_true: Waits) -> None:
    with SimulatedLamp(falls_back_s=0.1) as there:
        lamp = SerialLamp(there.port)
        lamp.open()
        lamp.switch(Light.FLUORESCENCE)
        assert comes_true(lambda: there.light is Light.WHITE, 5)
        assert lamp.state() is Light.WHITE
        lamp.close()


def test_closing_leaves_white_light_behind(there: SimulatedLamp, lamp: SerialLamp) -> None:
    lamp.switch(Light.FLUORESCENCE)
    lamp.close()
    lamp.close()
    assert there.light is Light.WHITE
    with pytest.raises(NoLampError, match="not connected"):
        lamp.switch(Light.WHITE)


def test_closing_a_lamp_that_does_not_answer_is_no_error(there: SimulatedLamp, lamp: SerialLamp) -> None:
    lamp.switch(Light.FLUORESCENCE)
    there.faults = LampFaults(silent=True)
    lamp.close()


@pytest.mark.parametrize(
    ("faults", "error", "words"),
    [
        (LampFaults(silent=True), LampSilentError, "the lamp Simulated 0001 does not answer"),
        (LampFaults(late_s=5.0), LampSilentError, "goes back to white light by itself"),
        (LampFaults(other_light=True), LampAnswerError, "answers 'W'"),
        (LampFaults(garbage=True), LampAnswerError, "not what was asked"),
        (LampFaults(half=True), LampAnswerError, "answers '#"),
        (LampFaults(error="3 too hot"), LampAnswerError, "refuses: 3 too hot"),
        (LampFaults(other_number=True), LampSilentError, "does not answer"),
    ],
)
def test_an_answer_that_is_none_is_said_and_the_light_is_not_known(
    there: SimulatedLamp, lamp: SerialLamp, faults: LampFaults, error: type[LampError], words: str
) -> None:
    lamp.switch(Light.WHITE)
    there.faults = faults
    with pytest.raises(error, match=words):
        lamp.switch(Light.FLUORESCENCE)
    assert lamp.switched is None


def test_after_any_fault_the_next_command_is_understood(there: SimulatedLamp, lamp: SerialLamp) -> None:
    for faults in (LampFaults(silent=True), LampFaults(garbage=True), LampFaults(half=True)):
        there.faults = faults
        with pytest.raises(LampError):
            lamp.switch(Light.FLUORESCENCE)
        there.faults = LampFaults()
        assert lamp.switch(Light.WHITE).light is Light.WHITE


def test_a_late_answer_is_not_taken_for_one_to_the_next_command(
    there: SimulatedLamp, lamp: SerialLamp, comes_true: Waits
) -> None:
    there.faults = LampFaults(late_s=2.5 * ANSWER_S)
    with pytest.raises(LampSilentError):
        lamp.switch(Light.FLUORESCENCE)
    there.faults = LampFaults()
    assert lamp.switch(Light.OFF).light is Light.OFF
    assert comes_true(lambda: lamp.state() is Light.OFF, 5)
    assert there.light is Light.OFF


def test_an_answer_to_the_first_asking_counts_also_after_the_second(there: SimulatedLamp, lamp: SerialLamp) -> None:
    there.faults = LampFaults(late_s=1.4 * ANSWER_S)
    assert lamp.switch(Light.FLUORESCENCE).took_s > ANSWER_S
    there.faults = LampFaults()
    assert lamp.switch(Light.WHITE).light is Light.WHITE  # the second answer still comes, and is dropped


def test_an_endless_line_before_the_answer_does_no_harm(there: SimulatedLamp, lamp: SerialLamp) -> None:
    there.faults = LampFaults(endless=True)
    assert lamp.switch(Light.FLUORESCENCE).light is Light.FLUORESCENCE


def test_unplugging_while_it_is_open_is_said_and_it_can_be_opened_again(there: SimulatedLamp, lamp: SerialLamp) -> None:
    lamp.switch(Light.FLUORESCENCE)
    there.stop()
    with pytest.raises(NoLampError, match="unplugged"):
        lamp.switch(Light.WHITE)
    assert lamp.switched is None
    with pytest.raises(NoLampError):
        lamp.switch(Light.WHITE)
    there.start()
    lamp.port = there.port
    lamp.open()
    assert lamp.switch(Light.FLUORESCENCE).light is there.light


def test_a_port_that_is_not_there_is_said(tmp_path: object) -> None:
    for port in (f"{tmp_path}/none", "", "bad\0name"):
        with pytest.raises(NoLampError, match="there is no lamp"):
            SerialLamp(port).open()


def test_a_file_is_no_port(tmp_path: object) -> None:
    path = f"{tmp_path}/file"
    with open(path, "wb"):  # noqa: PTH123
        pass
    with pytest.raises(NoLampError):
        SerialLamp(path).open()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may use any port")
def test_a_port_that_this_user_may_not_use_is_said(there: SimulatedLamp) -> None:
    os.chmod(there.port, 0)  # noqa: PTH101
    with pytest.raises(LampError, match="may not use"):
        SerialLamp(there.port).open()


def test_a_lamp_that_another_program_has_is_said(there: SimulatedLamp, lamp: SerialLamp) -> None:
    assert lamp.port == there.port
    with pytest.raises(LampError, match="another program has"):
        SerialLamp(there.port).open()


def test_something_else_on_the_port_is_no_lamp(there: SimulatedLamp) -> None:
    there.faults = LampFaults(garbage=True)
    other = SerialLamp(there.port, answer_s=0.05, opening_tries=2)
    with pytest.raises(LampAnswerError, match="choose the port of the lamp"):
        other.open()
    there.faults = LampFaults()
    other.open()  # the port was let go
    other.close()


def test_numbers_of_commands_begin_anew_after_the_last(lamp: SerialLamp) -> None:
    lamp._number = 9998
    for light in (Light.FLUORESCENCE, Light.WHITE, Light.OFF):
        assert lamp.switch(light).light is light
    assert lamp._number == 2


def test_threads_that_ask_at_the_same_time_get_their_own_answers(there: SimulatedLamp, lamp: SerialLamp) -> None:
    with ThreadPoolExecutor(3) as pool:
        lights = [Light.WHITE, Light.FLUORESCENCE, Light.OFF] * 4
        assert [one.light for one in pool.map(lamp.switch, lights)] == lights


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ("[Errno 11] Could not exclusively lock port PORT: busy", LampError, "another program has"),
        ("[Errno 16] could not open port PORT: Resource busy", LampError, "another program has"),
        ("[Errno 13] could not open port PORT: Permission denied", LampError, "may not use"),
        ("[Errno 2] could not open port PORT: No such file or directory", NoLampError, "there is no lamp"),
    ],
)
def test_why_a_port_cannot_be_opened_is_said(
    monkeypatch: pytest.MonkeyPatch, said: str, error: type[LampError], words: str
) -> None:
    port = "/dev/ttyLocked-busy-denied"  # its name is no reason

    def fails(*_: object, **__: object) -> None:
        raise serial.SerialException(said.replace("PORT", port))

    monkeypatch.setattr(serial, "Serial", fails)
    with pytest.raises(error, match=words) as raised:
        SerialLamp(port).open()
    assert type(raised.value) is error


def test_on_windows_a_port_that_is_denied_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise serial.SerialException("could not open port 'COM3': PermissionError(13, 'Zugriff verweigert', None, 5)")

    monkeypatch.setattr(serial, "Serial", fails)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(LampError, match="another program has COM3"):
        SerialLamp("COM3").open()


def test_ports_can_be_listed() -> None:
    assert all(device and words for device, words in serial_ports())
