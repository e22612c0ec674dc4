"""The lamp of a dual source: what is asked of one, and one on a serial line (docs/lamp.md).

The program says which light it wants, and the lamp answers once that light is lit. Only what the lamp itself has
acknowledged counts: after any error the light is not known until it was asked for again.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pfm_desktop.capture.lamp_errors import LampAnswerError, LampError, LampSilentError, NoLampError, why_not_open
from pfm_desktop.capture.lamp_lines import (
    FALLS_BACK_S,
    LETTERS,
    LIGHTS,
    LONGEST,
    Answer,
    Lines,
    answer_of,
    line_of,
    printable,
)
from pfm_desktop.domain.capture import Light
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from serial import Serial

__all__ = [
    "Lamp",
    "LampAnswerError",
    "LampError",
    "LampSilentError",
    "NoLampError",
    "SerialLamp",
    "Switched",
    "serial_ports",
]

BAUD = 115200  # 8 data bits, no parity, 1 stop bit
ANSWER_S = 0.3  # an answer is awaited
TRIES = 2  # a command is said once more, then the lamp is silent
OPENING_TRIES = 8  # many boards start anew when their port is opened, which takes a second or two
_TURN_S = 0.02  # of waiting for bytes
_LAST_NUMBER = 9999
_FALLS_BACK = tr(
    "a lamp goes back to white light by itself {seconds:.0f} seconds after the last command",
    seconds=FALLS_BACK_S,
)


@dataclass(frozen=True)
class Switched:
    """`light` was lit by `at` (seconds of `time.monotonic`, when the acknowledgement was read), `took_s` seconds after
    it was first asked for."""

    light: Light
    at: float
    took_s: float


class Lamp(Protocol):
    """One lamp. `name` is for a person. `switched` is the last switching that was acknowledged, None where the light is
    not known. Methods may be called on any thread, one at a time."""

    @property
    def name(self) -> str:
        """See above."""

    @property
    def switched(self) -> Switched | None:
        """See above."""

    def open(self) -> None:
        """Begin to talk to it. Raises `LampError`."""

    def switch(self, light: Light) -> Switched:
        """Light `light` and wait until the lamp says so. Raises `LampError`; the light is not known then."""

    def close(self) -> None:
        """Let it go, in white light if it can be; twice does no harm."""


def serial_ports() -> tuple[tuple[str, str], ...]:
    """Serial ports of this computer as (what `SerialLamp` opens, what it is for a person)."""
    from serial.tools.list_ports import comports

    return tuple(sorted((port.device, port.description or port.device) for port in comports()))


class SerialLamp:
    """A lamp on a serial line that speaks the protocol of docs/lamp.md; `port` as the system names it.

    `answer_s` seconds are waited for an answer before a command is repeated, `opening_tries` times when it is opened.
    """

    def __init__(self, port: str, *, answer_s: float = ANSWER_S, opening_tries: int = OPENING_TRIES) -> None:
        self.port = port
        self.name = self._by_port
        self.switched: Switched | None = None
        self._answer_s = answer_s
        self._opening_tries = opening_tries
        self._line: Serial | None = None
        self._lines = Lines()
        self._number = 0
        self._lock = threading.RLock()

    def open(self) -> None:
        """See `Lamp.open`: the port is taken, and whatever is behind it has to say that it is a lamp."""
        with self._lock:
            self._let_go()
            self._line = _opened(self.port)
            self._lines = Lines()
            try:
                self._write(b"\n")  # ends what another program may have left half said
                identity = self._asked("ID", tries=self._opening_tries)
                if identity[:2] != ("PFM-LAMP", "1"):
                    raise self._wrong(" ".join(identity))
            except BaseException:
                self._let_go()
                raise
            self.name = " ".join(identity[2:]) or self._by_port

    def switch(self, light: Light) -> Switched:
        """See `Lamp.switch`."""
        with self._lock:
            asked, self.switched = time.monotonic(), None
            said = self._asked("LIGHT", LETTERS[light])
            at = time.monotonic()
            if said != (LETTERS[light],):
                raise self._wrong(" ".join(said))
            self.switched = Switched(light, at, at - asked)
            return self.switched

    def state(self) -> Light:
        """What it says is lit; also keeps it from falling back to white light. Raises `LampError`."""
        with self._lock:
            known, self.switched = self.switched, None
            said = self._asked("STATE")
            at = time.monotonic()
            if len(said) != 1 or said[0] not in LIGHTS:
                raise self._wrong(" ".join(said))
            light = LIGHTS[said[0]]
            # what was acknowledged earlier has been lit since then
            self.switched = known if known is not None and known.light is light else Switched(light, at, 0.0)
            return light

    def close(self) -> None:
        """See `Lamp.close`."""
        with self._lock:
            if self._line is not None and (self.switched is None or self.switched.light is not Light.WHITE):
                with contextlib.suppress(LampError):  # it falls back by itself
                    self._asked("LIGHT", LETTERS[Light.WHITE], tries=1)
            self._let_go()

    def _asked(self, command: str, *arguments: str, tries: int = TRIES) -> tuple[str, ...]:
        """The words behind OK. A command that is said again keeps its number: an answer to either will do."""
        self._receive(lambda answer: False, 0.0)  # what is too late for the command before
        self._number = self._number % _LAST_NUMBER + 1
        number = self._number
        self._lines.forget()
        for _ in range(tries):
            self._write(line_of(number, command, *arguments))
            answer = self._receive(lambda one: one.number == number, self._answer_s)
            if answer is not None:
                return self._accepted(answer)
        if self._lines.no_answer:
            raise self._wrong(self._lines.no_answer)
        raise self._silent()

    def _accepted(self, answer: Answer) -> tuple[str, ...]:
        if answer.error:
            raise LampAnswerError(
                tr("{lamp} refuses: {error}", lamp=self._called, error=answer.error),
                safe=_FALLS_BACK,
                remedy=tr("switch it off and on, try again"),
            )
        return answer.words

    def _receive(self, wanted: Callable[[Answer], bool], seconds: float) -> Answer | None:
        """The first answer that is wanted of those that come within `seconds`; others are dropped."""
        ends = time.monotonic() + seconds
        while True:
            for line in self._lines.more(self._read(wait=seconds > 0)):
                answer = answer_of(line)
                if answer is None:
                    self._lines.strange = printable(line)
                elif wanted(answer):
                    return answer
            if time.monotonic() >= ends:
                return None

    def _read(self, *, wait: bool) -> bytes:
        """What has come, at most about twice the longest line; the first byte is awaited for a short turn."""
        line = self._there()
        try:
            coming = min(line.in_waiting, 2 * LONGEST)
            return bytes(line.read(max(1, coming))) if wait or coming else b""
        except OSError as error:
            raise self._gone() from error

    def _write(self, line: bytes) -> None:
        from serial import SerialTimeoutException

        try:
            self._there().write(line)
        except SerialTimeoutException as error:
            raise self._silent() from error
        except OSError as error:
            raise self._gone() from error

    @property
    def _called(self) -> str:
        """Within a sentence."""
        return self.name if self.name == self._by_port else tr("the lamp {name}", name=self.name)

    @property
    def _by_port(self) -> str:
        """What it is called that does not say who it is."""
        return tr("the lamp on {port}", port=self.port)

    def _there(self) -> Serial:
        if self._line is None:
            raise NoLampError(
                tr("{lamp} is not connected", lamp=self._called), remedy=tr("plug it in, and open it again")
            )
        return self._line

    def _gone(self) -> NoLampError:
        self._let_go()
        return NoLampError(tr("{lamp} was unplugged", lamp=self._called), remedy=tr("plug it in again"))

    def _silent(self) -> LampSilentError:
        return LampSilentError(
            tr("{lamp} does not answer", lamp=self._called),
            safe=_FALLS_BACK,
            remedy=tr("look at its power and its cable"),
        )

    def _wrong(self, said: str) -> LampAnswerError:
        self.switched = None
        return LampAnswerError(
            tr("what is on {port} answers {said!r}, which is not what was asked", port=self.port, said=said),
            safe=_FALLS_BACK,
            remedy=tr("choose the port of the lamp, or switch the lamp off and on"),
        )

    def _let_go(self) -> None:
        line, self._line, self.switched = self._line, None, None
        if line is not None:
            with contextlib.suppress(OSError):  # it was unplugged
                line.close()


def _opened(port: str) -> Serial:
    from serial import Serial

    alone = None if sys.platform == "win32" else True  # on Windows a port has one owner anyway
    try:
        return Serial(port, BAUD, timeout=_TURN_S, write_timeout=ANSWER_S, exclusive=alone)
    except (OSError, ValueError) as error:
        raise why_not_open(port, error) from error
