"""What stands on pictures that are no pair, so large that nobody takes one for another. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pfm_desktop.domain.source import Source
from pfm_desktop.support.listing import COMMA


@dataclass(frozen=True)
class Caption:
    """`title` in large letters, `lines` below it; `short`: where there is room for a word only. `big`: a number that is
    read from across the room, above all else."""

    title: str
    lines: tuple[str, ...] = ()
    short: str = ""
    big: str = ""

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        return COMMA.join(part for part in (self.big, self.title, *self.lines) if part)


@dataclass(frozen=True)
class Captions:
    """By place. `note`: about both; `alone`: there is one picture, and it has the whole stage."""

    of: Mapping[Source, Caption] = field(default_factory=dict)
    note: str = ""
    alone: bool = False

    def title(self, place: Source) -> str:
        """What the picture in a place is called."""
        return self.of[place].title if place in self.of else ""

    def spoken(self, place: Source) -> str:
        """All that is said of it."""
        return self.of[place].spoken if place in self.of else ""
