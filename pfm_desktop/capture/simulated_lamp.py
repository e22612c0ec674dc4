"""A lamp that is not there: it speaks the protocol of docs/lamp.md on a pseudo-terminal, well or badly.

For tests and demonstrations. `SerialLamp(lamp.port)` cannot tell it from one on a cable. There are no pseudo-terminals
on Windows; making one there is a `UserError`.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time

from pfm_desktop.capture.lamp_faults import LampFaults, spoiled
from pfm_desktop.capture.lamp_lines import FALLS_BACK_S, LETTERS, LIGHTS, LONGEST, Command, Lines, command_of, line_of
from pfm_desktop.domain.capture import Light
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

__all__ = ["LampFaults", "SimulatedLamp"]

MAKER, SERIAL = "Simulated", "0001"
_UNKNOWN, _NO_LIGHT = "1 unknown command", "2 no such light"


class SimulatedLamp:
    """A lamp at `port`, answering on a thread of its own from `start` to `stop` (or within `with`).

    `light` is what is lit; a switch takes `switching_s` seconds. Without a command for `falls_back_s` it goes back to
    white light.
    """

    def __init__(self, *, switching_s: float = 0.02, falls_back_s: float = FALLS_BACK_S) -> None:
        if not hasattr(os, "openpty"):
            raise UserError(
                tr("there are no pseudo-terminals on this system, so that a lamp cannot be simulated"),
                remedy=tr("use a real lamp, or Linux or macOS"),
            )
        self.port = ""
        self.faults = LampFaults()
        self._switching_s = switching_s
        self._falls_back_s = falls_back_s
        self._light = Light.WHITE
        self._asked = Light.WHITE  # what it is switching to, from `_lit_at` on
        self._lit_at = 0.0
        self._heard_at = 0.0
        self._answers: list[tuple[float, bytes]] = []
        self._ends: tuple[int, int] | None = None  # of the terminal: ours, and the one behind `port`
        self._wake: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def light(self) -> Light:
        """What is lit now."""
        with self._lock:
            self._advance(time.monotonic())
            return self._light

    def start(self) -> SimulatedLamp:
        """Plug it in; `port` is known from then on."""
        if self._thread is None:
            ours, theirs = os.openpty()
            _raw(theirs)
            self._ends, self._wake = (ours, theirs), os.pipe()
            self.port = os.ttyname(theirs)
            with self._lock:
                self._light = self._asked = Light.WHITE  # as any lamp that gets power
                self._answers.clear()
            self._thread = threading.Thread(target=self._run, name="simulated lamp", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Unplug it: whoever has its port open finds it gone. It may be started again, mostly at another `port`."""
        if self._thread is None or self._ends is None or self._wake is None:
            return
        os.write(self._wake[1], b"x")
        self._thread.join()
        for end in (*self._ends, *self._wake):
            os.close(end)
        self._thread = self._ends = self._wake = None

    def __enter__(self) -> SimulatedLamp:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        assert self._ends is not None
        assert self._wake is not None
        ours, lines = self._ends[0], Lines()
        while True:
            ready, _, _ = select.select([ours, self._wake[0]], [], [], self._until_next())
            if self._wake[0] in ready:
                return
            if ours in ready:
                with contextlib.suppress(OSError):
                    for line in lines.more(os.read(ours, 2 * LONGEST)):
                        self._hear(line)
            with self._lock:
                now = time.monotonic()
                self._advance(now)
                due = [answer for at, answer in self._answers if at <= now]
                self._answers = [one for one in self._answers if one[0] > now]
            for answer in due:
                with contextlib.suppress(OSError):
                    os.write(ours, answer)

    def _until_next(self) -> float | None:
        """Seconds until something is to be done unasked."""
        with self._lock:
            moments = [at for at, _ in self._answers]
            if self._light is not self._asked:
                moments.append(self._lit_at)
            if self._asked is not Light.WHITE:
                moments.append(self._heard_at + self._falls_back_s)
            return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _advance(self, now: float) -> None:
        """Bring the light up to `now`."""
        if self._asked is not Light.WHITE and now >= self._heard_at + self._falls_back_s:
            self._light = self._asked = Light.WHITE
        if now >= self._lit_at:
            self._light = self._asked

    def _hear(self, line: bytes) -> None:
        command = command_of(line)
        faults = self.faults
        if command is None or faults.silent:
            return
        with self._lock:
            now = self._heard_at = time.monotonic()
            words, at = self._done(command, faults, now)
            number = command.number % 9999 + 1 if faults.other_number else command.number
            self._answers.append((at + faults.late_s, spoiled(line_of(number, *words), faults)))

    def _done(self, command: Command, faults: LampFaults, now: float) -> tuple[tuple[str, ...], float]:
        """The words of the answer, and when they are said."""
        if faults.error:
            return ("ERR", faults.error), now
        if command.name == "ID":
            return ("OK", "PFM-LAMP", "1", MAKER, SERIAL), now
        if command.name == "STATE":
            self._advance(now)
            return ("OK", LETTERS[self._light]), now
        if command.name != "LIGHT":
            return ("ERR", _UNKNOWN), now
        if len(command.arguments) != 1 or command.arguments[0] not in LIGHTS:
            return ("ERR", _NO_LIGHT), now
        light = LIGHTS[command.arguments[0]]
        if faults.other_light:
            light = Light.WHITE if light is not Light.WHITE else Light.OFF
        self._advance(now)
        if light is not self._asked:
            self._asked, self._lit_at = light, now + self._switching_s
        return ("OK", LETTERS[light]), now if faults.early else max(now, self._lit_at)


def _raw(terminal: int) -> None:
    """Bytes go through as they are, and what is said to it does not come back as an echo."""
    import tty

    tty.setraw(terminal)
