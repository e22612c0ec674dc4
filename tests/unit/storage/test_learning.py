"""What is kept of learning: a woman's part never changes, runs are told, looks at the locked test are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Part, Run, State
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.storage import crosswalk, learning, records
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.records import FixedError

from .conftest import MOMENT, Shelf

PART = {"part": "test", "since": MOMENT}


def run(**changes: object) -> Run:
    made = Run(
        "2" * 32, datetime(2026, 3, 14, tzinfo=UTC), "A", "pfm-demo", "0" * 64, "ours", "", {"seed": 3},
        {"cases": {"train": 9}}, State.RUNNING,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_womans_part_is_neither_changed_nor_taken_away(shelf: Shelf) -> None:
    shelf.lib.apply(Change("learning_part", shelf.patient, None, PART, "Part for learning: test"))
    for new in ({**PART, "part": "train"}, None):
        with pytest.raises(FixedError, match="a learning part never changes"):
            shelf.lib.apply(Change("learning_part", shelf.patient, PART, new, "moved"))
    with shelf.lib.read() as session:
        assert learning.parts(session) == {shelf.patient: Part.TEST}


def test_a_part_is_not_given_twice(shelf: Shelf) -> None:
    shelf.lib.apply(Change("learning_part", shelf.patient, None, PART, "Part"))
    with pytest.raises(Exception, match="changed meanwhile"):
        shelf.lib.apply(Change("learning_part", shelf.patient, None, {**PART, "part": "train"}, "Part"))


def test_a_part_outlives_the_record_of_the_woman(lib: Library) -> None:
    woman = cases.add_patient(lib, identifier="K-3").id
    lib.apply(Change("learning_part", woman, None, PART, "Part"))
    with lib.read() as session:
        old = records.snapshot(session, "patient", woman)
    gone = Change("patient", woman, old, None, "Taken back")
    lib.apply(gone)
    review.undo(lib, gone)
    with lib.read() as session:
        assert learning.parts(session) == {woman: Part.TEST}


def test_a_run_is_read_as_it_was_written_and_the_newest_comes_first(lib: Library) -> None:
    first = run()
    second = run(id="3" * 32, made_at=datetime(2026, 4, 1, tzinfo=UTC), state=State.LEARNED, model_sha256="1" * 64)
    for one in (first, second):
        lib.apply(Change("learning_run", one.id, None, learning.run_fields(one), "Learning begun"))
    with lib.read() as session:
        assert learning.runs(session) == (second, first)
        assert learning.run(session, first.id) == first
        assert learning.run(session, "9" * 32) is None


def test_looks_at_the_locked_test_are_counted_from_the_journal(lib: Library) -> None:
    with lib.read() as session:
        assert learning.looks(session) == 0
    for _ in range(3):
        lib.record_event(learning.LOOK, "2" * 32, "Figures of the locked test seen")
    with lib.read() as session:
        assert learning.looks(session) == 3


def test_pairs_of_a_visit_come_in_the_order_in_which_they_would_open(shelf: Shelf) -> None:
    with shelf.lib.read() as session:
        (row,) = learning.pair_rows(session)
    assert (row.pair_id, row.visit_id, row.patient_id) == (shelf.pair, shelf.visit, shelf.patient)
    assert set(row.pictures) == {Source.WHITE, Source.FLUORESCENCE}
    pairing.make_pair(shelf.lib, shelf.visit, shelf.white, None)
    with shelf.lib.read() as session:
        rows = learning.pair_rows(session)
    assert [row.pair_id for row in rows][-1] == shelf.pair, "one of both sources opens before one made later"
    assert [set(row.pictures) for row in rows] == [{Source.WHITE}, {Source.WHITE, Source.FLUORESCENCE}]


def test_only_signed_impressions_count(shelf: Shelf) -> None:
    review.set_impression(shelf.lib, shelf.visit, Grade.HIGH)
    with shelf.lib.read() as session:
        assert learning.signed_impressions(session) == {}
    review.sign(shelf.lib, shelf.visit, "Dr. Test", "Read by me")
    with shelf.lib.read() as session:
        assert learning.signed_impressions(session) == {shelf.visit: (Grade.HIGH, False)}


@pytest.mark.parametrize(
    ("first", "then", "after_ai"),
    [
        (Grade.HIGH, None, False),
        (Grade.HIGH, Grade.HIGH, False),
        (Grade.HIGH, Grade.LOW, True),
        (None, Grade.LOW, True),
    ],
)
def test_an_impression_that_was_not_there_before_the_ai_is_told_apart(
    shelf: Shelf, first: Grade | None, then: Grade | None, after_ai: bool
) -> None:
    if first is not None:
        review.set_impression(shelf.lib, shelf.visit, first)
    review.reveal(shelf.lib, shelf.visit, "Dr. Test", lock=False)
    if then is not None and first is not None:
        review.override(shelf.lib, shelf.visit, "Dr. Test", then, "seen again")
    elif then is not None:
        review.set_impression(shelf.lib, shelf.visit, then)
    review.sign(shelf.lib, shelf.visit, "Dr. Test", "Read by me")
    with shelf.lib.read() as session:
        assert learning.signed_impressions(session) == {shelf.visit: (then or first, after_ai)}


def test_a_woman_is_called_by_identifier_and_pseudonym(lib: Library, tmp_path: Path) -> None:
    woman, other = (cases.add_patient(lib, identifier=f"K-{number}").id for number in range(2))
    alias = crosswalk.aliases(lib, [woman])[woman]
    with lib.read() as session:
        assert learning.names_of(session, [woman, other]) == {woman: ("K-0", alias.pseudonym), other: ("K-1",)}


def test_a_refused_registration_is_known_without_looking_at_the_pictures(shelf: Shelf) -> None:
    from pfm_desktop.storage import answers

    with shelf.lib.read() as session:
        assert learning.not_registered(session) == frozenset()
    answers.put_registration(shelf.lib, shelf.pair, summary={"status": "refused"}, data=b"x")
    with shelf.lib.read() as session:
        assert learning.not_registered(session) == {shelf.pair}
    assert Stage.SALINE.source is Source.WHITE
