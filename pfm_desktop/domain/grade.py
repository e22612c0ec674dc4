"""The four grades of a case, in order of severity."""

from enum import StrEnum

from pfm_desktop.support.language import tr


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
# as people read them; what is kept and exchanged is the value
GRADE_WORDS: dict[Grade, str] = {
    Grade.NORMAL: tr("normal", "grade"),
    Grade.LOW: tr("low", "grade"),
    Grade.HIGH: tr("high", "grade"),
    Grade.CANCER: tr("cancer", "grade"),
}
