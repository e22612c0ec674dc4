"""What the doctor says of one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """`said` and `todo` name nothing of a patient and no folder of the user's; `todo`: "" for nothing."""

    name: str
    said: str
    state: State = State.OK
    todo: str = ""


Findings = Iterator[Finding]


def warn(name: str, said: str, todo: str) -> Finding:
    """Works, but not as well as it could."""
    return Finding(name, said, State.WARN, todo)


def wrong(name: str, said: str, todo: str) -> Finding:
    """Does not work."""
    return Finding(name, said, State.ERROR, todo)
