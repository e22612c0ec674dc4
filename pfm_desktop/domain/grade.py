"""The four grades of a case, in order of severity."""

from enum import StrEnum


class Grade(StrEnum):
    """Grade of a case; see `docs/CONTEXT.md`. Ordered: NORMAL < LOW < HIGH < CANCER through `rank`."""

    NORMAL = "normal"
    LOW = "low"  # LSIL, CIN1
    HIGH = "high"  # HSIL, CIN2-3
    CANCER = "cancer"

    @property
    def rank(self) -> int:
        """0 (normal) to 3 (cancer); the class index of the network."""
        return GRADES.index(self)


GRADES: tuple[Grade, ...] = tuple(Grade)
