"""Four figures behind a day in a file's name: a time where they can be one, and never one that a count makes up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.counts import counted
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.found import Item
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.plan import ImportPlan, waits_for

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]
DAY = When(datetime(2026, 3, 4).astimezone(), day_only=True)


@pytest.fixture
def planned(tmp_path: Path, picture: Picture, put_file: Put) -> Callable[..., ImportPlan]:
    """`planned(*stems)`: a plan of pictures without EXIF of the woman K-61."""

    def made(*stems: str) -> ImportPlan:
        for number, stem in enumerate(stems):
            put_file(tmp_path / "in" / "K-61" / f"{stem}.jpg", picture(number))
        return make_plan(SilentContext(), [tmp_path / "in"])

    return made


@pytest.mark.parametrize(
    "stems",
    [
        ("acetic 2026-03-04 0012", "acetic 2026-03-04 0130"),
        ("acetic 2026-03-04 0012", "acetic 2026-03-04 0261"),
        ("acetic 2026-03-04 0012",),
        ("acetic 20260304_0012", "lugol 20260304_0013"),
        ("acetic 04.03.2026 0012", "acetic 04.03.2026 0261"),
        tuple(f"acetic 2026-03-04 {number:04d}" for number in range(0, 150, 10)),
        ("acetic 2026-03-04 0958", "acetic 2026-03-04 0959", "acetic 2026-03-04 0960"),
        ("acetic 2026-03-04 1058", "acetic 2026-03-04 1059", "acetic 2026-03-04 1060"),
    ],
)
def test_a_count_behind_a_day_is_no_time_and_no_number_and_parts_no_visit(
    planned: Callable[..., ImportPlan], stems: tuple[str, ...]
) -> None:
    (woman,) = planned(*stems).women
    assert woman.identifier == "K-61"
    (visit,) = woman.visits
    assert (visit.when.value, visit.when.sure) == (DAY, Sure.LIKELY)
    assert {(one.when.value, one.patient.sure) for one in visit.pictures} == {(DAY, Sure.LIKELY)}
    assert all(waits_for(one, visit) == "" for one in visit.pictures)


def test_why_it_is_no_time_is_said(planned: Callable[..., ImportPlan]) -> None:
    (one,) = planned("acetic 2026-03-04 0012").pictures
    assert one.when.why == "the name acetic 2026-03-04 says the day only: 0012 behind it is taken for a count"


@pytest.mark.parametrize(
    "stems",
    [
        ("acetic 2026-03-04 1012", "acetic 2026-03-04 1130"),
        ("acid 2026-03-04 1012", "fluo 2026-03-04 1013", "lugol 2026-03-04 1014"),
    ],
)
def test_times_of_a_day_that_may_be_a_count_are_asked_about(
    planned: Callable[..., ImportPlan], stems: tuple[str, ...]
) -> None:
    plan = planned(*stems)
    for visit in plan.women[0].visits:
        assert visit.when.sure is Sure.UNSURE
        assert "1012 behind the day may be a count" in visit.when.why or "1130 behind the day" in visit.when.why
        assert visit.pairs == () or all(pair.guess.sure is Sure.UNSURE for pair in visit.pairs)
    confirmed = changes.confirm(plan, [one.key for one in plan.pictures])
    assert {visit.when.sure for visit in confirmed.women[0].visits} == {Sure.SAID}


@pytest.mark.parametrize(
    "stems",
    [
        ("2026-03-04_1201_acid_60s", "2026-03-04_1202_lugol"),
        ("2026-03-04_1201_acid", "2026-03-04_1202_lugol", "2026-03-04_1203_green"),
        ("acid 2026-03-04 1012",),
        ("acid 2026-03-04 1012", "lugol 2026-03-04 1017", "green 2026-03-04 1030"),
        ("acid 2026-03-04 10-12", "acid 2026-03-04 10-13"),
        ("acid 20260304_101200", "acid 20260304_101300"),
        ("acid 202603041012", "acid 202603041013"),
    ],
)
def test_times_of_a_day_that_are_no_count_are_likely(
    planned: Callable[..., ImportPlan], stems: tuple[str, ...]
) -> None:
    (visit,) = planned(*stems).women[0].visits
    assert visit.when.sure is Sure.LIKELY
    assert visit.when.value is not None
    assert not visit.when.value.day_only


def test_figures_that_may_be_another_womans_number_are_still_asked_about(planned: Callable[..., ImportPlan]) -> None:
    plan = planned("acetic 2026-03-04 4711", "acetic 2026-03-04 4712")
    assert {one.patient.sure for one in plan.pictures} == {Sure.UNSURE}
    assert {one.when.value for one in plan.pictures} == {DAY}


def test_a_pictures_own_time_comes_before_a_count(tmp_path: Path, picture: Picture, put_file: Put) -> None:
    for number in (12, 13):
        put_file(tmp_path / "K-61" / f"acid 2026-03-04 00{number}.jpg", picture(number, f"2026:03:04 10:{number}:00"))
    plan = make_plan(SilentContext(), [tmp_path / "K-61"])
    assert [f"{one.when.value.at:%H:%M}" for one in plan.pictures if one.when.value] == ["10:12", "10:13"]
    assert {one.when.sure for one in plan.pictures} == {Sure.LIKELY}


def test_each_folder_and_day_is_judged_for_itself(tmp_path: Path) -> None:
    names = ["a/x 2026-03-04 0012.jpg", "b/x 2026-03-04 1012.jpg", "a/x 2026-03-05 1012.jpg", "a/x.jpg"]
    assert list(counted([Item(name, 1, None, tmp_path / name) for name in names])) == [names[0]]
