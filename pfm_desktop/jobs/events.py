"""What a running job tells the outside. Frozen and picklable, so that they cross threads and processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps (total 0: unknown), and what is being done."""

    job: str
    done: float
    total: float
    text: str


@dataclass(frozen=True)
class Finished:
    """The job returned `result`."""

    job: str
    result: Any


@dataclass(frozen=True)
class Failed:
    """The job raised. `message` is for the user; `details` (a traceback) is for the log only."""

    job: str
    message: str
    details: str
    error: BaseException | None = None


@dataclass(frozen=True)
class Stopped:
    """The job was cancelled and has ended; nothing more comes from it."""

    job: str


Event = Progress | Finished | Failed | Stopped
