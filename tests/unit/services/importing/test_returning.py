"""A number alone does not prove that a woman has come again; what else says so, and what stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, moving
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.report import Outcome
from pfm_desktop.services.importing.returning import doubted
from pfm_desktop.services.importing.run import foreseen, import_plan
from pfm_desktop.storage.library import Library

Bring = Callable[[str, str], ImportPlan]


@pytest.fixture
def bring(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> Bring:
    """`bring(name, taken)`: the plan of a folder with one picture of this name, each time another picture."""
    made = iter(range(1, 50))

    def plan(name: str, taken: str) -> ImportPlan:
        number = next(made)
        put_file(tmp_path / f"stick{number}" / name, picture(number, taken))
        return doubted(lib, make_plan(SilentContext(), [tmp_path / f"stick{number}"]))

    return plan


def waits(plan: ImportPlan) -> bool:
    return plan.pictures[0].patient.sure is Sure.UNSURE


MONDAY, TUESDAY = "2026:11:02 10:00:00", "2026:11:03 10:00:00"


@pytest.mark.parametrize("name", ["K-001/acid.jpg", "0001/acid.jpg", "K-001_acid.jpg"])
def test_the_same_number_on_another_day_waits_for_one_look(lib: Library, bring: Bring, name: str) -> None:
    first = bring(name, MONDAY)
    assert not waits(first)
    assert import_plan(SilentContext(), lib, first).women == 1
    again = bring(name, TUESDAY)
    assert waits(again)
    assert "who has 1 picture here" in again.pictures[0].patient.why
    report = import_plan(SilentContext(), lib, again)
    assert (report.visits, len(report.skipped)) == (0, 1)
    confirmed = changes.confirm(again, {again.pictures[0].key})
    assert import_plan(SilentContext(), lib, confirmed).visits == 1
    assert len(cases.today(lib)) == 2


@pytest.mark.parametrize(
    ("later", "doubt"),
    [
        ("4711 Huber Anna/acid.jpg", False),
        ("4711 Anna Huber/acid.jpg", False),
        ("2026-11-03/4711 HUBER, ANNA/acid.jpg", False),
        ("4711 Huber/acid.jpg", True),
        ("4711 Huber geb 01.02.1980/acid.jpg", False),
        ("4711 Huber geb 01.02.1990/acid.jpg", True),
        ("4711 Huber Eva/acid.jpg", True),
        ("4711 Huber Anna/Huber Eva acid.jpg", True),
        ("4711/acid.jpg", True),
    ],
)
def test_her_whole_name_or_her_birth_date_says_that_it_is_she(
    lib: Library, bring: Bring, later: str, doubt: bool
) -> None:
    woman = cases.add_patient(
        lib, identifier="4711", family_name="Huber", given_name="Anna", birth_date=date(1980, 2, 1)
    )
    import_plan(SilentContext(), lib, changes.confirm(plan := bring("4711/acid.jpg", MONDAY), {plan.pictures[0].key}))
    assert [row.patient.id for row in cases.today(lib)] == [woman.id]
    plan = bring(later, TUESDAY)
    report = import_plan(SilentContext(), lib, plan)
    assert (report.visits == 0) is doubt, report
    assert waits(plan) is doubt


def test_a_woman_without_pictures_and_a_folder_that_has_grown_are_no_doubt(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    cases.add_patient(lib, identifier="K-001", family_name="Huber")
    folder = tmp_path / "stick" / "K-001"
    put_file(folder / "acid.jpg", picture(1, MONDAY))
    plan = doubted(lib, make_plan(SilentContext(), [tmp_path / "stick"]))
    assert not waits(plan)
    import_plan(SilentContext(), lib, plan)
    put_file(folder / "lugol.jpg", picture(2, "2026:11:02 10:05:00"))
    grown = doubted(lib, make_plan(SilentContext(), [tmp_path / "stick"]))
    assert not any(one.patient.sure is Sure.UNSURE for one in grown.pictures)


@pytest.mark.parametrize(
    ("names", "doubt"),
    [
        (("Room 1/P001/acid.jpg", "Room 2/P001/acid.jpg"), True),
        (("2026-11-02/P001/acid.jpg", "2026-11-03/P001/acid.jpg"), True),
        (("2024/0815/acid.jpg", "2025/0815/acid.jpg"), True),
        (("Morning/P001_acid.jpg", "Afternoon/P001_acid.jpg"), True),
        (("white/P001_1.jpg", "fluo/P001_2.jpg"), False),
        (("1_acetic/P001/a.jpg", "2_lugol/P001/b.jpg"), False),
        (("P001/visit 1/acid.jpg", "P001/visit 2/acid.jpg"), False),
        (("2026-11-02/471155/acid.jpg", "2026-11-03/471155/acid.jpg"), False),
        (("2026-11-02/P001 Huber Anna/acid.jpg", "2026-11-03/P001 Huber Anna/acid.jpg"), False),
    ],
)
def test_a_short_number_in_several_places_of_one_import_may_begin_anew(
    tmp_path: Path,
    picture: Callable[..., bytes],
    put_file: Callable[[Path, bytes], Path],
    names: tuple[str, ...],
    doubt: bool,
) -> None:
    for number, name in enumerate(names):
        put_file(tmp_path / "in" / name, picture(number, f"2026:11:0{number + 2} 10:00:00"))
    plan = make_plan(SilentContext(), [tmp_path / "in"])
    assert all((one.patient.sure is Sure.UNSURE) is doubt for one in plan.pictures)


def bring_two(
    lib: Library, folder: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    """K-17 with three pictures of one visit, K-18 with one of another."""
    for number in range(3):
        put_file(folder / "K-17" / f"acid_{number}.jpg", picture(number + 1, f"2026:03:14 12:0{number}:00"))
    put_file(folder / "K-18" / "acid_0.jpg", picture(9, "2026:03:10 12:00:00"))
    import_plan(SilentContext(), lib, make_plan(SilentContext(), [folder]))


def test_what_comes_later_of_a_visit_that_was_moved_to_another_woman_waits(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    """Else the correction of a clinician would be undone for each picture that comes after it."""
    folder = tmp_path / "stick"
    bring_two(lib, folder, picture, put_file)
    (visit,) = [row.visit for row in cases.today(lib) if row.patient.identifier == "K-17"]
    (right,) = [row.patient for row in cases.today(lib) if row.patient.identifier == "K-18"]
    moving.move_visit(lib, visit.id, right.id)
    put_file(folder / "K-17" / "lugol.jpg", picture(5, "2026:03:14 12:09:00"))
    plan = make_plan(SilentContext(), [folder])
    for work in (foreseen, import_plan):
        report = work(SilentContext(), lib, plan)
        (line,) = [one for one in report.skipped if one.file.endswith("lugol.jpg")]
        assert line.reason == "3 other pictures of this visit are on record for another woman (K-18): it may be hers"
    hers_after_all = changes.take_although_elsewhere(plan, [one.key for one in plan.pictures if "lugol" in one.key])
    for work in (foreseen, import_plan):
        assert work(SilentContext(), lib, hers_after_all).count(Outcome.ADDED) == 1


def test_one_picture_that_was_moved_does_not_keep_the_rest_of_her_visit_waiting(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    folder = tmp_path / "stick"
    bring_two(lib, folder, picture, put_file)
    rows = {row.patient.identifier: row.visit.id for row in cases.today(lib)}
    moved = cases.visit_case(lib, rows["K-17"]).pictures[0]
    moving.move_pictures(lib, [moved.id], rows["K-18"])
    put_file(folder / "K-17" / "lugol.jpg", picture(5, "2026:03:14 12:09:00"))
    report = import_plan(SilentContext(), lib, make_plan(SilentContext(), [folder]))
    assert report.count(Outcome.ADDED) == 1


def stick_with(
    folder: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path], **taken: str
) -> None:
    for number, (name, moment) in enumerate(taken.items(), 1):
        put_file(folder / "K-17" / f"{name}.jpg", picture(number, moment))


def test_a_further_visit_of_a_woman_whose_number_was_corrected_waits(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    """The folder on the share keeps its old name; else she would become two women."""
    folder = tmp_path / "share"
    stick_with(folder, picture, put_file, acid="2026:03:14 12:00:00", green="2026:03:14 12:01:00")
    import_plan(SilentContext(), lib, make_plan(SilentContext(), [folder]))
    (row,) = cases.today(lib)
    cases.edit_patient(lib, row.patient.id, identifier="K-170", family_name="", given_name="", birth_date=None)
    put_file(folder / "K-17" / "lugol.jpg", picture(7, "2026:09:01 10:00:00"))
    for work in (foreseen, import_plan):
        (line,) = [one for one in work(SilentContext(), lib, make_plan(SilentContext(), [folder])).skipped
                   if one.file.endswith("lugol.jpg")]  # fmt: skip
        assert line.reason == "2 other pictures of hers here are on record for another woman (K-170): it may be hers"
    assert len(cases.today(lib)) == 1


def test_what_comes_later_waits_also_where_the_pictures_before_come_saved_anew(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    folder = tmp_path / "stick"
    stick_with(folder, picture, put_file, acid="2026:03:14 12:00:00", green="2026:03:14 12:01:00")
    import_plan(SilentContext(), lib, make_plan(SilentContext(), [folder]))
    (row,) = cases.today(lib)
    other = cases.add_patient(lib, identifier="K-18")
    moving.move_visit(lib, row.visit.id, other.id)
    anew = tmp_path / "anew"
    for file in folder.rglob("*.jpg"):
        put_file(anew / "K-17" / file.name, file.read_bytes() + b"\0")
    put_file(anew / "K-17" / "lugol.jpg", picture(7, "2026:03:14 12:05:00"))
    report = import_plan(SilentContext(), lib, make_plan(SilentContext(), [anew]))
    assert report.count(Outcome.ADDED) == 0


def test_one_picture_that_lies_there_by_mistake_keeps_no_visit_of_a_known_woman_waiting(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    put_file(tmp_path / "first" / "K-18" / "acid.jpg", picture(9, "2026:03:10 12:00:00"))
    folder = tmp_path / "second"
    stick_with(folder, picture, put_file, acid="2026:03:14 12:00:00", green="2026:03:14 12:01:00")
    import_plan(SilentContext(), lib, make_plan(SilentContext(), [tmp_path / "first", folder]))
    put_file(folder / "K-17" / "acid_stray.jpg", picture(9, "2026:03:10 12:00:00"))
    put_file(folder / "K-17" / "lugol.jpg", picture(5, "2026:03:14 12:05:00"))
    put_file(folder / "K-17" / "lugol_later.jpg", picture(6, "2026:09:14 12:05:00"))
    report = import_plan(SilentContext(), lib, make_plan(SilentContext(), [folder]))
    assert (report.count(Outcome.ADDED), len(report.skipped)) == (2, 1)


def test_what_this_very_import_brings_to_another_woman_keeps_nothing_waiting(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    folder = tmp_path / "stick"
    put_file(folder / "K-17" / "acid_a.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(folder / "K-19" / "acid_b.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(folder / "K-19" / "lugol.jpg", picture(2, "2026:03:14 12:05:00"))
    plan = make_plan(SilentContext(), [folder])
    plan = changes.take_although_elsewhere(plan, [one.key for one in plan.pictures if "acid_a" in one.key])
    for work in (foreseen, import_plan):
        assert work(SilentContext(), lib, plan).count(Outcome.ADDED) == 2


def test_a_picture_that_was_taken_all_the_same_is_taken_once(
    lib: Library, tmp_path: Path, picture: Callable[..., bytes], put_file: Callable[[Path, bytes], Path]
) -> None:
    """Also where another visit of the plan, of which nothing comes in, is of the time of its visit."""
    first, folder = tmp_path / "first", tmp_path / "stick"
    put_file(first / "K-18" / "acid_3.jpg", picture(3, "2026:03:10 12:30:00"))
    put_file(first / "K-17" / "acid_6.jpg", picture(6, "2026:03:10 12:35:00"))
    import_plan(SilentContext(), lib, make_plan(SilentContext(), [first]))
    put_file(folder / "K-19" / "acid_3.jpg", picture(3, "2026:03:10 12:30:00"))
    put_file(folder / "K-19" / "acid_6.jpg", picture(6, "2026:03:10 12:35:00"))
    plan = make_plan(SilentContext(), [folder])
    plan = changes.move(plan, [one.key for one in plan.pictures if "acid_3" in one.key], None)
    plan = changes.take_although_elsewhere(plan, [one.key for one in plan.pictures if "acid_6" in one.key])
    assert import_plan(SilentContext(), lib, plan).count(Outcome.ADDED) == 1
    for work in (foreseen, import_plan):
        assert work(SilentContext(), lib, plan).count(Outcome.ADDED) == 0
