"""Agreement of readers in a task: between two, of all, with themselves, and over time."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.agreement import cohen
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.labelling import Read, Reason, Turn
from pfm_desktop.domain.people import Role
from pfm_desktop.services import accounts, labelling
from pfm_desktop.services.reading_report import drift_of, reading_report, report_of
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.annotate_words import drift_words

from .test_labelling import task_of, two_reads

AT = datetime(2026, 11, 28, tzinfo=UTC)
PASSWORD = "five small brown hens"


def read(
    reader: str,
    pair: int,
    rank: int | None,
    *,
    turn: int = 1,
    minute: int = 0,
    adjudicates: bool = False,
    ai_seen: bool = False,
) -> Read:
    return Read(
        id=f"{reader}-{pair}-{turn}-{adjudicates}",
        task_id="t",
        pair_id=f"p{pair:03d}",
        reader=reader,
        turn=turn,
        grade=None if rank is None else GRADES[rank],
        made_at=AT + timedelta(minutes=minute),
        reason=Reason.BLURRED if rank is None else None,
        adjudicates=adjudicates,
        ai_seen=ai_seen,
    )


WOMEN = {f"p{number:03d}": f"w{number // 2}" for number in range(200)}


def test_two_readers_are_compared_on_what_both_graded() -> None:
    rng = np.random.default_rng(1)
    ranks = rng.integers(0, 4, (30, 2)).tolist()
    reads = [read(name, pair, ranks[pair][place]) for pair in range(30) for place, name in enumerate(("Anna", "Berta"))]
    reads += [read("Anna", 30, 2), read("Berta", 31, 1), read("Anna", 32, None), read("Berta", 32, 3)]
    found = report_of(reads, WOMEN)
    wanted = cohen([one for one, _ in ranks], [two for _, two in ranks], [f"w{number // 2}" for number in range(30)])
    assert found.between == {("Anna", "Berta"): wanted}
    assert found.all_readers is None, "two readers have Cohen's"
    assert found.not_graded == {"Anna": 1}
    assert found.within == {}
    assert wanted is not None
    assert (wanted.pairs, wanted.women) == (30, 15)


def test_of_three_readers_there_is_one_kappa_of_all_and_one_of_each_two() -> None:
    reads = [read(name, pair, (pair + place) % 3) for pair in range(9) for place, name in enumerate("ABC")]
    found = report_of(reads, WOMEN)
    assert set(found.between) == {("A", "B"), ("A", "C"), ("B", "C")}
    assert found.all_readers is not None
    assert found.all_readers.pairs == 9


def test_blind_repeats_tell_of_the_reader_and_decisions_of_nobody() -> None:
    reads = [read("Anna", pair, pair % 4) for pair in range(8)]
    reads += [read("Anna", pair, pair % 4, turn=2, minute=90) for pair in range(4)]
    reads += [read("Clara", pair, 0, adjudicates=True, minute=99) for pair in range(8)]
    found = report_of(reads, WOMEN)
    assert found.between == {}
    assert found.within["Anna"].kappa == pytest.approx(1.0)
    assert found.within["Anna"].pairs == 4
    assert "Clara" not in found.drift


def test_a_reader_who_grades_higher_and_higher_drifts() -> None:
    reads = [read("Berta", pair, 1) for pair in range(120)]
    reads += [read("Anna", pair, 1 if pair < 60 else 3, minute=pair) for pair in range(120)]
    found = drift_of(reads, "Anna", block=60)
    assert [(one.begin, one.reads, one.mean) for one in found] == [(1, 60, 0.0), (61, 60, 2.0)]
    assert found[1].error == 0.0
    assert drift_of(reads, "Berta", block=60)[1].mean == -2.0
    assert drift_of(reads[:1], "Berta") == (), "nobody else has read it"
    assert math.isnan(drift_of([read("Anna", 0, 1), read("Berta", 0, 2)], "Anna")[0].error)


def test_a_drift_is_told_where_it_was_among_all_own_reads() -> None:
    reads = [read("Anna", pair, 1, minute=pair) for pair in range(100)]
    reads += [read("Berta", pair, 0) for pair in (70, 71, 99)]
    (found,) = drift_of(reads, "Anna", block=50)
    assert (found.begin, found.end, found.reads, found.mean) == (51, 100, 3, 1.0)
    assert drift_words([found]) == "reads 51-100 (3 compared): +1.00"
    later = replace(found, begin=101, end=103, mean=-1.0)
    assert drift_words([found, later]).startswith("reads 101-103: -1.00; "), "the latest is never cut off"


def test_the_report_of_a_task_is_for_those_who_may_see_reads(lib: Library, tmp_path: Path) -> None:
    task_id, pairs = task_of(lib, 4)
    two_reads(lib, task_id, pairs[0], Grade.LOW, Grade.LOW)
    two_reads(lib, task_id, pairs[1], Grade.LOW, Grade.HIGH)
    found = reading_report(lib, task_id)
    assert found.between[("Anna", "Berta")].pairs == 2
    assert found.between[("Anna", "Berta")].same == 0.5
    assert reading_report(lib, "0" * 32).between == {}

    sealed, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with sealed:
        accounts.add(sealed, "Anna", {Role.ANNOTATOR}, PASSWORD)
        task_id, pairs = task_of(sealed, 1)
        labelling.give(sealed, task_id, Turn(pairs[0]), grade=Grade.LOW)
        assert reading_report(sealed, task_id).between == {}
    with accounts.sign_in(tmp_path / "clinic", "Anna", PASSWORD) as blind, pytest.raises(NotAllowedError):
        reading_report(blind, task_id)


def test_reads_after_ai_stand_in_no_figure_of_blind_ones_and_are_counted() -> None:
    blind = [read(name, pair, (pair + place) % 3) for pair in range(9) for place, name in enumerate("AB")]
    seen = [read(name, pair, 2, ai_seen=True) for pair in range(9, 15) for name in "AB"]
    seen += [read("A", 0, 1, turn=2, minute=99, ai_seen=True), read("A", 20, None, ai_seen=True)]
    found, without = report_of(blind + seen, WOMEN), report_of(blind, WOMEN)
    assert found.between == without.between
    assert (found.within, found.drift, found.not_graded) == (without.within, without.drift, {})
    assert found.after_ai == {"A": 8, "B": 6}
    assert without.after_ai == {}
    assert found.with_ai["A", "B"].pairs == 6
    assert without.with_ai == {}


def test_where_one_of_two_had_seen_the_answer_they_are_compared_apart() -> None:
    reads = [read("A", pair, pair % 3) for pair in range(6)]
    reads += [read("B", pair, pair % 3, ai_seen=True) for pair in range(6)]
    found = report_of(reads, WOMEN)
    assert found.between == {}
    assert found.with_ai["A", "B"].kappa == pytest.approx(1.0)
    assert found.after_ai == {"B": 6}


def test_decisions_after_ai_are_no_reads() -> None:
    found = report_of([read("C", pair, 1, adjudicates=True, ai_seen=True) for pair in range(4)], WOMEN)
    assert found.after_ai == {}
    assert found.with_ai == {}
