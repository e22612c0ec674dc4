"""What a case is labelled with: histology, then the decision between readers, then the majority; or why it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import (
    Histology,
    Label,
    Labelled,
    Open,
    Origin,
    Read,
    Reason,
    Turn,
    Wanted,
    blind_reads,
    disagree,
    first_reads,
    label_of,
    repeats_in,
    turns,
)
from pfm_desktop.domain.learning import Said

AT = datetime(2026, 11, 28, tzinfo=UTC)
CANNOT = None


def read(
    reader: str,
    grade: Grade | None,
    *,
    minute: int = 0,
    turn: int = 1,
    adjudicates: bool = False,
    ai_seen: bool = False,
) -> Read:
    return Read(
        id=f"{reader}{minute}",
        task_id="t",
        pair_id="p",
        reader=reader,
        turn=turn,
        grade=grade,
        made_at=AT + timedelta(minutes=minute),
        reason=Reason.BLURRED if grade is None else None,
        adjudicates=adjudicates,
        ai_seen=ai_seen,
    )


def decision(grade: Grade | None, *, minute: int = 9) -> Read:
    return read("d", grade, minute=minute, adjudicates=True)


HIGH = Histology("v", Grade.HIGH)
LOW_TWICE = (read("a", Grade.LOW), read("b", Grade.LOW), read("c", Grade.HIGH))


@pytest.mark.parametrize(
    ("histology", "reads", "wanted"),
    [
        (None, (), Labelled(None, Open.UNREAD)),
        (HIGH, (), Labelled(Label(Grade.HIGH, Origin.HISTOLOGY, 0, 0))),
        (HIGH, LOW_TWICE, Labelled(Label(Grade.HIGH, Origin.HISTOLOGY, 3, 1))),
        (None, LOW_TWICE, Labelled(Label(Grade.LOW, Origin.MAJORITY, 3, 2))),
        (None, LOW_TWICE[:1], Labelled(Label(Grade.LOW, Origin.MAJORITY, 1, 1))),
        (None, LOW_TWICE[1:], Labelled(None, Open.CONTRADICTORY)),
        (
            None,
            (*LOW_TWICE, decision(Grade.CANCER)),
            Labelled(Label(Grade.CANCER, Origin.ADJUDICATED, 3, 0)),
        ),
        (
            None,
            (*LOW_TWICE, decision(Grade.HIGH, minute=8), decision(CANNOT, minute=9)),
            Labelled(None, Open.NOT_GRADABLE),
        ),
        (None, (read("a", CANNOT), read("b", CANNOT), read("c", Grade.LOW)), Labelled(None, Open.NOT_GRADABLE)),
        (None, (read("a", CANNOT), read("b", Grade.LOW)), Labelled(None, Open.CONTRADICTORY)),
        (
            HIGH,
            (read("d", Grade.LOW, adjudicates=True),),
            Labelled(Label(Grade.HIGH, Origin.HISTOLOGY, 0, 0)),
        ),
    ],
)  # fmt: skip
def test_histology_outranks_the_decision_and_that_the_majority(
    histology: Histology | None, reads: tuple[Read, ...], wanted: Labelled
) -> None:
    assert label_of(histology, reads) == wanted


def test_a_reader_counts_once_by_the_first_turn_of_the_latest_task() -> None:
    reads = (
        read("a", Grade.LOW),
        read("a", Grade.HIGH, minute=5),
        read("a", Grade.CANCER, minute=9, turn=2),
        read("b", Grade.LOW, minute=1),
        read("c", Grade.HIGH, minute=1),
    )
    assert {name: one.grade for name, one in first_reads(reads).items()} == {
        "a": Grade.HIGH,
        "b": Grade.LOW,
        "c": Grade.HIGH,
    }
    assert label_of(None, reads) == Labelled(Label(Grade.HIGH, Origin.MAJORITY, 3, 2))


def test_the_last_on_record_counts_also_where_the_clock_was_set_back() -> None:
    """The times run backwards; what was given last stands last."""
    decided = (*LOW_TWICE, decision(Grade.HIGH, minute=100), decision(Grade.NORMAL, minute=50))
    assert label_of(None, decided) == Labelled(Label(Grade.NORMAL, Origin.ADJUDICATED, 3, 0))
    twice = (read("a", Grade.LOW, minute=100), read("a", Grade.HIGH, minute=50))
    assert first_reads(twice)["a"].grade is Grade.HIGH


def test_readers_disagree_until_somebody_decides() -> None:
    assert not disagree(LOW_TWICE[:2])
    assert disagree(LOW_TWICE)
    assert disagree((read("a", CANNOT), read("b", Grade.LOW)))
    assert not disagree((*LOW_TWICE, read("d", Grade.LOW, minute=9, adjudicates=True)))
    assert not disagree((read("a", Grade.LOW), read("a", Grade.HIGH, minute=9, turn=2))), "one reader, asked twice"


@pytest.mark.parametrize("count", [0, 1, 2, 21, 80])
@pytest.mark.parametrize("repeats", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_every_pair_is_read_once_in_its_order_and_some_again_later(count: int, repeats: float, seed: int) -> None:
    pairs = [f"p{number}" for number in range(count)]
    made = turns(pairs, repeats, seed=seed, gap=20)
    assert [one.pair_id for one in made if one.turn == 1] == pairs
    again = [one.pair_id for one in made if one.turn == 2]
    assert (
        len(again) == len(set(again)) == repeats_in(count, repeats) == min(round(repeats * count), max(0, count - 20))
    )
    for pair in again:
        first, second = made.index(Turn(pair, 1)), made.index(Turn(pair, 2))
        between = [one for one in made[first + 1 : second] if one.turn == 1]
        assert len(between) >= 20, "far enough not to be remembered"
    assert made == turns(pairs, repeats, seed=seed, gap=20)


def test_another_seed_reads_others_again() -> None:
    pairs = [f"p{number}" for number in range(200)]
    drawn = [tuple(one.pair_id for one in turns(pairs, 0.1, seed=seed) if one.turn == 2) for seed in range(5)]
    assert len(set(drawn)) == 5
    assert Counter(len(one) for one in drawn) == {20: 5}


def again_in(made: Sequence[Turn]) -> dict[str, int]:
    """By pair that comes again, how many first reads are before it."""
    return {
        one.pair_id: sum(other.turn == 1 for other in made[:place]) for place, one in enumerate(made) if one.turn == 2
    }


def test_a_queue_in_which_all_repeats_had_room_is_the_one_it_always_was() -> None:
    made = turns([f"p{number}" for number in range(50)], 0.04, seed=2)
    assert again_in(made) == {"p3": 26, "p5": 37}, "as they were drawn before repeats needed room"


def test_a_repeat_without_room_is_another_pair_unless_it_was_read() -> None:
    pairs = [f"p{number}" for number in range(50)]
    made = turns(pairs, 0.04, seed=1)
    again = again_in(made)
    assert again.pop("p8") == 31, "as it was drawn before"
    assert [pairs.index(pair) < 30 for pair in again] == [True], "not p36, which came behind p49"
    assert again_in(turns(pairs, 0.04, seed=1, given={"p36"})) == {"p8": 31, "p36": 50}
    assert turns(pairs, 0.04, seed=1, given={"p8"}) == made


@pytest.mark.parametrize("count", [1, 20, 60])
def test_what_was_read_again_stays_whatever_pairs_the_task_has_left(count: int) -> None:
    pairs = [f"p{number}" for number in range(count)]
    made = turns(pairs, 0.1, seed=4, given={pairs[-1], pairs[0]})
    again = [one.pair_id for one in made if one.turn == 2]
    assert {pairs[-1], pairs[0]} <= set(again)
    assert len(again) == max(repeats_in(count, 0.1), len({pairs[-1], pairs[0]}))
    assert all(made.index(Turn(pair)) < made.index(Turn(pair, 2)) for pair in again)


def lost(reader: str, *, minute: int = 0, adjudicates: bool = False) -> Read:
    return replace(read(reader, None, minute=minute, adjudicates=adjudicates), reason=Reason.NOT_SHOWN)


def test_pictures_that_could_not_be_shown_are_nobodys_opinion() -> None:
    assert label_of(None, [lost("a")]) == Labelled(None, Open.UNREAD)
    assert label_of(None, [*LOW_TWICE, lost("d", minute=9)]) == label_of(None, LOW_TWICE)
    assert label_of(None, [*LOW_TWICE, lost("d", minute=9, adjudicates=True)]) == label_of(None, LOW_TWICE)
    assert label_of(None, [read("a", Grade.LOW), lost("b")], wanted=Wanted(2, 2)).why_not is Open.WAITING
    assert not disagree([read("a", Grade.LOW), lost("b")])
    assert disagree([*LOW_TWICE, lost("d", minute=9, adjudicates=True)]), "still to be decided"


@pytest.mark.parametrize("share", [-1.0, 2.0])
def test_a_share_beyond_all_or_none_is_all_or_none(share: float) -> None:
    assert len(turns(["a", "b"], share, seed=1, gap=0)) == (2 if share < 0 else 4)


def after_ai(reader: str, grade: Grade | None, *, minute: int = 0) -> Read:
    return read(reader, grade, minute=minute, ai_seen=True)


@pytest.mark.parametrize(
    ("reads", "wanted"),
    [
        ([after_ai("a", Grade.HIGH)], Labelled(Label(Grade.HIGH, Origin.MAJORITY_AFTER_AI, 1, 1))),
        ([after_ai("a", Grade.HIGH), after_ai("b", Grade.LOW)], Labelled(None, Open.CONTRADICTORY)),
        (
            [after_ai("a", Grade.HIGH), after_ai("b", Grade.HIGH), read("c", Grade.LOW)],
            Labelled(Label(Grade.LOW, Origin.MAJORITY, 1, 1)),
        ),
        (
            [after_ai("a", Grade.HIGH), read("b", Grade.HIGH), read("c", Grade.LOW)],
            Labelled(None, Open.CONTRADICTORY),
        ),
        ([after_ai("a", CANNOT)], Labelled(None, Open.NOT_GRADABLE)),
        (
            [read("a", Grade.LOW), after_ai("a", Grade.HIGH, minute=5)],
            Labelled(Label(Grade.LOW, Origin.MAJORITY, 1, 1)),
        ),
    ],
)
def test_who_saw_the_answer_has_a_voice_only_where_nobody_read_blind(reads: list[Read], wanted: Labelled) -> None:
    assert label_of(None, reads) == wanted
    assert label_of(None, reads[::-1]) == wanted


@pytest.mark.parametrize(
    ("reads", "wanted"),
    [
        ([read("a", Grade.HIGH)], Labelled(None, Open.WAITING)),
        ([read("a", Grade.HIGH), after_ai("b", Grade.LOW)], Labelled(None, Open.CONTRADICTORY)),
        (
            [read("a", Grade.HIGH), after_ai("b", Grade.HIGH)],
            Labelled(Label(Grade.HIGH, Origin.MAJORITY_AFTER_AI, 2, 2)),
        ),
        (
            [read("a", Grade.HIGH), read("b", Grade.HIGH), after_ai("c", Grade.LOW)],
            Labelled(Label(Grade.HIGH, Origin.MAJORITY, 2, 2)),
        ),
    ],
)
def test_one_blind_reader_of_two_is_no_majority(reads: list[Read], wanted: Labelled) -> None:
    assert label_of(None, reads, wanted=Wanted(2, 2)) == wanted
    assert label_of(None, reads[::-1], wanted=Wanted(2, 2)) == wanted


@pytest.mark.parametrize(
    ("reads", "asked", "wanted"),
    [
        ([read("a", Grade.HIGH)], 2, Labelled(Label(Grade.HIGH, Origin.FEWER_READERS, 1, 1))),
        ([after_ai("a", Grade.HIGH)], 2, Labelled(Label(Grade.HIGH, Origin.FEWER_READERS_AFTER_AI, 1, 1))),
        ([read("a", CANNOT)], 2, Labelled(None, Open.NOT_GRADABLE)),
        ([read("a", Grade.HIGH), after_ai("b", Grade.LOW)], 2, Labelled(None, Open.CONTRADICTORY)),
        ([read("a", Grade.HIGH), read("b", Grade.LOW)], 3, Labelled(None, Open.CONTRADICTORY)),
        (
            [read("a", Grade.HIGH), read("b", Grade.LOW), read("c", Grade.LOW)],
            4,
            Labelled(Label(Grade.LOW, Origin.FEWER_READERS, 3, 2)),
        ),
        (
            [read("a", Grade.HIGH), after_ai("b", Grade.HIGH)],
            2,
            Labelled(Label(Grade.HIGH, Origin.MAJORITY_AFTER_AI, 2, 2)),
        ),
    ],
)
def test_closed_early_the_origin_says_that_fewer_read_it_and_a_contradiction_stays_one(
    reads: list[Read], asked: int, wanted: Labelled
) -> None:
    assert label_of(None, reads, wanted=Wanted(asked, still=1)) == wanted
    assert label_of(None, reads[::-1], wanted=Wanted(asked, still=1)) == wanted


def test_a_decision_after_the_answer_holds_and_says_so() -> None:
    decided = read("d", Grade.HIGH, minute=9, adjudicates=True, ai_seen=True)
    found = label_of(None, (*LOW_TWICE, decided))
    assert found.label == Label(Grade.HIGH, Origin.ADJUDICATED_AFTER_AI, 3, 1)
    assert label_of(HIGH, (*LOW_TWICE, decided)).label == Label(Grade.HIGH, Origin.HISTOLOGY, 3, 1)


@pytest.mark.parametrize("ai_seen", [False, True])
def test_a_decision_by_one_of_the_readers_says_so(ai_seen: bool) -> None:
    decided = read("a", Grade.HIGH, minute=9, adjudicates=True, ai_seen=ai_seen)
    wanted = Origin.ADJUDICATED_BY_READER_AFTER_AI if ai_seen else Origin.ADJUDICATED_BY_READER
    assert label_of(None, (*LOW_TWICE, decided)).label == Label(Grade.HIGH, wanted, 3, 1)
    assert {Said(origin.value) for origin in Origin} < set(Said)  # what is learned from names each of them


def test_blind_reads_are_those_before_any_answer() -> None:
    reads = (read("a", Grade.LOW), after_ai("b", Grade.HIGH))
    assert blind_reads(reads) == reads[:1]
    assert disagree(reads), "it is for somebody to decide all the same"
