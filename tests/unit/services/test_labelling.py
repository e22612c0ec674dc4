"""Reading for labels: every read is kept, nobody overwrites anybody, and who labels sees their own reads only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Label, Labelled, Open, Order, Origin, Quality, Reason, Region, Turn
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, cases, labelling, removal, review
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage import journal, repositories
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.removal import StillNeededError
from pfm_desktop.storage.rules import OtherReaderError, TaskClosedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.viewmodels.annotate_words import task_lines

from .conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()
PASSWORD = "five small brown hens"
SQUARE = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))


def visits_of(lib: Library, count: int) -> list[str]:
    """Women with one visit and one white-light picture each, whose bytes are no picture."""
    made = []
    for number in range(count):
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}", family_name="Wunderlich").id).id
        put_on_record(lib, visit, b"picture %d" % number)
        made.append(visit)
    return made


def task_of(lib: Library, count: int = 3, **wish: object) -> tuple[str, tuple[str, ...]]:
    """A task of so many pairs, and their ids in its order."""
    pairs = labelling.pairs_for(CTX, lib, visits_of(lib, count))
    made = labelling.make_task(
        lib,
        Wish("March", repeats=0.0, **wish),
        labelling.in_random_order(pairs, seed=1),  # type: ignore[arg-type]
    )
    return made.id, labelling.in_random_order(pairs, seed=1)


# tasks


def test_a_task_keeps_its_pairs_in_their_order(lib: Library) -> None:
    task_id, pairs = task_of(lib, readers=2, search="march")
    (row,) = labelling.task_rows(lib)
    assert (row.task.id, row.task.name, row.task.search, row.task.readers) == (task_id, "March", "march", 2)
    assert (row.pairs, row.turns, row.done, row.disagreements) == (3, 3, 0, 0)
    assert tuple(turn.pair_id for turn in labelling.queue(lib, task_id).turns) == pairs
    with lib.read() as session:
        assert [line.text for line in journal.entries(session, what="task")] == ["Task made: March (3 pairs)"]


def test_visits_without_pictures_have_no_pair_and_pairs_are_made_where_there_is_none(lib: Library) -> None:
    empty = cases.add_visit(lib, cases.add_patient(lib, identifier="K-9").id).id
    full = visits_of(lib, 2)
    assert len(labelling.pairs_for(CTX, lib, [empty, *full])) == 2
    assert labelling.pairs_for(CTX, lib, full) == labelling.pairs_for(CTX, lib, full)


def test_the_random_order_does_not_hang_on_how_the_pairs_were_found() -> None:
    pairs = [f"p{number}" for number in range(50)]
    mixed = labelling.in_random_order(pairs, seed=4)
    assert mixed == labelling.in_random_order(reversed(pairs), seed=4)  # type: ignore[arg-type]
    assert mixed != labelling.in_random_order(pairs, seed=5)
    assert sorted(mixed) == sorted(pairs)


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        (Wish(" "), "needs a name"),
        (Wish("x" * 101), "at most 100"),
        (Wish("a", repeats=1.5), "between 0 and 1"),
        (Wish("a", readers=0), "people read each pair"),
    ],
)
def test_a_wish_that_will_not_do_makes_no_task(lib: Library, wish: Wish, problem: str) -> None:
    pairs = labelling.pairs_for(CTX, lib, visits_of(lib, 2))
    with pytest.raises(BadInputError, match=problem):
        labelling.make_task(lib, wish, pairs)
    for those, said in (((), "found none"), ((pairs[0], pairs[0]), "twice")):
        with pytest.raises(BadInputError, match=said):
            labelling.make_task(lib, Wish("a"), those)
    assert labelling.task_rows(lib) == ()


def test_a_share_comes_again_later_and_is_another_one_for_each_reader(lib: Library) -> None:
    pairs = labelling.pairs_for(CTX, lib, visits_of(lib, 30))
    task = labelling.make_task(lib, Wish("again", repeats=0.2), pairs)
    again = {}
    for reader in ("Anna", "Berta"):
        lib.who = reader
        again[reader] = [turn.pair_id for turn in labelling.queue(lib, task.id).turns if turn.turn == 2]
        assert labelling.queue(lib, task.id) == labelling.queue(lib, task.id)
    assert len(again["Anna"]) == len(again["Berta"]) == 6
    assert again["Anna"] != again["Berta"]
    assert labelling.task_rows(lib)[0].turns == 36


def test_a_task_has_its_repeats_for_everybody_and_sets_aside_what_one_was_shown(lib: Library) -> None:
    pairs = labelling.pairs_for(CTX, lib, visits_of(lib, 30))
    task_id = labelling.make_task(lib, Wish("again", repeats=0.2), pairs).id
    again = next(turn.pair_id for turn in labelling.queue(lib, task_id).turns if turn.turn == 2)
    labelling.record_reads_shown(lib, again, task_id=task_id)
    (row,) = labelling.task_rows(lib)
    assert (row.pairs, row.again, row.turns, row.set_aside) == (30, 6, 34, 1)
    (line,) = task_lines([row])
    assert line.cells[1:3] == ("30 (+ 6 again)", "0 of 34 (1 seen in Decide)")
    lib.who = "Berta"
    (row,) = labelling.task_rows(lib)
    assert (row.pairs, row.again, row.turns, row.set_aside) == (30, 6, 36, 0)


def test_what_was_read_again_stays_a_turn_also_where_no_repeat_would_be_drawn_now(lib: Library) -> None:
    task_id, pairs = task_of(lib, 3)
    labelling.give(lib, task_id, Turn(pairs[2]), grade=Grade.LOW)
    labelling.give(lib, task_id, Turn(pairs[2], 2), grade=Grade.HIGH)
    found = labelling.queue(lib, task_id)
    assert found.turns == (*(Turn(pair) for pair in pairs), Turn(pairs[2], 2))
    assert found.reads[Turn(pairs[2], 2)].grade is Grade.HIGH
    row = labelling.task_rows(lib)[0]
    assert (row.done, row.turns) == (2, 4)


# reading


def test_a_read_is_on_disk_and_the_queue_goes_on_behind_it(lib: Library) -> None:
    task_id, pairs = task_of(lib)
    read, change = labelling.give(
        lib, task_id, Turn(pairs[0]), grade=Grade.HIGH, note="near 12", quality=Quality.LIMITED,
        regions=(Region(Source.WHITE, SQUARE),), seconds=4.5,
    )  # fmt: skip
    assert change.text == "Read for a label: high"
    found = labelling.queue(lib, task_id)
    assert found.reads[Turn(pairs[0])] == read
    assert found.next_open == 1
    labelling.give(lib, task_id, Turn(pairs[1]), grade=None, reason=Reason.BLURRED)
    labelling.give(lib, task_id, Turn(pairs[2]), grade=Grade.LOW)
    assert labelling.queue(lib, task_id).next_open == 3
    assert labelling.task_rows(lib)[0].done == 3


@pytest.mark.parametrize(("grade", "reason"), [(None, None), (Grade.LOW, Reason.BLURRED)])
def test_a_read_is_a_grade_or_a_reason(lib: Library, grade: Grade | None, reason: Reason | None) -> None:
    task_id, pairs = task_of(lib)
    with pytest.raises(BadInputError, match="a grade, or why"):
        labelling.give(lib, task_id, Turn(pairs[0]), grade=grade, reason=reason)
    assert labelling.queue(lib, task_id).reads == {}


def test_a_turn_is_read_once_and_changed_by_who_read_it(lib: Library) -> None:
    task_id, pairs = task_of(lib)
    read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    with pytest.raises(StorageError, match="read already"):
        labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.HIGH)
    new, change = labelling.change_read(lib, read, grade=Grade.HIGH, note="looked again")
    assert change.text == "Read changed: grade, note"
    assert labelling.queue(lib, task_id).reads[Turn(pairs[0])] == new
    with pytest.raises(BadInputError, match="nothing was changed"):
        labelling.change_read(lib, new, grade=Grade.HIGH)
    with lib.read() as session:
        lines = journal.entries(session, what="read")
    assert [(line.old or {}).get("grade") for line in lines] == [None, "low"], "what it was stays on record"


def test_undo_opens_the_turn_again_and_redo_brings_the_same_read_back(lib: Library) -> None:
    task_id, pairs = task_of(lib)
    read, change = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    back = review.undo_all(lib, (change,))
    assert labelling.queue(lib, task_id).next_open == 0
    review.undo_all(lib, back)
    assert labelling.queue(lib, task_id).reads[Turn(pairs[0])] == read
    labelling.take_back(lib, read)
    assert labelling.queue(lib, task_id).reads == {}
    with pytest.raises(StorageError, match="gone already"):
        labelling.take_back(lib, read)


def test_nobody_changes_or_takes_away_what_somebody_else_read(lib: Library) -> None:
    task_id, pairs = task_of(lib)
    lib.who = "Anna"
    read, change = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    lib.who = "Berta"
    for act in (
        lambda: labelling.take_back(lib, read),
        lambda: labelling.change_read(lib, read, grade=Grade.HIGH),
        lambda: review.undo_all(lib, (change,)),
    ):
        with pytest.raises(OtherReaderError, match="a read of Anna"):
            act()
    assert labelling.queue(lib, task_id).reads == {}, "blind: her queue shows none of it"
    labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.CANCER)
    lib.who = "Anna"
    assert labelling.queue(lib, task_id).reads[Turn(pairs[0])] == read


def test_a_closed_task_takes_no_reads_until_it_is_opened_again(lib: Library) -> None:
    task_id, pairs = task_of(lib)
    read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    labelling.close_task(lib, task_id)
    for act in (
        lambda: labelling.give(lib, task_id, Turn(pairs[1]), grade=Grade.LOW),
        lambda: labelling.take_back(lib, read),
    ):
        with pytest.raises(TaskClosedError):
            act()
    labelling.close_task(lib, task_id, closed=False)
    labelling.give(lib, task_id, Turn(pairs[1]), grade=Grade.LOW)


def test_only_pairs_of_the_task_are_read_in_it(lib: Library) -> None:
    task_id, _ = task_of(lib)
    (other,) = labelling.pairs_for(CTX, lib, visits_of_another(lib))
    with pytest.raises(UserError, match="not in the task"):
        labelling.give(lib, task_id, Turn(other), grade=Grade.LOW)
    with pytest.raises(UserError, match="task is gone"):
        labelling.queue(lib, "0" * 32)


def visits_of_another(lib: Library) -> list[str]:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="another").id).id
    put_on_record(lib, visit, b"another")
    return [visit]


def test_a_picture_of_a_pair_that_was_read_is_not_removed(lib: Library) -> None:
    task_id, pairs = task_of(lib, 1)
    with lib.read() as session:
        pair = repositories.pair(session, pairs[0])
    assert pair is not None
    read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    with pytest.raises(StillNeededError, match="graded its pair for labels"):
        removal.remove_pictures(lib, [pair.white_id or ""])
    labelling.take_back(lib, read)
    removal.remove_pictures(lib, [pair.white_id or ""])
    assert labelling.queue(lib, task_id).turns == ()


# deciding, histology, labels


def two_reads(lib: Library, task_id: str, pair_id: str, first: Grade | None, second: Grade | None) -> None:
    for who, grade in (("Anna", first), ("Berta", second)):
        lib.who = who
        labelling.give(lib, task_id, Turn(pair_id), grade=grade, reason=None if grade else Reason.OTHER)


def test_differing_reads_wait_for_a_decision_the_farthest_apart_first(lib: Library) -> None:
    task_id, pairs = task_of(lib, 4)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.LOW)
    two_reads(lib, task_id, pairs[1], Grade.LOW, Grade.HIGH)
    two_reads(lib, task_id, pairs[2], Grade.NORMAL, Grade.CANCER)
    two_reads(lib, task_id, pairs[3], None, Grade.LOW)
    found = labelling.disagreements(lib, task_id)
    assert [one.pair_id for one in found] == [pairs[3], pairs[2], pairs[1]]
    assert [read.reader for read in found[1].reads] == ["Anna", "Berta"]
    assert labelling.task_rows(lib)[0].disagreements == 3
    lib.who = "Clara"
    decision, _ = labelling.give(lib, task_id, Turn(pairs[2]), grade=Grade.HIGH, adjudicates=True)
    assert [one.pair_id for one in labelling.disagreements(lib, task_id)] == [pairs[3], pairs[1]]
    found_labels = labelling.labels(lib, pairs)
    assert found_labels[pairs[0]].label == Label(Grade.LOW, Origin.MAJORITY, 2, 2)
    assert found_labels[pairs[1]].why_not is Open.CONTRADICTORY
    assert found_labels[pairs[2]].label == Label(Grade.HIGH, Origin.ADJUDICATED, 2, 0)
    labelling.give(lib, task_id, Turn(pairs[2]), grade=Grade.LOW)
    labelling.take_back(lib, decision)
    assert pairs[2] in {one.pair_id for one in labelling.disagreements(lib, task_id)}


def test_a_pair_that_two_are_to_read_has_no_label_after_one_unless_the_task_is_closed(lib: Library) -> None:
    task_id, (pair, other) = task_of(lib, 2, readers=2)
    lib.who = "Anna"
    labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    assert labelling.labels(lib, [pair, other])[pair] == Labelled(None, Open.WAITING)
    assert len(labelling.labelled_visits(lib)) == 1, "nobody is asked anew about it meanwhile"
    labelling.close_task(lib, task_id)
    assert labelling.labels(lib, [pair])[pair].label == Label(Grade.LOW, Origin.FEWER_READERS, 1, 1)
    assert labelling.task_rows(lib)[0].few == 1
    labelling.close_task(lib, task_id, closed=False)
    lib.who = "Berta"
    labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    assert labelling.labels(lib, [pair])[pair].label == Label(Grade.LOW, Origin.MAJORITY, 2, 2)
    assert labelling.task_rows(lib)[0].few == 0


def test_a_task_for_more_readers_takes_no_label_away_before_somebody_has_read_the_pair_in_it(lib: Library) -> None:
    task_id, (pair, other) = task_of(lib, 2)
    lib.who = "Anna"
    for one in (pair, other):
        labelling.give(lib, task_id, Turn(one), grade=Grade.LOW)
    more = labelling.make_task(lib, Wish("for three", repeats=0.0, readers=3), [pair, other]).id
    by_one = Label(Grade.LOW, Origin.MAJORITY, 1, 1)
    assert [one.label for one in labelling.labels(lib, [pair, other]).values()] == [by_one, by_one]
    lib.who = "Berta"
    labelling.give(lib, more, Turn(pair), grade=Grade.LOW)
    found = labelling.labels(lib, [pair, other])
    assert found[pair].why_not is Open.WAITING, "who reads it there is one of three"
    assert found[other].label == by_one
    with lib.read() as session:
        visit = stored.visits_of(session, [pair])[pair]
    assert labelling.said_of_visit(lib, visit, [pair]).labels[pair] == found[pair]
    labelling.close_task(lib, more)
    assert labelling.labels(lib, [pair])[pair].label == Label(Grade.LOW, Origin.FEWER_READERS, 2, 2)
    assert {row.task.id: row.few for row in labelling.task_rows(lib)} == {more: 1, task_id: 0}


def test_pictures_that_one_could_not_see_are_no_disagreement_and_no_read_of_a_label(lib: Library) -> None:
    task_id, (pair, other) = task_of(lib, 2)
    for who, reason in (("Anna", None), ("Berta", Reason.NOT_SHOWN)):
        lib.who = who
        labelling.give(lib, task_id, Turn(pair), grade=None if reason else Grade.HIGH, reason=reason)
    labelling.give(lib, task_id, Turn(other), grade=None, reason=Reason.NOT_SHOWN)
    found = labelling.labels(lib, [pair, other])
    assert found[pair].label == Label(Grade.HIGH, Origin.MAJORITY, 1, 1)
    assert found[other].why_not is Open.UNREAD
    assert labelling.disagreements(lib, task_id) == ()
    assert len(labelling.labelled_visits(lib)) == 1
    row = labelling.task_rows(lib)[0]
    assert (row.done, row.few) == (2, 0)


def test_who_was_shown_what_others_read_keeps_the_own_read_as_it_was_and_may_note_something(lib: Library) -> None:
    task_id, pairs = task_of(lib, 2, readers=2)
    own, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    labelling.record_reads_shown(lib, pairs[0], task_id=task_id)
    for act in (
        lambda: labelling.change_read(lib, own, grade=Grade.HIGH),
        lambda: labelling.change_read(lib, own, grade=None, reason=Reason.BLURRED),
        lambda: labelling.take_back(lib, own),
    ):
        with pytest.raises(BadInputError, match="what others read"):
            act()
    noted, _ = labelling.change_read(lib, own, note="seen again")
    assert labelling.read_of(lib, own.id) == noted == replace(own, note="seen again")
    decided, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.HIGH, adjudicates=True)
    labelling.change_read(lib, decided, grade=Grade.CANCER)


def test_who_was_shown_what_others_read_reads_that_pair_no_more_but_may_decide(lib: Library) -> None:
    task_id, pairs = task_of(lib, 3)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.HIGH)
    lib.who = "Clara"
    labelling.record_reads_shown(lib, pairs[0], task_id=task_id)
    labelling.record_reads_shown(lib, pairs[0], task_id=task_id)
    with lib.read() as session:
        assert len([one for one in journal.entries(session) if one.what == labelling.READS_SHOWN]) == 1
    assert [turn.pair_id for turn in labelling.queue(lib, task_id).turns] == list(pairs[1:])
    assert labelling.task_rows(lib)[0].turns == 2
    with pytest.raises(BadInputError, match="would not be blind to theirs"):
        labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.HIGH, adjudicates=True)
    lib.who = "Dora"
    assert len(labelling.queue(lib, task_id).turns) == 3


def test_histology_outranks_readers_and_is_entered_after_the_signature(lib: Library) -> None:
    task_id, pairs = task_of(lib, 2)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.LOW)
    with lib.read() as session:
        visit = repositories.pair(session, pairs[0]).visit_id  # type: ignore[union-attr]
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Test", "Read by me")
    labelling.set_histology(lib, visit, Grade.HIGH, reported_on=date(2026, 3, 20), text="CIN 3")
    assert labelling.labels(lib, pairs)[pairs[0]].label == Label(Grade.HIGH, Origin.HISTOLOGY, 2, 0)
    assert labelling.labels(lib, pairs)[pairs[1]].why_not is Open.UNREAD
    change = labelling.set_histology(lib, visit, Grade.LOW, reported_on=date(2026, 3, 20), text="CIN 1")
    assert change.text == "Histology changed: low"
    with pytest.raises(BadInputError, match="nothing was changed"):
        labelling.set_histology(lib, visit, Grade.LOW, reported_on=date(2026, 3, 20), text="CIN 1")
    gone = labelling.set_histology(lib, visit, None)
    assert labelling.histology_of(lib, visit) is None
    review.undo_all(lib, (gone,))
    review.undo_all(lib, (change,))
    found = labelling.histology_of(lib, visit)
    assert found is not None
    assert (found.grade, found.text) == (Grade.HIGH, "CIN 3")


def test_histology_of_no_visit_is_refused(lib: Library) -> None:
    with pytest.raises(StorageError, match="not in the library"):
        labelling.set_histology(lib, "0" * 32, Grade.LOW)


# who may what


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    """An encrypted library with a clinician, two annotators and an adjudicator; a task of two pairs, two readers."""
    lib, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with lib:
        for name, role in (("Anna", Role.ANNOTATOR), ("Berta", Role.ANNOTATOR), ("Clara", Role.ADJUDICATOR)):
            accounts.add(lib, name, {role}, PASSWORD)
        task_of(lib, 2, search="Wunderlich", readers=2)
    return tmp_path / "clinic"


def as_(clinic: Path, name: str) -> Library:
    return accounts.sign_in(clinic, name, PASSWORD)


def test_who_labels_sees_own_reads_only_and_no_search_and_no_histology(clinic: Path) -> None:
    with as_(clinic, "Dr. Chief") as lib:
        task_id, (pair_id, _) = (
            labelling.task_rows(lib)[0].task.id,
            labelling.queue(lib, labelling.task_rows(lib)[0].task.id).turns,
        )
        with lib.read() as session:
            visit = repositories.pair(session, pair_id.pair_id).visit_id  # type: ignore[union-attr]
        labelling.set_histology(lib, visit, Grade.CANCER, text="secret")
    with as_(clinic, "Anna") as lib:
        labelling.give(lib, task_id, pair_id, grade=Grade.LOW)
    with as_(clinic, "Berta") as lib:
        (row,) = labelling.task_rows(lib)
        assert "Wunderlich" not in repr(row)
        assert (row.done, row.disagreements) == (0, None)
        assert labelling.queue(lib, task_id).reads == {}
        assert labelling.histology_of(lib, visit) is None
        for act in (
            lambda: labelling.labels(lib, [pair_id.pair_id]),
            lambda: labelling.disagreements(lib, task_id),
            lambda: labelling.close_task(lib, task_id),
            lambda: labelling.make_task(lib, Wish("mine"), [pair_id.pair_id]),
            lambda: labelling.set_histology(lib, visit, Grade.LOW),
            lambda: labelling.give(lib, task_id, pair_id, grade=Grade.LOW, adjudicates=True),
        ):
            with pytest.raises(NotAllowedError):
                act()
        labelling.give(lib, task_id, pair_id, grade=Grade.HIGH)
    with as_(clinic, "Clara") as lib:
        (found,) = labelling.disagreements(lib, task_id)
        assert {read.reader: read.grade for read in found.reads} == {"Anna": Grade.LOW, "Berta": Grade.HIGH}
        labelling.give(lib, task_id, pair_id, grade=Grade.HIGH, adjudicates=True)
        assert labelling.histology_of(lib, visit) is None
        with pytest.raises(NotAllowedError):
            labelling.close_task(lib, task_id)
    with as_(clinic, "Dr. Chief") as lib:
        assert labelling.labels(lib, [pair_id.pair_id])[pair_id.pair_id].label == Label(
            Grade.CANCER, Origin.HISTOLOGY, 2, 0
        )


def test_the_order_of_a_task_is_kept(lib: Library) -> None:
    task_of(lib, 1, order=Order.DISAGREEMENT)
    assert labelling.task_rows(lib)[0].task.order is Order.DISAGREEMENT


def test_where_readers_differ_most_comes_first(lib: Library) -> None:
    task_id, pairs = task_of(lib, 4)
    two_reads(lib, task_id, pairs[2], Grade.NORMAL, Grade.CANCER)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.HIGH)
    found = labelling.in_order_of_disagreement(lib, pairs, seed=1)
    assert found[:2] == (pairs[2], pairs[0])
    assert sorted(found) == sorted(pairs)


def test_a_task_and_a_read_are_read_again_as_they_are_on_disk(lib: Library) -> None:
    task_id, pairs = task_of(lib, 2)
    read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    decision, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.HIGH, adjudicates=True)
    task, reads = labelling.look_again(lib, task_id)
    assert (task.id, reads) == (task_id, {Turn(pairs[0]): read})
    assert labelling.look_again(lib, task_id, adjudicates=True)[1] == {Turn(pairs[0]): decision}
    assert labelling.read_of(lib, read.id) == read
    labelling.take_back(lib, read)
    assert labelling.read_of(lib, read.id) is None


# the order of the record


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes an hour back each time it is asked."""
    moments = (datetime(2026, 11, 28, tzinfo=UTC) - timedelta(hours=hour) for hour in range(100))
    monkeypatch.setattr(labelling, "datetime", SimpleNamespace(now=lambda _zone: next(moments)))


def decide(lib: Library, who: str, pair_id: str, grade: Grade) -> None:
    """In a task of its own, as each pair is decided once in a task."""
    task = labelling.make_task(lib, Wish(f"for {who}", repeats=0.0), [pair_id])
    before, lib.who = lib.who, who
    labelling.give(lib, task.id, Turn(pair_id), grade=grade, adjudicates=True)
    lib.who = before


def test_the_later_decision_wins_also_where_the_clock_was_set_back(lib: Library, backwards: None) -> None:
    _, pairs = task_of(lib, 1)
    decide(lib, "Carla", pairs[0], Grade.HIGH)
    decide(lib, "Dora", pairs[0], Grade.NORMAL)
    found = labelling.labels(lib, pairs)[pairs[0]].label
    assert found is not None
    assert found.grade is Grade.NORMAL


def test_reads_come_in_the_order_of_the_record_of_more_pairs_than_one_question_takes(
    lib: Library, backwards: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_AT_ONCE", 2)
    task_id, pairs = task_of(lib, 5)
    given = [labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)[0] for pair in reversed(pairs)]
    assert [one.made_at for one in given] == sorted((one.made_at for one in given), reverse=True)
    with lib.read() as session:
        assert stored.reads(session) == tuple(given)
        assert stored.reads(session, pair_ids=pairs) == tuple(given)
        assert stored.reads(session, pair_ids=[]) == ()


def test_a_read_that_was_changed_or_done_again_keeps_its_place(lib: Library, backwards: None) -> None:
    task_id, pairs = task_of(lib, 2)
    first, change = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    second, _ = labelling.give(lib, task_id, Turn(pairs[1]), grade=Grade.HIGH)
    (back,) = review.undo_all(lib, (change,))
    review.undo_all(lib, (back,))
    first, _ = labelling.change_read(lib, first, grade=Grade.CANCER)
    with lib.read() as session:
        assert stored.reads(session) == (first, second)
