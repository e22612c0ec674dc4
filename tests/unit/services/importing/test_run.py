"""Carrying out a plan: all of it, once, to the right woman, and again after it was stopped."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.jobs.context import CallbackContext, Cancelled
from pfm_desktop.services import accounts, cases, pairing, review
from pfm_desktop.services.export.dicom_visit import export_dicom
from pfm_desktop.services.housekeeping import verify
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.making import Options, make_plan
from pfm_desktop.services.importing.manifest import read_import_manifest
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.reading import Record, RecordedPicture
from pfm_desktop.services.importing.report import COLUMNS, ImportReport, Line, Outcome, report_csv
from pfm_desktop.services.importing.run import foreseen, import_plan
from pfm_desktop.storage import journal
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

pytestmark = pytest.mark.slow

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


def planned(*paths: Path, options: Options | None = None) -> ImportPlan:
    return make_plan(SilentContext(), paths, options=options or Options())


def brought_in(lib: Library, plan: ImportPlan, **options: bool) -> ImportReport:
    return import_plan(SilentContext(), lib, plan, **options)  # type: ignore[arg-type]


def counts(report: ImportReport) -> tuple[int, int, int]:
    return tuple(report.count(outcome) for outcome in Outcome)  # type: ignore[return-value]


def everything(lib: Library) -> list[cases.VisitCase]:
    return [cases.visit_case(lib, row.visit.id) for row in reversed(cases.today(lib))]


def reason(report: ImportReport, name: str) -> str:
    return next(line.reason for line in report.lines if line.file.endswith(name))


def test_women_visits_pictures_and_pairs_are_in_the_library_with_the_bytes_as_they_were(
    lib: Library, export: Path
) -> None:
    report = brought_in(lib, planned(export))
    assert counts(report) == (5, 0, 0)
    assert (report.women, report.visits, report.pairs) == (2, 3, 1)
    first, other, later = everything(lib)
    assert (first.patient.identifier, other.patient.identifier, later.patient.identifier) == ("K-17", "K-18", "K-17")
    assert [one.original_name for one in first.pictures] == ["1_acid_60s.jpg", "1_fluo.jpg", "2_lugol.jpg"]
    acid = first.pictures[0]
    assert (acid.stage, acid.seconds_since_acid, acid.time_known) == (Stage.ACETIC_ACID, 60, True)
    assert acid.taken_at == datetime(2026, 3, 14, 12, 1).astimezone()
    assert acid.device == "Maker Colposcope 3"
    assert (acid.width, acid.height) == (64, 48)
    assert first.visit.started_at == acid.taken_at
    assert cases.picture_bytes(lib, acid.id) == (export / "K-17" / "1_acid_60s.jpg").read_bytes()
    pair = pairing.default_pair(first)
    assert pair is not None
    assert (pair.white_id, pair.fluorescence_id) == (acid.id, first.pictures[1].id)
    assert verify(SilentContext(), lib).clean


def test_one_line_of_the_journal_tells_the_import_with_counts_and_no_name(lib: Library, export: Path) -> None:
    brought_in(lib, planned(export))
    with lib.read() as session:
        (line,) = journal.entries(session, what="import")
    assert line.new is not None
    steps = line.new["steps"]
    counted = {name: count for name, count in line.new.items() if name != "steps"}
    assert counted == {"added": 5, "already_there": 0, "skipped": 0, "women": 2, "visits": 3, "pairs": 1}
    assert len(steps) == 3
    assert all(len(step) == 32 and int(step, 16) for step in steps), "ids, and nothing that tells who she is"
    assert "5 pictures added" in line.text
    assert "K-17" not in json.dumps([line.text, dict(line.new), line.key])


def test_the_same_import_again_adds_nothing(lib: Library, export: Path) -> None:
    brought_in(lib, planned(export))
    before = everything(lib)
    report = brought_in(lib, planned(export))
    assert counts(report) == (0, 5, 0)
    assert (report.women, report.visits, report.pairs) == (0, 0, 0)
    assert everything(lib) == before


def test_the_same_bytes_twice_in_one_visit_are_one_picture(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for name in ("acid_1", "acid_copy"):
        put_file(tmp_path / "K-17" / f"{name}.jpg", picture(1, "2026:03:14 12:00:00"))
    report = brought_in(lib, planned(tmp_path / "K-17"))
    assert counts(report) == (1, 1, 0)
    assert len(everything(lib)[0].pictures) == 1


@pytest.mark.parametrize("after", range(6))
def test_a_cancelled_import_leaves_whole_visits_and_goes_on_from_there(lib: Library, export: Path, after: int) -> None:
    plan, asked = planned(export), []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > after

    with pytest.raises(Cancelled):
        import_plan(CallbackContext(lambda *_: None, cancelled), lib, plan)
    assert {len(case.pictures) for case in everything(lib)} <= {1, 3}
    assert verify(SilentContext(), lib).clean
    brought_in(lib, plan)
    assert [len(case.pictures) for case in everything(lib)] == [3, 1, 1]
    assert [len(case.pairs) for case in everything(lib)] == [1, 0, 0]


def test_an_import_that_ended_early_says_so_in_the_journal(lib: Library, export: Path) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        import_plan(CallbackContext(lambda *_: None, cancelled), lib, planned(export))
    with lib.read() as session:
        (line,) = journal.entries(session, what="import")
    assert line.text.startswith("Import ended early: 3 pictures added")


def test_a_full_disk_leaves_what_was_finished_and_is_told(
    lib: Library, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, kept = lib.pictures.put, []

    def put(data: bytes) -> str:
        if len(kept) == 3:
            raise StorageError("the disk is full")
        kept.append(data)
        return real(data)

    plan = planned(export)
    monkeypatch.setattr(lib.pictures, "put", put)
    with pytest.raises(StorageError, match="full"):
        brought_in(lib, plan)
    monkeypatch.undo()
    assert [len(case.pictures) for case in everything(lib)] == [3]
    assert counts(brought_in(lib, plan)) == (2, 3, 0)


# who she is


def test_a_woman_on_record_with_the_same_identifier_is_the_same_woman(lib: Library, export: Path) -> None:
    there = cases.add_patient(lib, identifier="K-17", family_name="Li")
    assert brought_in(lib, planned(export)).women == 1
    assert [case.patient == there for case in everything(lib)] == [True, False, True]


def test_identifiers_that_differ_in_capitals_and_spaces_only_are_one(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    there = cases.add_patient(lib, identifier="k -17", family_name="Li")
    put_file(tmp_path / "K-17" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    report = brought_in(lib, planned(tmp_path / "K-17"))
    assert report.women == 0
    assert everything(lib)[0].patient == there


def named(tmp_path: Path, picture: Picture, put_file: Put, name: str) -> ImportPlan:
    put_file(tmp_path / "in" / "1.jpg", picture(1, "2026:03:14 12:00:00"))
    file = tmp_path / "in" / "import.csv"
    file.write_text(f"patient,visit_time,stage,source,file,family_name\nK-17,,acid,,1.jpg,{name}\n", encoding="utf-8")
    return make_plan(SilentContext(), [tmp_path / "in"], manifest=read_import_manifest(file))


@pytest.mark.parametrize(("folder", "told"), [("P0099", True), ("K-1700", False), ("Room 2", False)])
def test_a_manifest_against_the_number_of_a_folder_is_followed_and_that_is_said(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put, folder: str, told: bool
) -> None:
    put_file(tmp_path / "in" / folder / "1.jpg", picture(1, "2026:03:14 12:00:00"))
    file = tmp_path / "in" / "import.csv"
    file.write_text(f"patient,visit_time,stage,source,file\nK-1700,,acid,,{folder}/1.jpg\n", encoding="utf-8")
    plan = make_plan(SilentContext(), [tmp_path / "in"], manifest=read_import_manifest(file))
    notes = [f"The manifest says K-1700 for pictures in {folder}: look that it is so."] if told else []
    for work in (foreseen, import_plan):
        assert list(work(SilentContext(), lib, plan).notes) == notes


def test_another_name_for_the_identifier_is_told_and_not_merged(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    cases.add_patient(lib, identifier="K-17", family_name="Li")
    plan = named(tmp_path, picture, put_file, "Garcia")
    report = brought_in(lib, plan)
    assert counts(report) == (0, 0, 1)
    assert "another name" in report.skipped[0].reason
    assert "K-17" in report.notes[0]
    assert everything(lib) == []
    confirmed = brought_in(lib, changes.confirm_woman(plan, plan.women[0].key))
    assert counts(confirmed) == (1, 0, 0)
    assert everything(lib)[0].patient.family_name == "Li"


@pytest.mark.parametrize(
    ("later", "waits"),
    [
        ("Trial K-4417/02", True),
        ("Trial K-4417/03 Room", True),
        ("Trial K-4417/visit 2", False),
        ("Trial K-4417/2026-05-01", False),
        ("Trial K-4417", False),
    ],
)
def test_a_number_within_the_number_of_a_woman_on_record_waits_until_she_is_confirmed(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put, later: str, waits: bool
) -> None:
    put_file(tmp_path / "first" / "Trial K-4417" / "01" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    assert counts(brought_in(lib, planned(tmp_path / "first"))) == (1, 0, 0)
    put_file(tmp_path / "second" / later / "acid.jpg", picture(2, "2026:05:01 12:00:00"))
    plan = planned(tmp_path / "second")
    report = brought_in(lib, plan)
    assert counts(report) == ((0, 0, 1) if waits else (1, 0, 0))
    assert ("may be another woman" in " ".join(report.notes)) is waits
    if waits:
        assert counts(brought_in(lib, changes.confirm_woman(plan, plan.women[0].key))) == (1, 0, 0)


def test_a_numbered_folder_that_was_cut_short_or_has_grown_is_the_same_woman(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    folder = tmp_path / "in" / "Trial K-4417" / "01"
    put_file(folder / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    brought_in(lib, planned(tmp_path / "in"))
    put_file(folder / "lugol.jpg", picture(2, "2026:03:14 12:05:00"))
    assert counts(brought_in(lib, planned(tmp_path / "in"))) == (1, 1, 0)
    assert len(everything(lib)) == 1


@pytest.mark.parametrize("name", ["LI", ""])
def test_the_same_name_or_none_is_no_contradiction(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put, name: str
) -> None:
    cases.add_patient(lib, identifier="K-17", family_name="Li", given_name="Na")
    assert counts(brought_in(lib, named(tmp_path, picture, put_file, name))) == (1, 0, 0)


def test_a_picture_on_record_for_another_woman_is_left_out_unless_the_plan_says_otherwise(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "K-18" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    brought_in(lib, planned(tmp_path / "K-17"))
    plan = planned(tmp_path / "K-18")
    report = brought_in(lib, plan)
    assert counts(report) == (0, 0, 1)
    assert report.skipped[0].reason == "it is on record for another woman (K-17)"
    assert [case.patient.identifier for case in everything(lib)] == ["K-17"]
    assert counts(brought_in(lib, changes.take_although_elsewhere(plan, [plan.pictures[0].key]))) == (1, 0, 0)


def test_the_same_bytes_under_two_women_of_a_plan_are_left_out_of_both(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for woman in ("K-17", "K-18"):
        put_file(tmp_path / "in" / woman / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    assert counts(brought_in(lib, planned(tmp_path / "in"))) == (0, 0, 2)
    assert cases.find_patients(lib) == ()


# which visit


def test_pictures_join_a_visit_of_that_time_that_somebody_began(lib: Library, export: Path) -> None:
    woman = cases.add_patient(lib, identifier="K-18")
    begun = cases.add_visit(lib, woman.id, started_at=datetime(2026, 3, 15, 8, 0).astimezone())
    report = brought_in(lib, planned(export))
    assert len(cases.visit_case(lib, begun.id).pictures) == 1
    assert any("K-18" in note and "15 Mar 2026" in note for note in report.notes)


def test_a_signed_visit_takes_nothing_more(lib: Library, export: Path, picture: Picture, put_file: Put) -> None:
    brought_in(lib, planned(export))
    visit = everything(lib)[0].visit.id
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. A", "reviewed", pair_id=pair.id)
    before = everything(lib)
    put_file(export / "K-17" / "3_acid.jpg", picture(30, "2026:03:14 12:06:00"))
    report = brought_in(lib, planned(export))
    assert counts(report) == (0, 5, 1)
    assert "signed" in report.skipped[0].reason
    assert everything(lib) == before


def test_a_picture_in_another_visit_of_hers_is_not_added_a_second_time(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "a" / "K-17" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    brought_in(lib, planned(tmp_path / "a"))
    put_file(tmp_path / "b" / "K-17" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    for number in (2, 3, 4):
        put_file(tmp_path / "b" / "K-17" / f"acid_{number}.jpg", picture(number, "2026:05:01 12:00:00"))
    plan = planned(tmp_path / "b")
    plan = changes.move(plan, [plan.pictures[0].key], plan.women[0].visits[1].key)
    report = brought_in(lib, plan)
    assert counts(report) == (3, 1, 0)
    assert reason(report, "K-17/acid.jpg") == "it is in her visit of 14 Mar 2026 already"
    assert [len(case.pictures) for case in everything(lib)] == [1, 3]


# what is only a guess


def test_what_is_only_a_guess_is_left_out_unless_guesses_are_taken_and_the_visit_says_so(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "acid.jpg", picture(1))  # no time but the file's
    plan = planned(tmp_path / "K-17")
    report = brought_in(lib, plan)
    assert counts(report) == (0, 0, 1)
    assert report.skipped[0].reason.startswith("when it was is only a guess")
    assert counts(brought_in(lib, plan, also_unsure=True)) == (1, 0, 0)
    (case,) = everything(lib)
    assert "the date is that of the files" in case.visit.note.lower()
    assert not case.pictures[0].time_known


def test_a_file_that_changed_or_vanished_since_the_plan_is_left_out(
    lib: Library, export: Path, picture: Picture
) -> None:
    plan = planned(export)
    (export / "K-17" / "2_lugol.jpg").write_bytes(picture(99))
    (export / "K-18" / "acid.jpg").unlink()
    report = brought_in(lib, plan)
    assert counts(report) == (3, 0, 2)
    assert reason(report, "2_lugol.jpg").startswith("it has changed since it was looked at")
    assert cases.find_patients(lib, search="K-18") == ()


def test_what_does_not_decode_in_full_is_left_out(lib: Library, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pfm_desktop.imaging import io as pictures
    from pfm_desktop.support.errors import BadInputError

    real = pictures.decode_picture

    def decode(data: bytes, name: str) -> object:  # without `longest`: in full
        if name == "2_lugol.jpg":
            raise BadInputError("damaged", remedy="copy it again")
        return real(data, name)

    monkeypatch.setattr(pictures, "decode_picture", decode)
    report = brought_in(lib, planned(export))
    assert reason(report, "2_lugol.jpg") == "damaged: copy it again"
    assert counts(report) == (4, 0, 1)


def test_a_dicom_file_goes_through_the_function_that_was_given(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "1.dcm", b"\0" * 128 + b"DICM")

    def dicom(data: bytes) -> list[RecordedPicture]:
        record = Record("D-1", "Li", "Na", None, datetime(2026, 3, 14, 12, tzinfo=UTC), Stage.LUGOL)
        return [RecordedPicture(picture(1), record)]

    plan = planned(tmp_path / "in", options=Options(dicom=dicom))
    import_plan(SilentContext(), lib, plan, dicom=dicom)
    (case,) = everything(lib)
    assert case.patient.display_name == "Li, Na"
    assert cases.picture_bytes(lib, case.pictures[0].id) == picture(1)


def test_frames_of_a_video_are_kept_as_pictures_and_once(lib: Library, tmp_path: Path) -> None:
    (tmp_path / "K-17").mkdir()
    file = tmp_path / "K-17" / "acid_20260314_120000.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for number in range(40):
        writer.write(np.full((64, 96, 3), number * 5, np.uint8))
    writer.release()
    plan = planned(tmp_path / "K-17", options=Options(every=1))
    assert counts(brought_in(lib, plan)) == (4, 0, 0)
    assert counts(brought_in(lib, plan)) == (0, 4, 0)
    (case,) = everything(lib)
    assert [one.original_name for one in case.pictures] == [f"{file.name} at {second} s" for second in range(4)]
    assert cases.load_picture(lib, case.pictures[2].id).mean() == pytest.approx(100, abs=3)


# the report


def test_the_report_names_every_file_with_what_became_of_it(lib: Library, export: Path, put_file: Put) -> None:
    put_file(export / "note.txt", b"hello")
    put_file(export / ".DS_Store", b"x")
    report = brought_in(lib, planned(export))
    rows = list(csv.DictReader(io.StringIO(report_csv(report))))
    assert len(rows) == 7
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["file"], rows[0]["outcome"], rows[0]["patient"]) == ("export/K-17/1_acid_60s.jpg", "added", "K-17")
    assert rows[0]["visit"].startswith("14 Mar 2026 12:01")
    assert counts(report) == (5, 0, 1)  # nobody misses .DS_Store


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_no_cell_of_the_report_can_be_taken_for_a_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(report_csv(ImportReport((Line(name, Outcome.SKIPPED),))))))
    assert rows[1][0] == f"'{name}"


def test_a_library_that_is_read_only_takes_nothing(lib: Library, export: Path) -> None:
    lib.read_only_reason = "in use by another program"
    with pytest.raises(StorageError, match="for reading only"):
        brought_in(lib, planned(export))
    assert list(lib.pictures.files()) == []


# what is on record already


def test_an_import_of_what_was_exported_adds_nothing(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "acid_60s.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "K-17" / "lugol.jpg", picture(2, "2026:03:14 12:05:00"))
    brought_in(lib, planned(tmp_path / "K-17"))
    (case,) = everything(lib)
    export_dicom(SilentContext(), lib, [case.visit.id], tmp_path / "out")
    plan = planned(tmp_path / "out")
    report = brought_in(lib, plan, also_unsure=True)
    assert report.count(Outcome.ADDED) == 0
    assert report.count(Outcome.THERE) == 2
    assert "exported from here" in report.lines[0].reason
    acid = case.pictures[0]
    lib.apply(Change("picture", acid.id, {"stage": acid.stage.value}, {"stage": "saline"}, "Stage corrected"))
    assert "exported from here" in brought_in(lib, plan, also_unsure=True).lines[0].reason
    assert len(everything(lib)) == 1
    assert len(everything(lib)[0].pictures) == 2


def test_a_visit_of_a_day_only_says_no_time(lib: Library, tmp_path: Path, picture: Picture, put_file: Put) -> None:
    put_file(tmp_path / "K-17" / "2026-03-14" / "acid.jpg", picture(1))
    report = brought_in(lib, planned(tmp_path / "K-17"))
    assert report.lines[0].visit == "14 Mar 2026"
    (case,) = everything(lib)
    assert case.visit.day_only
    (row,) = cases.today(lib)
    assert row.visit.day_only
    assert brought_in(lib, planned(tmp_path / "K-17")).lines[0].visit == "14 Mar 2026"


def test_who_may_not_change_visits_is_told_nothing_of_what_is_here(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    with accounts.make_library(tmp_path / "sealed", "Dr. Ada Weiss", "four words that differ")[0] as lib:
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, "four words that differ")
    with accounts.sign_in(tmp_path / "sealed", "Reader", "four words that differ") as lib:
        for work in (foreseen, import_plan):
            with pytest.raises(NotAllowedError):
                work(SilentContext(), lib, planned(tmp_path / "K-17"))


def test_guesses_that_are_taken_never_put_two_names_under_one_woman(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for number, woman in enumerate(("Lang Ida", "Kurz Ute")):
        put_file(tmp_path / "in" / woman / "4711" / "acid.jpg", picture(number, f"2026:03:14 12:0{number}:00"))
    plan = planned(tmp_path / "in")
    report = brought_in(lib, plan, also_unsure=True)
    assert counts(report) == (0, 0, 2)
    assert "would be one woman" in report.skipped[0].reason
    confirmed = changes.confirm(plan, [one.key for one in plan.pictures])
    assert counts(brought_in(lib, confirmed, also_unsure=True)) == (2, 0, 0)


def test_a_pair_made_by_hand_is_one_in_the_library(
    lib: Library, tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for number, name in enumerate(("acetic 60s", "acetic 120s", "fluo after acid")):
        put_file(tmp_path / "K-17" / "2026-03-14" / f"{name}.jpg", picture(number, green="fluo" in name))
    plan = planned(tmp_path / "K-17")
    wanted = [one.key for one in plan.pictures if "60s" in one.name or "fluo" in one.name]
    report = brought_in(lib, changes.make_pair(plan, wanted))
    assert report.pairs == 1
    (case,) = everything(lib)
    names = {one.id: one.original_name for one in case.pictures}
    assert [names[pair.white_id] for pair in case.pairs] == ["acetic 60s.jpg"]


def test_a_pair_with_a_picture_after_iodine_is_brought_in_where_somebody_made_it(lib: Library, export: Path) -> None:
    plan = planned(export)
    keys = {one.name: one.key for one in plan.pictures}
    plan = changes.part_pairs(plan, [keys["1_fluo.jpg"]])
    plan = changes.make_pair(plan, [keys["2_lugol.jpg"], keys["1_acid_60s.jpg"]])
    assert brought_in(lib, plan).pairs == 1
    first = everything(lib)[0]
    pair = pairing.default_pair(first)
    assert pair is not None
    named = {picture.id: picture.original_name for picture in first.pictures}
    assert [named[one] for one in (pair.white_id or "", pair.fluorescence_id or "")] == [
        "1_acid_60s.jpg",
        "2_lugol.jpg",
    ]
    assert verify(SilentContext(), lib).clean
