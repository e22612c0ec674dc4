"""What a simulated lamp does badly."""

from __future__ import annotations

from dataclasses import dataclass

from pfm_desktop.capture.lamp_lines import LONGEST


@dataclass(frozen=True)
class LampFaults:
    """What it does badly. Commands are done all the same, where nothing else is said.

    `silent`: no answers, and nothing is done. `late_s`: answers come so many seconds late. `other_light`: it says, and
    lights, another light than it was asked for. `other_number`: answers carry another number. `garbage`: noise for an
    answer. `half`: answers without their end. `endless`: a very long line before each answer. `error`: it refuses with
    these words. `early`: it says that a light is lit as soon as it is asked for.
    """

    silent: bool = False
    late_s: float = 0.0
    other_light: bool = False
    other_number: bool = False
    garbage: bool = False
    half: bool = False
    endless: bool = False
    error: str = ""
    early: bool = False


def spoiled(answer: bytes, faults: LampFaults) -> bytes:
    """An answer as it goes over the wire with these faults."""
    if faults.garbage:
        return b"\xff\x00?! 0x1b\n"
    if faults.half:
        return answer[: len(answer) // 2]
    return b"x" * 5 * LONGEST + b"\n" + answer if faults.endless else answer
