"""The lines that program and lamp say to each other (docs/lamp.md): made, split from bytes, and read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pfm_desktop.domain.capture import Light

LETTERS = {Light.WHITE: "W", Light.FLUORESCENCE: "F", Light.OFF: "O"}
LIGHTS = {letter: light for light, letter in LETTERS.items()}
FALLS_BACK_S = 10.0  # without a command a lamp goes back to white light
LONGEST = 120  # bytes of a line, its end included; longer ones are noise
_COMMAND = re.compile(r"#(\d{1,4}) ([A-Z]+)((?: [!-~]+)*)")
_ANSWER = re.compile(r"#(\d{1,4}) (OK|ERR)((?: [!-~]+)*)")


@dataclass(frozen=True)
class Command:
    """`#12 LIGHT F` as the lamp reads it."""

    number: int
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """`#12 OK F` or `#12 ERR 2 busy`; `error` is code and text of the latter, else ""."""

    number: int
    words: tuple[str, ...] = ()
    error: str = ""


def line_of(number: int, *words: str) -> bytes:
    """A line with its number, as it goes over the wire."""
    return f"#{number} {' '.join(words)}\n".encode("ascii")


def command_of(line: bytes) -> Command | None:
    """The command in a line, None where there is none."""
    found = _found(_COMMAND, line)
    return Command(int(found[1]), found[2], tuple(found[3].split())) if found else None


def answer_of(line: bytes) -> Answer | None:
    """The answer in a line, None where there is none."""
    found = _found(_ANSWER, line)
    if found is None:
        return None
    words = tuple(found[3].split())
    return Answer(int(found[1]), words) if found[2] == "OK" else Answer(int(found[1]), (), " ".join(words) or "ERR")


def _found(pattern: re.Pattern[str], line: bytes) -> re.Match[str] | None:
    """From the last `#` on: what stands before it is noise, or a line that was broken off."""
    text = line[max(0, line.rfind(b"#")) :].rstrip(b"\r ").decode("ascii", "replace")
    return pattern.fullmatch(text)


def printable(line: bytes) -> str:
    """As much of a line as may be shown to a person."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line[:40])


class Lines:
    """Bytes come in, whole lines go out; a line that does not end is dropped, so that no more than `LONGEST` bytes are
    ever kept. `strange` is the last thing that was no answer, "" for none."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False
        self.strange = ""

    def forget(self) -> None:
        """What was strange until now."""
        self.strange = ""

    @property
    def no_answer(self) -> str:
        """What came in place of an answer, printable: something strange, or a line that has not ended; "" for none."""
        return self.strange or printable(self._rest)

    def more(self, data: bytes) -> list[bytes]:
        """The lines that end in `data`, without their ends; empty ones are left out."""
        *whole, rest = (self._rest + data).split(b"\n")
        if whole and self._dropping:
            self.strange = printable(whole.pop(0)) or self.strange
            self._dropping = False
        if len(rest) >= LONGEST or self._dropping:
            self.strange = printable(rest) or self.strange
            rest, self._dropping = b"", True
        self._rest = rest
        fitting = [line for line in whole if len(line) < LONGEST]
        if len(fitting) < len(whole):
            self.strange = printable(next(line for line in whole if len(line) >= LONGEST))
        return [line for line in fitting if line.strip(b"\r ")]
