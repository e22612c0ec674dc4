"""The list of a library that is still being opened: it can be read, and what is asked of it waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow

OPENS_SOON = tr("The visit opens as soon as the library is open.")


@dataclass(frozen=True)
class Closed:
    """Stands for the library: nothing can be written yet."""

    read_only: bool = True
    no_editing: str = tr("it is being opened")


@dataclass(frozen=True)
class FirstLook:
    """Stands for the `Session` until there is one. `rows`: the list as `storage.worklist.first_rows` found it."""

    rows: Sequence[VisitRow]
    library: Closed = field(default_factory=Closed)
    case: None = None

    def today(self) -> Sequence[VisitRow]:
        """The list."""
        return self.rows
