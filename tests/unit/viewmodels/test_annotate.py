"""Reading a task: every read is on disk at once, goes where it should, and can be taken back; problems are said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pfm_desktop.domain.agreement import Agreement
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Quality, Read, Reason, Region, Turn
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, labelling
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.viewmodels import annotate, annotate_words
from pfm_desktop.viewmodels.annotate import Draft, Reading, Sight

pytestmark = pytest.mark.slow

REGION = Region(Source.WHITE, ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0)))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fill(lib: Library) -> None:
    from tests.unit.services.conftest import put_on_record

    for number in range(4):
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}", family_name="Wunderlich").id).id
        put_on_record(lib, visit, b"picture %d" % number)


@pytest.fixture
def lib(tmp_path: Path, library_from: Callable[..., None]):
    library_from(tmp_path / "clinic", fill)
    with Library.open(tmp_path / "clinic") as opened:
        opened.who = "Anna"
        yield opened


@pytest.fixture
def task(lib: Library) -> str:
    pairs = labelling.pairs_for(SilentContext(), lib, [row.visit.id for row in cases.today(lib)])
    return labelling.make_task(lib, Wish("March", repeats=0.0, readers=2), pairs).id


@pytest.fixture
def said() -> list[UserError]:
    return []


@pytest.fixture
def reading(lib: Library, task: str, said: list[UserError]) -> Reading:
    made = annotate.opened(lib, task, say=said.append)
    made.shown()
    return made


def give(reading: Reading, *grades: Grade) -> None:
    for grade in grades:
        reading.shown()
        assert reading.grade(grade)


def on_disk(lib: Library, reading: Reading) -> list[Grade | None]:
    """Grades by place, None where there is no read or no grade."""
    kept = labelling.queue(lib, reading.task.id).reads
    return [kept[turn].grade if turn in kept else None for turn in reading.turns]


def test_a_grade_is_on_disk_and_the_next_pair_in_front(lib: Library, reading: Reading) -> None:
    assert reading.grade(Grade.LOW)
    assert reading.place == 1
    assert reading.sight is Sight.NOTHING
    assert on_disk(lib, reading) == [Grade.LOW, None, None, None]


def test_what_is_not_seen_yet_is_not_graded(lib: Library, reading: Reading) -> None:
    reading.grade(Grade.LOW)
    assert not reading.grade(Grade.HIGH), "a key pressed twice grades one pair"
    assert not reading.cannot(Reason.BLURRED)
    assert on_disk(lib, reading) == [Grade.LOW, None, None, None]


def test_what_one_reader_says_goes_into_no_read_of_another(
    lib: Library, reading: Reading, said: list[UserError]
) -> None:
    reading.set_note("by Anna")
    lib.who = "Berta"
    assert not reading.grade(Grade.LOW)
    assert not reading.set_quality(Quality.GOOD)
    assert "Anna opened this task, and Berta is the reader now" in str(said[-1])
    assert on_disk(lib, reading) == [None] * 4
    lib.who = "Anna"
    assert reading.grade(Grade.LOW)


def test_pictures_that_cannot_be_shown_get_a_reason_and_no_grade(lib: Library, reading: Reading) -> None:
    reading.shown(Sight.BROKEN)
    assert not reading.grade(Grade.LOW)
    assert reading.cannot(Reason.OTHER)
    (read,) = labelling.queue(lib, reading.task.id).reads.values()
    assert (read.grade, read.reason) == (None, Reason.NOT_SHOWN), "whatever the key: nobody has seen them"
    assert annotate_words.read_words(read) == "Not graded: the pictures could not be shown"


def test_what_could_not_be_shown_is_told_apart_from_what_cannot_be_graded(lib: Library, reading: Reading) -> None:
    assert reading.cannot(Reason.BLURRED)
    reading.shown(Sight.BROKEN)
    assert reading.cannot(Reason.BLURRED)
    assert annotate_words.progress(reading) == "2 of 4 read: 1 cannot be graded, 1 not shown"


def test_a_grade_stays_when_the_pictures_are_lost_later(lib: Library, reading: Reading) -> None:
    give(reading, Grade.HIGH)
    reading.go(-1)
    reading.shown(Sight.BROKEN)
    assert reading.cannot(Reason.OTHER)
    assert reading.place == 1
    assert on_disk(lib, reading) == [Grade.HIGH, None, None, None]


def test_pictures_that_are_seen_are_not_said_to_be_lost(lib: Library, reading: Reading) -> None:
    assert not reading.cannot(Reason.NOT_SHOWN)
    assert on_disk(lib, reading) == [None] * 4


def test_a_pair_that_could_not_be_shown_can_be_graded_once_it_can(lib: Library, reading: Reading) -> None:
    reading.shown(Sight.BROKEN)
    reading.cannot(Reason.OTHER)
    reading.go(-1)
    give(reading, Grade.HIGH)
    assert on_disk(lib, reading)[0] is Grade.HIGH


def test_what_was_said_beside_the_grade_is_kept_with_it(lib: Library, reading: Reading) -> None:
    reading.set_note("  near 12 ")
    reading.cycle_quality()
    reading.cycle_quality()
    reading.add_region(REGION)
    assert reading.waiting == 1
    reading.go(1)
    assert reading.draft == Draft()
    reading.go(-1)
    reading.shown()
    reading.grade(Grade.HIGH)
    (read,) = labelling.queue(lib, reading.task.id).reads.values()
    assert (read.note, read.quality, read.regions) == ("near 12", Quality.LIMITED, (REGION,))
    assert reading.waiting == 0


def test_what_was_said_before_the_grade_is_there_when_the_task_is_opened_again(lib: Library, reading: Reading) -> None:
    reading.set_note("near 12")
    reading.cycle_quality()
    reading.add_region(REGION)
    again = annotate.opened(lib, reading.task.id, say=print)
    assert again.draft == Draft("near 12", Quality.GOOD, (REGION,))
    assert again.waiting == 1
    again.set_note("")
    again.set_quality(None)
    again.drop_region()
    assert annotate.opened(lib, reading.task.id, say=print).waiting == 0
    lib.who = "Berta"
    assert annotate.opened(lib, reading.task.id, say=print).draft == Draft(), "it is of nobody else"


def test_what_stood_beside_a_read_that_is_taken_back_is_there_when_the_task_is_opened_again(
    lib: Library, reading: Reading
) -> None:
    reading.set_note("near 12")
    give(reading, Grade.LOW)
    reading.go(-1)
    reading.shown()
    reading.add_region(REGION)
    again = annotate.opened(lib, reading.task.id, say=print)
    assert again.undo()
    assert again.draft == Draft("near 12", None, (REGION,))
    assert annotate.opened(lib, reading.task.id, say=print).draft == again.draft
    assert again.redo()
    assert annotate.opened(lib, reading.task.id, say=print).waiting == 0


def test_what_the_disk_refused_of_it_is_said_stays_and_can_be_kept_later(
    lib: Library, reading: Reading, said: list[UserError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full", remedy="make room")

    unkept = annotate.Unkept(lambda: reading)
    with monkeypatch.context() as patched:
        patched.setattr(lib, "record_event", full)
        assert reading.set_note("near 12")
        assert [error.what for error in said] == ["the disk is full"]
        assert not unkept.save()
        assert unkept.names == ("note, quality or region of pairs without a grade",)
        assert annotate_words.waiting(reading).endswith("and is not all on disk")
    assert reading.draft.note == "near 12"
    assert unkept.save()
    assert unkept.names == ()
    assert annotate.opened(lib, reading.task.id, say=print).draft.note == "near 12"


def test_undo_takes_what_was_said_of_the_pair_in_front_before_the_grade_of_the_pair_before(
    lib: Library, reading: Reading
) -> None:
    give(reading, Grade.LOW)
    reading.shown()
    reading.add_region(REGION)
    reading.cycle_quality()
    assert reading.undo_text == "Quality"
    assert reading.undo()
    assert reading.undo()
    assert (reading.place, reading.draft, reading.sight) == (1, Draft(), Sight.PICTURES)
    assert on_disk(lib, reading)[0] is Grade.LOW
    assert reading.redo()
    assert reading.draft == Draft(regions=(REGION,))
    reading.set_note("x")
    assert not reading.redo(), "something else was done since"
    reading.go(1)
    assert reading.undo()
    assert reading.place == 1, "where it was said"


def test_seconds_count_from_the_pair_on_the_screen(lib: Library, task: str) -> None:
    clock = Clock()
    reading = Reading(lib, labelling.queue(lib, task), say=print, clock=clock)
    clock.now = 100.0  # loading
    reading.shown()
    clock.now = 104.5
    reading.grade(Grade.LOW)
    (read,) = reading.reads.values()
    assert read.seconds == 4.5


def test_quality_goes_round_and_the_last_region_goes_first(reading: Reading) -> None:
    seen = []
    for _ in range(4):
        reading.cycle_quality()
        seen.append(reading.draft.quality)
    assert seen == [Quality.GOOD, Quality.LIMITED, Quality.UNUSABLE, None]
    other = Region(Source.FLUORESCENCE, REGION.outline)
    reading.add_region(REGION)
    reading.add_region(other)
    assert reading.drop_region()
    assert reading.draft.regions == (REGION,)
    assert reading.drop_region()
    assert not reading.drop_region()


def test_own_reads_are_seen_again_and_changed(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW, Grade.LOW)
    assert reading.go(-2)
    assert reading.read is not None
    reading.shown()
    assert reading.set_note("looked again")
    assert reading.grade(Grade.HIGH)
    assert reading.place == 2, "on where she was"
    assert on_disk(lib, reading) == [Grade.HIGH, Grade.LOW, None, None]
    assert labelling.queue(lib, reading.task.id).reads[reading.turns[0]].note == "looked again"


def test_the_same_grade_again_changes_nothing_and_goes_on(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW)
    reading.go(-1)
    reading.shown()
    assert reading.grade(Grade.LOW)
    assert reading.place == 1
    reading.undo()
    assert on_disk(lib, reading) == [None] * 4, "one step was done"


def test_turns_can_be_passed_over_and_come_at_the_end(reading: Reading) -> None:
    assert not reading.go(-1)
    reading.go(1)
    give(reading, Grade.LOW, Grade.LOW, Grade.LOW)
    assert reading.place == 0
    give(reading, Grade.LOW)
    assert reading.turn is None
    assert not reading.grade(Grade.LOW)
    assert reading.go(-1)
    assert reading.go(1)
    assert not reading.go(1)


def test_undo_goes_back_across_pairs_and_keeps_what_was_said_beside_the_grade(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW)
    reading.shown()
    reading.set_note("near 12")
    give(reading, Grade.HIGH)
    assert reading.undo_text == "Read for a label: high"
    assert reading.undo()
    assert reading.place == 1
    assert reading.draft.note == "near 12"
    assert reading.undo_text == "Note"
    assert reading.undo()
    assert (reading.place, reading.draft) == (1, Draft()), "what was said last goes first"
    assert reading.undo()
    assert reading.place == 0
    assert on_disk(lib, reading) == [None] * 4
    assert not reading.undo()
    assert reading.undo_text == ""
    assert reading.redo()
    assert reading.redo()
    assert reading.draft.note == "near 12"
    assert reading.redo()
    assert not reading.redo()
    assert on_disk(lib, reading)[:2] == [Grade.LOW, Grade.HIGH]
    assert labelling.queue(lib, reading.task.id).reads[reading.turns[1]].note == "near 12"


def test_undo_of_a_change_brings_what_was_read_before(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW)
    reading.go(-1)
    give(reading, Grade.CANCER)
    assert reading.undo()
    assert reading.place == 0
    assert reading.read is not None
    assert reading.read.grade is Grade.LOW
    assert on_disk(lib, reading)[0] is Grade.LOW


def test_undo_goes_on_behind_the_opening_of_the_task(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW, Grade.HIGH)
    again = annotate.opened(lib, reading.task.id, say=print)
    assert again.place == 2
    assert again.undo_text == "Read for a label: high"
    assert again.undo()
    assert again.place == 1
    assert again.undo()
    assert on_disk(lib, again) == [None] * 4
    assert again.redo()
    assert on_disk(lib, again)[0] is Grade.LOW


def test_undo_after_opening_follows_the_record_where_the_clock_was_set_back(
    lib: Library, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = (datetime(2026, 11, 28, tzinfo=UTC) - timedelta(hours=hour) for hour in range(100))
    monkeypatch.setattr(labelling, "datetime", SimpleNamespace(now=lambda _zone: next(moments)))
    give(reading, Grade.LOW, Grade.HIGH, Grade.NORMAL)
    again = annotate.opened(lib, reading.task.id, say=print)
    assert again.undo()
    assert on_disk(lib, again) == [Grade.LOW, Grade.HIGH, None, None]
    assert again.undo()
    assert on_disk(lib, again) == [Grade.LOW, None, None, None]


def test_a_task_that_was_closed_meanwhile_is_said_and_what_was_said_stays(
    lib: Library, reading: Reading, said: list[UserError]
) -> None:
    reading.set_note("near 12")
    labelling.close_task(lib, reading.task.id)
    assert not reading.grade(Grade.LOW)
    assert reading.place == 0
    assert reading.draft.note == "near 12"
    assert "closed" in said[0].what
    assert "closed" in reading.why_not
    assert not reading.grade(Grade.LOW)
    labelling.close_task(lib, reading.task.id, closed=False)


def test_a_pair_that_was_read_in_another_window_is_said_and_shows_that_read(
    lib: Library, reading: Reading, said: list[UserError]
) -> None:
    labelling.give(lib, reading.task.id, reading.turns[0], grade=Grade.CANCER)
    assert not reading.grade(Grade.LOW)
    assert "read already" in said[0].what
    assert reading.place == 0
    assert reading.read is not None
    assert reading.read.grade is Grade.CANCER
    assert on_disk(lib, reading)[0] is Grade.CANCER


def test_a_full_disk_is_said_and_the_pair_stays_with_all_that_was_said(
    lib: Library, reading: Reading, said: list[UserError], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.add_region(REGION)

    def full(*_args: object, **_options: object) -> None:
        raise StorageError("the disk is full", safe="nothing was changed", remedy="free some space")

    with monkeypatch.context() as patched:
        patched.setattr(labelling, "give", full)
        assert not reading.grade(Grade.LOW)
    assert [error.what for error in said] == ["the disk is full"]
    assert (reading.place, reading.draft.regions, reading.sight) == (0, (REGION,), Sight.PICTURES)
    assert reading.grade(Grade.LOW)


def test_a_library_for_reading_only_says_so_before_anything_is_typed(lib: Library, task: str, tmp_path: Path) -> None:
    with Library.open(tmp_path / "clinic") as second:
        assert second.read_only
        said: list[UserError] = []
        reading = annotate.opened(second, task, say=said.append)
        assert "reading only" in reading.why_not
        reading.shown()
        assert not reading.grade(Grade.LOW)
        assert not reading.set_note("x")
        assert len(said) == 2


def test_a_task_that_is_gone_is_an_error_and_not_an_empty_queue(lib: Library) -> None:
    with pytest.raises(UserError, match="gone"):
        annotate.opened(lib, "0" * 32, say=print)


def test_the_pairs_that_come_next_are_wanted_first(reading: Reading) -> None:
    ids = [turn.pair_id for turn in reading.turns]
    assert reading.wanted(3) == tuple(ids[place] for place in (0, 1, 2, 3))
    give(reading, Grade.LOW)
    assert reading.wanted(3) == tuple(ids[place] for place in (1, 2, 0, 3)), "the one behind is one undo away"


def test_who_decides_goes_through_the_pairs_that_differ(lib: Library, task: str, said: list[UserError]) -> None:
    pairs = [turn.pair_id for turn in labelling.queue(lib, task).turns]
    for who, grades in (("Anna", (Grade.LOW, Grade.LOW)), ("Berta", (Grade.LOW, Grade.CANCER))):
        lib.who = who
        for pair, grade in zip(pairs, grades, strict=False):
            labelling.give(lib, task, Turn(pair), grade=grade)
    lib.who = "Clara"
    reading, reads = annotate.opened_to_decide(lib, task, say=said.append)
    assert [turn.pair_id for turn in reading.turns] == [pairs[1]]
    assert [read.reader for read in reads[pairs[1]]] == ["Anna", "Berta"]
    reading.shown()
    assert reading.others_may_show()
    assert pairs[1] not in {turn.pair_id for turn in labelling.queue(lib, task).turns}, "it is on record"
    assert reading.grade(Grade.HIGH)
    assert reading.turn is None
    assert labelling.disagreements(lib, task) == ()
    assert annotate_words.progress(reading) == "1 of 1 decided: 1 high"
    assert reading.undo()
    assert len(labelling.disagreements(lib, task)) == 1
    assert not said


def test_what_was_decided_stands_behind_what_is_open_and_undo_takes_the_last_decision_back(
    lib: Library, task: str, said: list[UserError]
) -> None:
    pairs = [turn.pair_id for turn in labelling.queue(lib, task).turns]
    for who, grades in (("Anna", [Grade.LOW] * 4), ("Berta", [Grade.HIGH, Grade.LOW, Grade.CANCER, Grade.HIGH])):
        lib.who = who
        for pair, grade in zip(pairs, grades, strict=True):
            labelling.give(lib, task, Turn(pair), grade=grade)
    lib.who = "Clara"
    reading, _ = annotate.opened_to_decide(lib, task, say=said.append)
    give(reading, Grade.CANCER, Grade.LOW)
    reading, reads = annotate.opened_to_decide(lib, task, say=said.append)
    assert len(reading.turns) == 3
    assert reading.place == 0
    assert annotate_words.own_words(reading) == "Not decided yet"
    assert annotate_words.progress(reading) == "2 of 3 decided: 1 low, 1 cancer"
    assert reading.turns[1].pair_id == pairs[2], "in the order in which they were decided"
    assert [read.reader for read in reads[pairs[2]]] == ["Anna", "Berta"]
    assert reading.undo_text == "Decision between readers: low"
    assert reading.undo()
    assert (reading.place, reading.read) == (2, None)
    assert len(labelling.disagreements(lib, task)) == 2
    lib.who = "Dora"
    reading, reads = annotate.opened_to_decide(lib, task, say=said.append)
    assert len(reading.turns) == 2, "what somebody else decided is hers"
    give(reading, Grade.LOW)
    lib.who = "Clara"
    assert not said


def test_in_a_task_that_is_closed_nothing_is_decided_and_no_read_shown(lib: Library, task: str) -> None:
    pair = labelling.queue(lib, task).turns[0].pair_id
    for who, grade in (("Anna", Grade.LOW), ("Berta", Grade.CANCER)):
        lib.who = who
        labelling.give(lib, task, Turn(pair), grade=grade)
    lib.who = "Clara"
    labelling.close_task(lib, task)
    with pytest.raises(UserError, match="closed"):
        annotate.opened_to_decide(lib, task, say=print)
    (line,) = annotate_words.task_lines(labelling.task_rows(lib))
    assert "open it again" in line.why_not_decide


# words


def test_a_quick_read_took_under_a_second_and_not_none() -> None:
    read = Read("r", "t", "p", "Anna", 1, Grade.LOW, datetime(2026, 11, 28, tzinfo=UTC), seconds=0.3)
    assert annotate_words.other_words(read) == "Low\nunder 1 s"
    assert annotate_words.other_words(replace(read, seconds=2.4)) == "Low\n2 s"


def test_names_stand_with_reads_once_the_decision_is_given() -> None:
    read = Read("r", "t", "p", "Anna", 1, Grade.LOW, datetime(2026, 11, 28, tzinfo=UTC))
    reads = (read, replace(read, reader="Berta"), replace(read, reader="Clara", adjudicates=True))
    assert annotate_words.voices(reads, decided=False) == ("Reader 1", "Reader 2", "Reader 3")
    assert annotate_words.voices(reads, decided=True) == ("Anna", "Berta", "Decision of Clara")


def test_of_all_readers_together_stands_first() -> None:
    found = Agreement(0.8, (0.5, 0.9), 12, 12, 0.75, 0.0)
    report = SimpleNamespace(
        between={("Anna", "Berta"): found},
        all_readers=found,
        within={},
        drift={},
        not_graded={},
        with_ai={},
        after_ai={},
    )
    assert [who for who, _ in annotate_words.agreement_lines(report)] == ["All readers (Fleiss)", "Anna and Berta"]


def test_reads_of_others_are_not_shown_where_that_cannot_go_on_record(
    lib: Library, task: str, said: list[UserError], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = labelling.queue(lib, task).turns[0].pair_id
    for who, grade in (("Anna", Grade.LOW), ("Berta", Grade.CANCER)):
        lib.who = who
        labelling.give(lib, task, Turn(pair), grade=grade)
    lib.who = "Clara"
    reading, _ = annotate.opened_to_decide(lib, task, say=said.append)

    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full", remedy="make room")

    monkeypatch.setattr(lib, "record_event", full)
    assert not reading.others_may_show()
    assert [str(one) for one in said] == ["the disk is full. make room."]


@pytest.mark.parametrize(
    ("women", "said_of"),
    [(1, "12 pairs of 1 woman:"), (4, "too few women for an interval"), (5, "(0.50 to 0.90), 12 pairs")],
)
def test_a_kappa_of_few_women_has_no_interval(women: int, said_of: str) -> None:
    found = Agreement(0.8, (0.5, 0.9), 12, women, 0.75, 0.0)
    assert said_of in annotate_words.agreement_words(found)


def test_a_kappa_of_pairs_that_are_all_alike_has_no_interval_either() -> None:
    said = annotate_words.agreement_words(Agreement(1.0, (1.0, 1.0), 30, 30, 1.0, 0.0))
    assert said == "kappa 1.00, 30 pairs of 30 women: all alike, which gives no interval"


def test_a_pair_is_called_by_its_place_and_nothing_else(reading: Reading) -> None:
    assert annotate_words.title(reading) == "Pair 1 of 4"
    assert annotate_words.own_words(reading) == "Not read yet"


def test_progress_says_how_many_of_which_grade(reading: Reading) -> None:
    assert annotate_words.progress(reading) == "0 of 4 read"
    give(reading, Grade.LOW, Grade.HIGH)
    reading.shown()
    reading.cannot(Reason.BLURRED)
    assert annotate_words.progress(reading) == "3 of 4 read: 1 low, 1 high, 1 cannot be graded"
    reading.go(-1)
    assert annotate_words.own_words(reading) == "You read: Cannot be graded: blurred. Another grade changes it."


def test_notes_that_wait_for_a_grade_are_said(reading: Reading) -> None:
    assert annotate_words.waiting(reading) == ""
    reading.set_note("x")
    assert annotate_words.waiting(reading) == "Note, quality or region of 1 pair is kept, and waits for the grade"
    reading.set_note("")
    assert annotate_words.waiting(reading) == ""


def test_tasks_say_how_far_the_reader_is(lib: Library, reading: Reading) -> None:
    give(reading, Grade.LOW)
    (line,) = annotate_words.task_lines(labelling.task_rows(lib))
    assert line.cells[:4] == ("March", "4", "1 of 4", "none")
    assert "New task" in annotate_words.empty_text(may_make=True, read_only=False)
    assert "clinician" in annotate_words.empty_text(may_make=False, read_only=False)
