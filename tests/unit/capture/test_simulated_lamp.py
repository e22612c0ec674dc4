"""The lamp that is not there, where `SerialLamp` does not show it (test_lamp.py)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pfm_desktop.capture.lamp import LampAnswerError, SerialLamp
from pfm_desktop.capture.simulated_lamp import LampFaults, SimulatedLamp
from pfm_desktop.domain.capture import Light
from pfm_desktop.support.errors import UserError


@pytest.mark.skipif(hasattr(os, "openpty"), reason="this system has pseudo-terminals")
def test_where_there_are_no_pseudo_terminals_that_is_said() -> None:
    with pytest.raises(UserError, match="cannot be simulated"):
        SimulatedLamp()


def test_without_pseudo_terminals_making_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "openpty", raising=False)
    with pytest.raises(UserError, match="cannot be simulated"):
        SimulatedLamp()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
class TestOnAPseudoTerminal:
    def test_nothing_is_left_open(self) -> None:
        before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
        with SimulatedLamp() as lamp:
            lamp.start()  # twice is once
        lamp.stop()
        if before:
            assert len(list(Path("/proc/self/fd").iterdir())) == before

    def test_a_lamp_that_answers_too_early_is_not_lit_yet(self) -> None:
        with SimulatedLamp(switching_s=30.0) as there:
            there.faults = LampFaults(early=True)
            lamp = SerialLamp(there.port)
            lamp.open()
            assert lamp.switch(Light.FLUORESCENCE).light is Light.FLUORESCENCE
            assert there.light is Light.WHITE
            lamp.close()

    def test_what_it_does_not_know_it_refuses(self) -> None:
        with SimulatedLamp() as there:
            lamp = SerialLamp(there.port)
            lamp.open()
            for words in (("DANCE",), ("LIGHT", "X"), ("LIGHT",), ("LIGHT", "F", "F")):
                with pytest.raises(LampAnswerError, match=r"refuses: [12]"):
                    lamp._asked(*words)
            lamp.close()

    def test_plugged_in_anew_it_is_white(self) -> None:
        there = SimulatedLamp(switching_s=0.0).start()
        lamp = SerialLamp(there.port)
        lamp.open()
        lamp.switch(Light.FLUORESCENCE)
        there.stop()
        with there.start():
            assert there.light is Light.WHITE
        lamp.close()
