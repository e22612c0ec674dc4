"""A command that is told to end does so as after Ctrl+C, once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from pfm_desktop.cli.ending import ends_as_ctrl_c

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends a program without asking it")
SIGNALS = [signal.Signals.SIGTERM, signal.Signals.SIGHUP]


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """As in a plain terminal: below nohup nobody hears that the line was hung up."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_being_told_to_end_is_ctrl_c(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), ends_as_ctrl_c():
        signal.raise_signal(number)
    assert signal.getsignal(number) is signal.SIG_DFL


def told_again_while_cleaning_up(cleaned: list[str]) -> None:
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        for number in SIGNALS:
            signal.raise_signal(number)
        cleaned.append("all")


def test_cleaning_up_is_not_cut_short_by_being_told_again() -> None:
    cleaned: list[str] = []
    with pytest.raises(KeyboardInterrupt), ends_as_ctrl_c():
        told_again_while_cleaning_up(cleaned)
    assert cleaned == ["all"]


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_not_to_be_heard_stays_so(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with ends_as_ctrl_c():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_beside_the_main_thread_signals_are_left_alone() -> None:
    seen: list[object] = []

    def work() -> None:
        with ends_as_ctrl_c():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
