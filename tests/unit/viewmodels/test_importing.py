"""What a page shows of an import, and how it is changed there."""

from __future__ import annotations

import ast
import io
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, importing
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels.import_page import paired
from pfm_desktop.viewmodels.importing import (
    ADDED,
    LEFT_OUT,
    NO_PAIR,
    OF_ANOTHER,
    Counts,
    ImportPreview,
    PictureLine,
    ask_library,
    parsed_when,
    plan_lines,
    report_lines,
)


def put(path: Path, shade: int, taken: str = "") -> None:
    colour = (15, 90 + shade, 25) if "fluo" in path.name else (180, 90 + shade, 90)
    pixels = np.full((48, 64, 3), colour, np.uint8)
    exif = Image.Exif()
    if taken:
        exif[0x8769] = {0x9003: taken}
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif)
    path.write_bytes(stream.getvalue())
    os.utime(path, (1_790_000_000, 1_790_000_000))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "in" / "K-17" / "1_acid_60s.jpg", 1, "2026:03:14 12:01:00")
    put(tmp_path / "in" / "K-17" / "1_fluo.jpg", 2, "2026:03:14 12:01:20")
    put(tmp_path / "in" / "K-17" / "IMG_3.jpg", 3, "2026:03:14 12:03:00")
    put(tmp_path / "in" / "photos" / "lugol.jpg", 4)
    (tmp_path / "in" / "note.txt").write_text("hello")
    (tmp_path / "in" / ".DS_Store").write_text("x")
    return tmp_path / "in"


@pytest.fixture
def preview(folder: Path) -> ImportPreview:
    return ImportPreview(make_plan(SilentContext(), [folder]))


def lines(preview: ImportPreview) -> dict[str, PictureLine]:
    return {line.name: line for woman in preview.women() for visit in woman.visits for line in visit.pictures}


def test_a_line_says_what_a_picture_is_and_why_and_what_keeps_it_out(preview: ImportPreview) -> None:
    acid = lines(preview)["1_acid_60s.jpg"]
    assert (acid.stage, acid.seconds, acid.folder) == ("Acetic acid (white light)", "60 s", "in/K-17")
    assert acid.when.startswith("14 Mar 2026 12:01")
    assert acid.pair == "1_fluo.jpg"
    assert acid.problem == ""
    assert "acid" in acid.why
    unknown = lines(preview)["IMG_3.jpg"]
    assert unknown.stage == "White light?, stage not known"
    assert unknown.problem.startswith("its stage is not known")


def test_women_and_visits_say_where_they_come_from(preview: ImportPreview) -> None:
    known, unknown = preview.women()
    assert known.title == "K-17"
    assert known.why.startswith("The folder K-17")
    assert known.visits[0].when.startswith("14 Mar 2026")
    assert unknown.title == "Not known"
    assert unknown.visits[0].when.endswith("?")


def test_counts_and_summary_say_what_will_happen(preview: ImportPreview) -> None:
    assert preview.counts() == Counts(ready=2, there=0, waiting=2, skipped=1)
    assert preview.summary() == "2 pictures of 1 woman ready, 2 to be looked at, 1 skipped."
    assert [one.name for one in preview.skipped()] == ["in/note.txt"]


def test_an_empty_plan_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert ImportPreview(make_plan(SilentContext(), [tmp_path / "in"])).summary() == "No picture was found here."


def test_problems_are_listed_once_with_how_many_pictures_they_keep_out(preview: ImportPreview) -> None:
    assert len(preview.problems()) == 2
    assert all(problem.endswith("(1 picture)") for problem in preview.problems())


def test_each_change_is_told_and_can_be_taken_back(preview: ImportPreview) -> None:
    told: list[str] = []
    preview.on_changed.append(lambda: told.append(preview.summary()))
    before = preview.plan
    third = lines(preview)["IMG_3.jpg"].key
    preview.set_stage([third], Stage.LUGOL)
    assert told == ["3 pictures of 1 woman ready, 1 to be looked at, 1 skipped."]
    preview.leave_out([third])
    assert lines(preview)["IMG_3.jpg"].left_out
    assert preview.counts().skipped == 2
    preview.undo()
    preview.undo()
    assert preview.plan == before
    assert not preview.can_undo
    preview.undo()
    assert len(told) == 4


def test_what_was_taken_back_can_be_done_again_until_something_else_is(preview: ImportPreview) -> None:
    third = lines(preview)["IMG_3.jpg"].key
    preview.set_stage([third], Stage.SALINE)
    preview.leave_out([third])
    after = preview.plan
    assert preview.redo_text == ""
    preview.redo()
    assert preview.plan is after
    preview.undo()
    preview.undo()
    assert preview.redo_text == "stage of 1 picture"
    preview.redo()
    preview.redo()
    assert preview.plan == after
    assert lines(preview)["IMG_3.jpg"].left_out
    assert (preview.undo_text, preview.redo_text) == ("leaving out 1 picture", "")
    preview.undo()
    preview.set_stage([third], Stage.LUGOL)
    assert preview.redo_text == ""


def test_only_lines_of_which_something_changed_are_made_anew(preview: ImportPreview) -> None:
    before = lines(preview)
    preview.set_stage([before["IMG_3.jpg"].key], Stage.SALINE)
    after = lines(preview)
    assert after["IMG_3.jpg"].stage != before["IMG_3.jpg"].stage
    same = [name for name in before if after[name] is before[name]]
    assert set(same) == set(before) - {"IMG_3.jpg"}
    preview.set_visit_time(preview.women()[0].visits[0].key, "2026-01-02 10:00")
    for name in (line.name for visit in preview.women()[0].visits for line in visit.pictures):
        assert "2026" in lines(preview)[name].details
        assert lines(preview)[name] is not after[name], "the time of its visit is a part of it"


def test_everything_that_waits_can_be_said(preview: ImportPreview) -> None:
    preview.set_patient([lines(preview)["lugol.jpg"].key], "K-18")
    preview.set_visit_time(preview.women()[1].visits[0].key, "2026-03-15 09:00")
    preview.set_stage([lines(preview)["IMG_3.jpg"].key], Stage.SALINE)
    assert preview.counts().waiting == 0
    assert preview.women()[1].title == "K-18"


def test_guesses_count_only_where_they_are_taken(preview: ImportPreview) -> None:
    preview.set_patient([lines(preview)["lugol.jpg"].key], "K-18")
    assert lines(preview)["lugol.jpg"].problem.startswith("when it was is only a guess")
    preview.take_guesses(True)
    assert lines(preview)["lugol.jpg"].problem == ""


@pytest.mark.parametrize(
    ("typed", "day_only"), [("2026-03-14 10:15", False), ("2026-03-14", True), ("14.03.2026", True)]
)
def test_a_time_or_day_can_be_typed(typed: str, day_only: bool) -> None:
    when = parsed_when(typed)
    assert when.day_only is day_only
    assert when.day == datetime(2026, 3, 14).date()


@pytest.mark.parametrize("typed", ["", "yesterday", "2026", "2026-13-40"])
def test_what_is_no_time_is_refused_and_the_plan_stays(preview: ImportPreview, typed: str) -> None:
    with pytest.raises(BadInputError, match="is not a time"):
        preview.set_visit_time(preview.women()[0].visits[0].key, typed)
    assert not preview.can_undo


# the library


def test_the_library_says_what_is_there_already_until_the_plan_changes(preview: ImportPreview, lib: Library) -> None:
    import_plan(SilentContext(), lib, preview.plan)
    before = cases.today(lib)
    preview.library_says(preview.plan, ask_library(SilentContext(), lib, preview.plan))
    assert preview.asked
    assert preview.counts() == Counts(ready=0, there=2, waiting=2, skipped=1)
    assert "already" in lines(preview)["1_fluo.jpg"].problem
    assert cases.today(lib) == before
    preview.set_stage([lines(preview)["IMG_3.jpg"].key], Stage.LUGOL)
    assert not preview.asked


def test_an_answer_about_an_older_plan_comes_too_late(preview: ImportPreview, lib: Library) -> None:
    old = preview.plan
    preview.set_stage([lines(preview)["IMG_3.jpg"].key], Stage.LUGOL)
    preview.library_says(old, ask_library(SilentContext(), lib, old))
    assert not preview.asked


def test_a_picture_of_another_woman_is_told_before_anything_is_written(preview: ImportPreview, lib: Library) -> None:
    import_plan(SilentContext(), lib, preview.plan)
    first = lines(preview)["1_acid_60s.jpg"].key
    preview.set_patient([first], "K-99")
    preview.library_says(preview.plan, ask_library(SilentContext(), lib, preview.plan))
    assert lines(preview)["1_acid_60s.jpg"].problem == "it is on record for another woman (K-17)"
    preview.take_although_elsewhere([first])
    preview.library_says(preview.plan, ask_library(SilentContext(), lib, preview.plan))
    assert lines(preview)["1_acid_60s.jpg"].problem == ""
    assert len(cases.find_patients(lib)) == 1


def test_what_the_library_foresees_is_what_then_happens(preview: ImportPreview, lib: Library) -> None:
    from pfm_desktop.services.importing.run import foreseen

    asked = foreseen(SilentContext(), lib, preview.plan, also_unsure=True)
    assert cases.find_patients(lib) == ()
    done = import_plan(SilentContext(), lib, preview.plan, also_unsure=True)
    assert [(line.file, line.outcome) for line in asked.lines] == [(line.file, line.outcome) for line in done.lines]
    assert (asked.women, asked.visits, asked.pairs) == (done.women, done.visits, done.pairs)


# as text


def test_a_plan_and_a_report_can_be_read_as_text(preview: ImportPreview, lib: Library) -> None:
    text = "\n".join(plan_lines(preview))
    assert "1_acid_60s.jpg: Acetic acid (white light) 60 s, with 1_fluo.jpg" in text
    assert "not brought in: its stage is not known" in text
    said = list(report_lines(import_plan(SilentContext(), lib, preview.plan)))
    assert said == ["2 pictures added, 0 already there, 3 skipped", "New: 1 patient, 1 visit, 1 pair"]


def test_moves_go_to_the_visit_that_was_chosen(preview: ImportPreview) -> None:
    target = preview.women()[0].visits[0]
    preview.move([lines(preview)["lugol.jpg"].key], target.key)
    assert [line.name for line in preview.women()[0].visits[0].pictures][-1] == "lugol.jpg"
    assert preview.women()[0].visits[0].when == target.when
    assert preview.counts().waiting == 1  # that without a stage
    preview.confirm_woman(preview.women()[0].key)
    assert preview.plan.women[0].confirmed


def test_a_day_without_time_is_shown_as_a_day(preview: ImportPreview) -> None:
    preview.set_visit_time(preview.women()[0].visits[0].key, "2026-03-14")
    assert preview.women()[0].visits[0].when == "14 Mar 2026"
    assert isinstance(parsed_when("2026-03-14"), When)


def test_a_pair_is_parted_and_made_again_and_a_visit_without_one_says_so(preview: ImportPreview) -> None:
    both = [lines(preview)[name].key for name in ("1_acid_60s.jpg", "1_fluo.jpg")]
    assert preview.women()[0].visits[0].hint == ""
    assert paired(preview, both[:1])
    preview.pair(both[:1])
    assert not paired(preview, both)
    preview.pair(both)
    assert lines(preview)["1_fluo.jpg"].pair == "1_acid_60s.jpg"
    assert preview.undo_text == "making of a pair"
    preview.undo()
    preview.leave_out([lines(preview)["IMG_3.jpg"].key])
    assert preview.women()[0].visits[0].hint == NO_PAIR
    with pytest.raises(BadInputError):
        preview.pair([lines(preview)["IMG_3.jpg"].key, lines(preview)["lugol.jpg"].key])


def test_what_is_known_again_is_said_so_by_the_import() -> None:
    said = set()
    for file in Path(importing.__file__).parent.glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call)]
        firsts = [call.args[0] for call in calls if getattr(call.func, "id", "") == "tr" and call.args]
        said |= {first.value for first in firsts if isinstance(first, ast.Constant)}
    assert {ADDED, LEFT_OUT, *OF_ANOTHER} <= said
