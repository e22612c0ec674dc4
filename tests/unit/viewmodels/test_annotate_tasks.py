"""Making tasks: which pairs are in them, in which order, and what is said before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Order, Reason, Turn
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases, labelling, reading_order
from pfm_desktop.services.labelling import Wish
from pfm_desktop.services.time_left import left_words
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError
from pfm_desktop.viewmodels.annotate_tasks import (
    Counted,
    asking_words,
    count_job,
    make_job,
    repeats_words,
    unlabelled_words,
)
from pfm_desktop.viewmodels.annotate_words import ORDERS
from tests.unit.services.conftest import put_on_record

pytestmark = pytest.mark.slow

CTX = SilentContext()


@pytest.fixture
def lib(tmp_path: Path) -> Iterator[Library]:
    with Library.create(tmp_path / "clinic") as made:
        made.who = "Anna"
        for number in range(6):
            visit = cases.add_visit(made, cases.add_patient(made, identifier=f"K-{number}").id).id
            put_on_record(made, visit, b"picture %d" % number)
        yield made


def pairs_of(lib: Library, task_id: str) -> list[str]:
    with lib.read() as session:
        from pfm_desktop.storage import labelling as stored

        return list(stored.pairs_of(session, task_id))


def read(lib: Library, *grades: Grade | None) -> list[str]:
    """A task of all pairs, the first of which are read; returns those."""
    task = make_job(CTX, lib, Wish("March", repeats=0.0), "")
    pairs = pairs_of(lib, task.id)
    for pair, grade in zip(pairs, grades, strict=False):
        labelling.give(lib, task.id, Turn(pair), grade=grade, reason=None if grade is not None else next(iter(Reason)))
    return pairs[: len(grades)]


@pytest.mark.parametrize(
    ("pairs", "share", "said"),
    [
        (200, 0.05, "10 pairs come again, 20 pairs or more after the first read."),
        (21, 0.05, "1 pair comes again, 20 pairs or more after the first read."),
        (24, 0.5, "4 pairs come again, 20 pairs or more after the first read. Not 12: the task is too short for more."),
        (20, 0.5, "None comes again: a repeat comes 20 pairs or more after the first read, and this task is too short "
         "for that."),
        (10, 0.05, "None comes again: the share is less than one of 10 pairs."),
        (200, 0.0, ""),
        (0, 0.05, ""),
    ],
)  # fmt: skip
def test_how_many_pairs_come_again_is_said_before(pairs: int, share: float, said: str) -> None:
    assert repeats_words(pairs, share) == said


def test_every_order_can_be_chosen_and_only_two_ask_the_model() -> None:
    assert set(ORDERS) == set(Order)
    assert {order for order in Order if order.asks_model} == {Order.UNCERTAINTY, Order.DIVERSITY}


def test_visits_without_a_label_are_counted(lib: Library) -> None:
    assert count_job(CTX, lib, "") == Counted(6, 6)
    read(lib, Grade.LOW, Grade.HIGH, None)
    assert count_job(CTX, lib, "") == Counted(6, 4), "not gradable is no label"
    assert count_job(CTX, lib, "nobody") == Counted(0, 0)


def test_histology_is_a_label(lib: Library) -> None:
    labelling.set_histology(lib, cases.today(lib)[0].visit.id, Grade.HIGH)
    assert count_job(CTX, lib, "") == Counted(6, 5)


def test_a_task_of_pairs_without_a_label_has_no_others(lib: Library) -> None:
    labelled = read(lib, Grade.LOW, Grade.HIGH)
    made = make_job(CTX, lib, Wish("April", unlabelled=True), "")
    pairs = pairs_of(lib, made.id)
    assert len(pairs) == 4
    assert not set(pairs) & set(labelled)


def test_contradictory_reads_are_no_label_so_that_they_are_read_again(lib: Library) -> None:
    (pair,) = read(lib, Grade.LOW)
    task = labelling.task_rows(lib)[0].task.id
    lib.who = "Berta"
    labelling.give(lib, task, Turn(pair), grade=Grade.CANCER)
    made = make_job(CTX, lib, Wish("April", unlabelled=True), "")
    assert pair in pairs_of(lib, made.id)


@pytest.mark.parametrize("order", [Order.DIVERSITY, Order.UNCERTAINTY])
def test_a_model_that_is_missing_is_said_and_no_task_is_made(lib: Library, order: Order) -> None:
    with pytest.raises(ModelError, match=r"cannot be asked.*no task was made.*random order"):
        make_job(CTX, lib, Wish("April", order=order), "nobody")
    assert labelling.task_rows(lib) == ()
    assert make_job(CTX, lib, Wish("April"), "nobody").order is Order.RANDOM


def test_the_model_is_asked_about_no_more_than_wanted_and_the_rest_follows(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def scores(_ctx: object, _lib: Library, pairs: list[str], _model: str) -> tuple[dict[str, float], str]:
        asked.extend(pairs)
        return {pair: float(place) for place, pair in enumerate(pairs)}, ""

    monkeypatch.setattr(reading_order, "_check_askable", lambda _model: None)
    monkeypatch.setattr(reading_order, "_uncertainty", scores)
    made = make_job(CTX, lib, Wish("April", order=Order.UNCERTAINTY, seed=3, most=2), "any")
    pairs = pairs_of(lib, made.id)
    mixed = labelling.in_random_order(pairs, seed=3)
    assert asked == list(mixed[:2]), "drawn at random"
    assert pairs == [*asked[::-1], *mixed[2:]]
    assert (made.order, made.seed) == (Order.UNCERTAINTY, 3)


def test_stopped_while_the_model_is_asked_no_task_is_made(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    ctx = CallbackContext(lambda _done, _total, text: heard.append(text), lambda: any("Asking" in one for one in heard))
    monkeypatch.setattr(reading_order, "_check_askable", lambda _model: None)
    with pytest.raises(Cancelled):
        make_job(ctx, lib, Wish("April", order=Order.UNCERTAINTY), "any")
    assert heard[-1] == "Asking the model, 0 of 6"
    assert labelling.task_rows(lib) == ()


def test_pictures_of_which_the_model_says_nothing_make_no_task(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_order, "_check_askable", lambda _model: None)
    for order in (Order.DIVERSITY, Order.UNCERTAINTY):
        with pytest.raises(ModelError, match="nothing about any of 6 pairs"):
            make_job(CTX, lib, Wish("April", order=order), "any")
    assert labelling.task_rows(lib) == ()


def test_what_is_asked_is_said_before_with_how_long_it_may_take() -> None:
    assert asking_words(Order.RANDOM, 900, 500, "m") == asking_words(Order.DISAGREEMENT, 900, 500, "m") == ""
    said = asking_words(Order.UNCERTAINTY, 900, 500, "pfm-demo")
    assert said.startswith("pfm-demo is asked about 500 pairs; the other 400 follow at random. Roughly ")
    assert "stopped, no task is made" in said
    assert "follow" not in asking_words(Order.DIVERSITY, 500, 500, "m")
    assert "about 1 pair. Roughly 1 min." in asking_words(Order.DIVERSITY, 1, 500, "m")


def test_the_box_says_how_many_have_no_label() -> None:
    assert unlabelled_words(None) == "Only pairs without a label"
    assert unlabelled_words(Counted(1200, 1100)) == "Only pairs without a label (1,100 of 1,200 visits)"


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (0, 0.0, ", 0 of 100"),
        (4, 400.0, ", 4 of 100"),
        (11, 60.0, ", 11 of 100, about 9 min left"),
        (91, 90.0, ", 91 of 100, less than a minute left"),
        (100, 90.0, ", 100 of 100"),
    ],
)
def test_the_time_left_is_said_once_a_few_pairs_tell_it(done: int, seconds: float, said: str) -> None:
    assert left_words(done, 100, seconds) == said
