"""What the steps of the self-test hand on to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context
from pfm_desktop.services.engine import PairAnswer, PairPictures
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError

Thing = TypeVar("Thing")


@dataclass(eq=False)
class Bench:
    """What there is by now."""

    folder: Path
    files: list[tuple[Stage, bytes]] = field(default_factory=list)
    lib: Library | None = None
    visit: str = ""
    pair: Pair | None = None
    pictures: PairPictures | None = None
    model: str = ""
    answer: PairAnswer | None = None


Step = Callable[[Context, Bench], str]  # returns what is said of it; raises where it does not work


def there(thing: Thing | None) -> Thing:
    """What an earlier step left behind."""
    if thing is None:
        raise UserError("an earlier step left nothing behind")
    return thing
