"""When somebody or a manifest says that a visit was: believed, unless it cannot be or its pictures say another day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.dates import ExifTime, When
from pfm_desktop.services.importing.guess import Guess, Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.manifest import read_import_manifest
from pfm_desktop.services.importing.plan import ImportPlan, waits_for
from pfm_desktop.services.importing.report import Outcome
from pfm_desktop.services.importing.run import foreseen, import_plan
from pfm_desktop.services.importing.visit_times import far_apart, own_time, said_time
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels.import_page import confirm_doubts, unsure_keys
from pfm_desktop.viewmodels.importing import ImportPreview, parsed_when

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]
TAKEN = datetime(2026, 3, 9, 10).astimezone()
NOW = datetime(2026, 11, 1, 12).astimezone()


def said(when: datetime, *own: datetime, day_only: bool = False) -> Guess[When]:
    return said_time(When(when, day_only), "set by hand", {f"{one:%d}.jpg": When(one) for one in own}, now=NOW)


def test_a_time_that_can_be_and_that_the_pictures_bear_out_is_said() -> None:
    assert said(TAKEN) == Guess(When(TAKEN), Sure.SAID, "set by hand")
    assert said(TAKEN, TAKEN + timedelta(hours=30)).sure is Sure.SAID  # a clock of another zone
    assert said(NOW).sure is Sure.SAID
    assert said(datetime(1995, 1, 2).astimezone(), day_only=True).sure is Sure.SAID


@pytest.mark.parametrize(
    ("when", "own", "why"),
    [
        (datetime(2036, 1, 1, 10), (), "set by hand, but that is still to come"),
        (datetime(2026, 11, 2, 0), (), "set by hand, but that is still to come"),
        (datetime(1994, 12, 31), (), "set by hand, but that is before 1995"),
        (datetime(1026, 3, 4), (), "set by hand, but that is before 1995"),
        (datetime(2026, 3, 15), (TAKEN,), "set by hand, but the picture 09.jpg says 09 Mar 2026"),
        (datetime(2025, 3, 9), (TAKEN,), "set by hand, but the picture 09.jpg says 09 Mar 2026"),
    ],
)
def test_one_that_cannot_be_is_a_question_with_a_plain_sentence(
    when: datetime, own: tuple[datetime, ...], why: str
) -> None:
    guess = said(when.astimezone(), *own)
    assert (guess.sure, guess.why, guess.contradicted) == (Sure.UNSURE, why, True)
    assert guess.value == When(when.astimezone())


def test_a_pictures_own_time_is_that_of_its_record_or_exif_where_it_can_be_believed() -> None:
    def own(text: str, recorded: When | None = None) -> When | None:
        return own_time(ExifTime(text) if text else None, recorded, now=NOW)

    assert own("2026:03:09 10:00:00") == When(TAKEN)
    assert own("2025:03:09 10:00:00", When(TAKEN)) == When(TAKEN)
    assert own("") is None
    assert own("2005:01:01 00:00:12") is None  # a clock that began anew
    assert own("2036:01:01 10:00:00") is None


@pytest.fixture
def folder(tmp_path: Path, picture: Picture, put_file: Put) -> Path:
    """K-17 with two pictures of 9 March 2026."""
    for number, name in enumerate(("acid", "lugol")):
        put_file(tmp_path / "in" / "K-17" / f"{name}.jpg", picture(number, f"2026:03:09 10:0{number}:00"))
    return tmp_path / "in"


def by_manifest(folder: Path, *lines: str) -> ImportPlan:
    file = folder / "import.csv"
    file.write_text("\n".join(["patient,visit_time,stage,source,file,birth_date", *lines]), encoding="utf-8")
    return make_plan(SilentContext(), [folder], manifest=read_import_manifest(file))


def waiting(plan: ImportPlan) -> set[str]:
    return {waits_for(one, visit) for woman in plan.women for visit in woman.visits for one in visit.pictures}


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2036-03-04", "that is still to come"),
        ("1026-03-04", "that is before 1995"),
        ("2026-03-19", "the picture acid.jpg says 09 Mar 2026"),
    ],
)
def test_a_manifest_that_says_a_day_that_cannot_be_waits_until_it_is_confirmed(
    folder: Path, day: str, why: str
) -> None:
    plan = by_manifest(folder, f"K-17,{day},acid,,K-17/acid.jpg,", f"K-17,{day},lugol,,K-17/lugol.jpg,")
    assert waiting(plan) == {f"when it was is only a guess: the manifest says so, but {why}"}
    preview = ImportPreview(plan)
    assert list(confirm_doubts(preview, unsure_keys(preview)).values()) == [f"K-17: the manifest says so, but {why}."]
    assert waiting(changes.confirm(plan, [one.key for one in plan.pictures])) == {""}


def test_a_manifest_that_says_the_day_of_the_pictures_is_not_asked_about(folder: Path) -> None:
    plan = by_manifest(folder, "K-17,2026-03-09 10:00,acid,,K-17/acid.jpg,", "K-17,2026-03-10,,,K-17/lugol.jpg,")
    assert waiting(plan) == {""}


def test_a_time_by_hand_that_cannot_be_waits_until_it_is_confirmed_and_another_one_does_not(folder: Path) -> None:
    plan = make_plan(SilentContext(), [folder])
    key = plan.women[0].visits[0].key
    wrong = changes.set_visit_time(plan, key, parsed_when("2036-01-01 10:00"))
    assert waiting(wrong) == {"when it was is only a guess: set by hand, but that is still to come"}
    assert waiting(changes.confirm(wrong, [one.key for one in wrong.pictures])) == {""}
    assert waiting(changes.set_visit_time(wrong, key, parsed_when("2026-03-09 10:00"))) == {""}
    away = changes.set_visit_time(plan, key, parsed_when("2026-03-29"))
    assert "the picture acid.jpg says 09 Mar 2026" in next(iter(waiting(away)))


def test_a_time_before_there_were_digital_pictures_can_be_typed_and_is_asked_about() -> None:
    assert parsed_when("1026-03-04").day.year == 1026
    assert parsed_when("1994-03-04").day_only
    assert not parsed_when("1994-03-04 10:15").day_only
    with pytest.raises(BadInputError, match="is not a time"):
        parsed_when("0000-03-04")


@pytest.mark.parametrize("also_unsure", [False, True])
@pytest.mark.parametrize("folder_name", ["Lang Ida K-17 geb 12.05.2030", "K-17 born 2030-05-12", "K-17 *2030"])
def test_a_birth_date_in_a_name_that_is_after_the_visit_is_asked_about(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put, folder_name: str, also_unsure: bool
) -> None:
    put_file(tmp_path / "in" / folder_name / "acid.jpg", picture(1, "2026:03:09 10:00:00"))
    made = import_plan(SilentContext(), lib, make_plan(SilentContext(), [tmp_path / "in"]), also_unsure=also_unsure)
    assert made.women == 0
    assert "is after the visit of 09 Mar 2026" in made.notes[0]


def test_a_visit_before_the_birth_date_of_the_manifest_or_on_record_is_asked_about(
    folder: Path, lib: Library, picture: Picture, put_file: Put
) -> None:
    born = by_manifest(folder, "K-17,,acid,,K-17/acid.jpg,2026-05-01")
    assert "is after the visit of 09 Mar 2026" in foreseen(SilentContext(), lib, born).notes[0]
    import_plan(SilentContext(), lib, by_manifest(folder, "K-17,2026-03-09,acid,,K-17/acid.jpg,1998-05-01"))
    (folder / "import.csv").unlink()
    put_file(folder / "K-17" / "green.jpg", picture(7, "2026:03:09 10:04:00"))
    plan = make_plan(SilentContext(), [folder])
    early = changes.set_visit_time(plan, plan.women[0].visits[0].key, parsed_when("1997-05-01"))
    early = changes.confirm(early, [one.key for one in early.pictures])
    said = foreseen(SilentContext(), lib, early).notes[0]
    assert "the birth date on record for K-17 (01 May 1998) is after the visit of 01 May 1997" in said


@pytest.mark.parametrize("also_unsure", [False, True])
@pytest.mark.parametrize("clock", ["2026:03:14", "2026:03:19"], ids=["six days", "one day"])
def test_a_moment_that_somebody_said_is_wrong_is_none(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put, also_unsure: bool, clock: str
) -> None:
    """Else the wrong day would go out with every export, and be that of the visit where it is brought in."""
    put_file(tmp_path / "in" / "K-21" / "2026-03-20" / "acid.jpg", picture(1, f"{clock} 12:00:00"))
    plan = make_plan(SilentContext(), [tmp_path / "in"])
    plan = changes.set_visit_time(plan, plan.women[0].visits[0].key, parsed_when("2026-03-20 15:00"))
    if not also_unsure:
        plan = changes.confirm(plan, [one.key for one in plan.pictures])
    import_plan(SilentContext(), lib, plan, also_unsure=also_unsure)
    (row,) = cases.today(lib)
    assert row.visit.started_at == datetime(2026, 3, 20, 15).astimezone()
    (shot,) = cases.visit_case(lib, row.visit.id).pictures
    assert not shot.time_known
    if clock == "2026:03:14":  # what comes later of the same clock joins the visit, and has no moment either
        put_file(tmp_path / "in" / "K-21" / "2026-03-20" / "lugol.jpg", picture(2, f"{clock} 12:05:00"))
        again = make_plan(SilentContext(), [tmp_path / "in"])
        again = changes.confirm(again, [one.key for one in again.pictures])
        assert import_plan(SilentContext(), lib, again).count(Outcome.ADDED) == 1
        (row,) = cases.today(lib)
        assert not any(one.time_known for one in cases.visit_case(lib, row.visit.id).pictures)
    other = tmp_path / "other" / "K-22" / "acid.jpg"
    put_file(other, picture(1, f"{clock} 12:00:00") + b"\0")
    report = import_plan(SilentContext(), lib, make_plan(SilentContext(), [tmp_path / "other"]))
    assert "on record for another woman (K-21)" in report.skipped[0].reason


def test_a_clock_of_another_zone_or_a_visit_over_midnight_is_no_wrong_one() -> None:
    day = datetime(2026, 3, 14, 20).astimezone()
    only = When(day.replace(hour=0), day_only=True)
    for hours in (-17, 0, 17):
        assert not far_apart(When(day + timedelta(hours=hours)), When(day))
    for hours in (-19, 19, 24):
        assert far_apart(When(day + timedelta(hours=hours)), When(day))
    for at, far in ((day, False), (day.replace(day=15, hour=1), False), (day.replace(day=15, hour=12), True),
                    (day.replace(day=13, hour=23), False), (day.replace(day=13, hour=12), True)):  # fmt: skip
        assert far_apart(When(at), only) is far
    assert not far_apart(When(only.at + timedelta(days=1), day_only=True), only)
    assert far_apart(When(only.at + timedelta(days=2), day_only=True), only)
