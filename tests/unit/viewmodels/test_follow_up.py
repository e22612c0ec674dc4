"""What the histology page says against a result."""

from __future__ import annotations

from datetime import date

from pfm_desktop.domain.followup import FollowUp
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.specimen import Result, Specimen, SpecimenKind
from pfm_desktop.viewmodels.follow_up import doubt_words

DAY = date(2026, 3, 2)


def followed(diagnosis: str, reported: str, impression: Grade) -> FollowUp:
    result = Result({"diagnosis": diagnosis, "reported_on": reported})
    pot = Specimen("a", "v", SpecimenKind.BIOPSY, "A", "A", {}, result)
    return FollowUp("v", DAY, (pot,), impression)


def test_a_report_before_the_visit_hides_no_discordance() -> None:
    early, apart = doubt_words(followed("normal", "2026-03-01", Grade.HIGH)).splitlines()
    assert early.startswith("The report on pot A is dated before the visit")
    assert apart.startswith("Histology (normal) is 2 grades less than the impression (high (HSIL, CIN2-3)")


def test_each_is_said_alone_where_the_other_is_not() -> None:
    assert doubt_words(followed("normal", "2026-03-01", Grade.LOW)).startswith("The report on pot A")
    assert doubt_words(followed("cin3", "2026-03-09", Grade.NORMAL)).startswith("Histology (high (HSIL, CIN2-3)")
    assert doubt_words(followed("normal", "2026-03-09", Grade.NORMAL)) == ""
