"""What the jobs strip shows: the jobs that run, how far they are, which are being stopped. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pfm_desktop.jobs import Progress
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled


@dataclass(frozen=True)
class JobRow:
    """One running job. `total` 0: nobody knows how long it takes."""

    name: str
    title: str
    done: float = 0.0
    total: float = 0.0
    text: str = ""
    stopping: bool = False

    @property
    def percent(self) -> int | None:
        """0 to 100; None while unknown."""
        return min(100, max(0, round(100 * self.done / self.total))) if self.total > 0 else None

    @property
    def words(self) -> str:
        """The line beside the bar."""
        if self.stopping:
            return tr("{job}: stopping", job=self.title)
        return titled(self.title, self.text) if self.text and self.text != self.title else self.title


class JobBoard:
    """The running jobs in the order they were started."""

    def __init__(self) -> None:
        self._rows: dict[str, JobRow] = {}

    @property
    def rows(self) -> tuple[JobRow, ...]:
        """What runs now."""
        return tuple(self._rows.values())

    def started(self, name: str, title: str) -> None:
        """A job runs from now on."""
        self._rows[name] = JobRow(name, title)

    def heard(self, event: Progress) -> None:
        """A job told how far it is."""
        row = self._rows.get(event.job)
        if row is not None:
            self._rows[event.job] = replace(row, done=event.done, total=event.total, text=event.text)

    def stopping(self, name: str) -> None:
        """A job was asked to stop and has not ended yet."""
        row = self._rows.get(name)
        if row is not None:
            self._rows[name] = replace(row, stopping=True)

    def ended(self, name: str) -> None:
        """A job has ended, however."""
        self._rows.pop(name, None)
