"""What was taken gets into the library, or stays and is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.source import Stage
from pfm_desktop.services.capture import keeping
from pfm_desktop.services.capture.keeping import Judging, Keeper, LivePicture, Lot, LotNews, LotState
from pfm_desktop.support.errors import BadInputError, StorageError

WAIT_S = 20.0


def lot(number: int = 1, count: int = 1) -> Lot:
    picture = LivePicture(np.zeros((4, 4, 3), np.uint8), Stage.SALINE, 1.0, datetime(2026, 1, 1, tzinfo=UTC))
    return Lot(number, "visit", (picture,) * count)


class Told:
    """What was told, and a way to wait for it."""

    def __init__(self) -> None:
        self.news: list[LotNews] = []
        self._there = threading.Condition()

    def __call__(self, news: LotNews) -> None:
        with self._there:
            self.news.append(news)
            self._there.notify_all()

    def wait_for(self, state: LotState, count: int = 1) -> LotNews:
        def found() -> list[LotNews]:
            return [one for one in self.news if one.state is state]

        with self._there:
            assert self._there.wait_for(lambda: len(found()) >= count, WAIT_S), f"never {state}"
            return found()[count - 1]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def made() -> Iterator[list[Any]]:
    """Keepers and the like, ended after the test."""
    ends: list[Any] = []
    yield ends
    for one in ends:
        one.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PAUSES_S", (0.001,))


def test_lots_are_kept_in_the_order_in_which_they_were_taken(told: Told, made: list[Any]) -> None:
    order: list[int] = []
    keeper = Keeper(lambda one: order.append(one.number), told)  # type: ignore[arg-type, func-returns-value]
    made.append(keeper)
    for number in range(1, 6):
        keeper.put(lot(number))
    told.wait_for(LotState.KEPT, 5)
    assert order == [1, 2, 3, 4, 5]
    assert keeper.waiting == ()


def test_a_library_that_refuses_is_asked_until_it_takes_and_nothing_is_lost_meanwhile(
    told: Told, made: list[Any]
) -> None:
    locked, tries = threading.Event(), []
    locked.set()

    def keep(one: Lot) -> Any:
        tries.append(one.number)
        if locked.is_set():
            raise StorageError("the library is in use", remedy="wait")
        return one

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot(1))
    keeper.put(lot(2))
    waiting = told.wait_for(LotState.WAITING)
    assert waiting.problem == "The library is in use. Wait."
    assert [one.number for one in keeper.waiting] == [1, 2]
    assert "in use" in keeper.problem
    locked.clear()
    told.wait_for(LotState.KEPT, 2)
    assert keeper.waiting == ()
    assert keeper.problem == ""
    assert tries[-2:] == [1, 2]


def test_one_that_is_refused_for_a_reason_of_its_own_is_in_the_way_of_no_other(told: Told, made: list[Any]) -> None:
    def keep(one: Lot) -> Any:
        if one.number <= 2:
            raise BadInputError("this visit is signed")
        return one.number

    keeper = Keeper(keep, told)
    made.append(keeper)
    for number in (1, 2, 3, 4):
        keeper.put(lot(number))
    told.wait_for(LotState.KEPT, 2)
    assert [one.number for one in keeper.waiting] == [1, 2]
    assert {news.lot.number for news in told.news if news.state is LotState.WAITING} == {1, 2}


def test_a_library_that_takes_nothing_is_asked_twice_a_round_however_many_wait(told: Told, made: list[Any]) -> None:
    asked: list[int] = []
    go = threading.Event()

    def keep(one: Lot) -> Any:
        asked.append(one.number)
        if len(asked) == 1:
            assert go.wait(WAIT_S)  # until all of them wait
        if len(asked) < 10:
            raise StorageError("the library is busy")

    keeper = Keeper(keep, told)
    made.append(keeper)
    for number in range(1, 5):
        keeper.put(lot(number))
    go.set()
    told.wait_for(LotState.KEPT, 4)
    assert asked[1:9] in ([1, 2, 3, 4] * 2, [2, 3, 4, 1] * 2)  # by what waited at the first time
    assert keeper.waiting == ()


@pytest.mark.expects_logged_error
def test_an_error_that_nobody_foresaw_keeps_the_picture_in_memory(told: Told, made: list[Any]) -> None:
    broken = threading.Event()
    broken.set()

    def keep(_lot: Lot) -> Any:
        if broken.is_set():
            raise RuntimeError("not foreseen")

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot())
    assert told.wait_for(LotState.WAITING).problem == keeping.UNEXPECTED
    assert len(keeper.waiting) == 1
    broken.clear()
    told.wait_for(LotState.KEPT)


def test_what_waits_is_tried_at_once_where_that_is_asked_for(
    told: Told, made: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES_S", (3600.0,))
    full = threading.Event()
    full.set()

    def keep(_lot: Lot) -> Any:
        if full.is_set():
            raise StorageError("the disk is full")

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot())
    told.wait_for(LotState.WAITING)
    full.clear()
    assert keeper.settle(WAIT_S)


def test_who_asks_for_it_waits_only_until_it_is_refused_once_more(
    told: Told, made: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES_S", (3600.0,))
    tries: list[int] = []

    def keep(one: Lot) -> Any:
        tries.append(one.number)
        raise StorageError("the disk is full")

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot())
    told.wait_for(LotState.WAITING)
    answered = threading.Event()

    def asks() -> None:
        assert not keeper.settle(3600.0)
        answered.set()

    threading.Thread(target=asks, daemon=True).start()
    assert answered.wait(WAIT_S)
    assert len(tries) >= 2


def test_who_asks_while_it_is_being_refused_hears_what_became_of_the_next_try(
    told: Told, made: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES_S", (3600.0,))
    tries, first, asked = threading.Semaphore(0), threading.Event(), threading.Event()

    def keep(_lot: Lot) -> Any:
        tries.release()
        if not first.is_set():
            first.set()
            assert asked.wait(WAIT_S)
            raise StorageError("the disk was full when this began")

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot())
    assert tries.acquire(timeout=WAIT_S)

    def lets_go() -> None:
        while not keeper._hurry:  # until it is asked for
            time.sleep(0.001)
        asked.set()

    threading.Thread(target=lets_go, daemon=True).start()
    assert keeper.settle(WAIT_S)


def test_what_could_not_be_kept_comes_back_at_the_end(told: Told) -> None:
    def keep(_lot: Lot) -> Any:
        raise StorageError("the disk is full")

    keeper = Keeper(keep, told)
    keeper.put(lot(7, 2))
    told.wait_for(LotState.WAITING)
    assert [one.number for one in keeper.stop()] == [7]


def test_what_a_person_gave_up_waits_no_more(told: Told, made: list[Any]) -> None:
    def keep(_lot: Lot) -> Any:
        raise StorageError("the disk is full")

    keeper = Keeper(keep, told)
    made.append(keeper)
    keeper.put(lot())
    told.wait_for(LotState.WAITING)
    keeper.drop()
    told.wait_for(LotState.DROPPED)
    assert keeper.waiting == ()


@pytest.mark.expects_logged_error
def test_pairs_are_judged_one_after_the_other_and_one_that_cannot_be_is_said(made: list[Any]) -> None:
    said: list[tuple[int, object, str]] = []
    there = threading.Condition()

    def tell(one: Lot, verdict: object, problem: str) -> None:
        with there:
            said.append((one.number, verdict, problem))
            there.notify_all()

    def judge(one: Lot) -> Any:
        if one.number == 2:
            raise RuntimeError("not foreseen")
        if one.number == 3:
            raise StorageError("no finder")
        return "keep"

    judging = Judging(judge, tell)
    made.append(judging)
    for number in (1, 2, 3):
        judging.put(lot(number, 2))
    with there:
        assert there.wait_for(lambda: len(said) == 3, WAIT_S)
    assert [number for number, *_ in said] == [1, 2, 3]
    assert said[0][1] == "keep"
    assert said[1][1] is None
    assert "log" in said[1][2]
    assert said[2][2] == "No finder."
