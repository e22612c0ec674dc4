"""Pairs stand ready before they are needed, and never more of them than there is memory for."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.case import Pair
from pfm_desktop.gui.pages.annotate import shelf as module
from pfm_desktop.gui.pages.annotate.shelf import Shelf, load_prepared, register_prepared
from pfm_desktop.gui.widgets.stage_prepared import PreparedPair, prepared, with_registration
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

CTX = SilentContext()
SIZE = 20 * 20 * 7  # bytes of the pictures below: three as they are, four a pixel of the level


class Loader:
    """Makes pairs; `hold` keeps it from ending."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.hold = threading.Event()
        self.hold.set()
        self.broken: set[str] = set()
        self.pending = False

    def __call__(self, ctx, _library, pair_id: str) -> PreparedPair:
        assert self.hold.wait(20)
        ctx.check()
        self.made.append(pair_id)
        if pair_id in self.broken:
            raise StorageError("the picture is lost")
        pair = prepared(ctx, np.zeros((20, 20, 3), np.uint8), None, None)
        return replace(pair, pending=self.pending)


class Registrar:
    """Makes pairs whole; `hold` keeps it from ending."""

    def __init__(self) -> None:
        self.hold = threading.Event()
        self.hold.set()
        self.broken = False
        self.asked = 0

    def __call__(self, ctx, _library, pair: PreparedPair) -> PreparedPair:
        self.asked += 1
        assert self.hold.wait(20)
        ctx.check()
        if self.broken:
            raise StorageError("no map")
        return with_registration(ctx, pair, None)


@pytest.fixture
def registrar() -> Registrar:
    return Registrar()


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def shelf(qtbot: QtBot, loader: Loader, registrar: Registrar):
    home = QObject()
    yield Shelf(None, home, load=loader, register=registrar)  # type: ignore[arg-type]  # handed on only
    loader.hold.set()
    registrar.hold.set()


def settle(qtbot: QtBot, shelf: Shelf) -> None:
    qtbot.waitUntil(lambda: not shelf.busy, timeout=10_000)


def test_what_is_wanted_is_made_in_this_order(qtbot: QtBot, shelf: Shelf, loader: Loader) -> None:
    shelf.want(["a", "b", "c"])
    assert shelf.get("a") is None
    settle(qtbot, shelf)
    assert loader.made == ["a", "b", "c"]
    assert all(isinstance(shelf.get(one), PreparedPair) for one in "abc")
    assert shelf.nbytes == 3 * SIZE


def test_what_is_at_hand_is_not_made_again_and_the_rest_is_let_go(qtbot: QtBot, shelf: Shelf, loader: Loader) -> None:
    shelf.want(["a", "b"])
    settle(qtbot, shelf)
    shelf.want(["b", "c", "a"])
    settle(qtbot, shelf)
    shelf.want(["c"])
    assert loader.made == ["a", "b", "c"]
    assert shelf.get("a") is None
    assert shelf.get("c") is not None


def test_what_is_needed_now_comes_before_what_is_being_made(qtbot: QtBot, shelf: Shelf, loader: Loader) -> None:
    loader.hold.clear()
    shelf.want(["a", "b"])
    shelf.want(["z", "a", "b"])
    loader.hold.set()
    with qtbot.waitSignal(shelf.ready) as first:
        pass
    assert first.args == ["z"]
    settle(qtbot, shelf)
    assert sorted(set(loader.made)) == ["a", "b", "z"]


def test_a_pair_that_cannot_be_shown_holds_nobody_up(qtbot: QtBot, shelf: Shelf, loader: Loader) -> None:
    loader.broken = {"a"}
    shelf.want(["a", "b"])
    settle(qtbot, shelf)
    assert "picture is lost" in str(shelf.get("a"))
    assert isinstance(shelf.get("b"), PreparedPair)
    loader.broken = set()
    shelf.again("a")
    settle(qtbot, shelf)
    assert isinstance(shelf.get("a"), PreparedPair)


def test_memory_has_a_limit_but_the_next_pair_is_always_made(
    qtbot: QtBot, shelf: Shelf, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 3 * SIZE)
    shelf.want(list("abcdef"))
    settle(qtbot, shelf)
    assert loader.made == ["a", "b", "c"]
    shelf.want(list("bcdefa"))
    settle(qtbot, shelf)
    assert shelf.nbytes <= 3 * SIZE
    monkeypatch.setattr(module, "MOST_BYTES", 1)
    shelf.want(list("xy"))
    settle(qtbot, shelf)
    assert shelf.get("x") is not None
    assert shelf.get("y") is not None


def test_when_the_pair_in_front_is_made_late_others_make_room(
    qtbot: QtBot, shelf: Shelf, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 2 * SIZE)
    shelf.want(["a", "b"])
    settle(qtbot, shelf)
    shelf.want(["z", "y", "a", "b"])
    settle(qtbot, shelf)
    assert isinstance(shelf.get("z"), PreparedPair)
    assert shelf.nbytes <= 2 * SIZE


def test_an_emptied_shelf_holds_nothing(qtbot: QtBot, shelf: Shelf, loader: Loader) -> None:
    shelf.want(["a"])
    settle(qtbot, shelf)
    loader.hold.clear()
    shelf.want(["a", "b"])
    shelf.empty()
    loader.hold.set()
    assert (shelf.nbytes, shelf.busy) == (0, False)
    assert shelf.get("a") is None


def test_pairs_are_at_hand_before_they_are_registered(
    qtbot: QtBot, shelf: Shelf, loader: Loader, registrar: Registrar
) -> None:
    loader.pending = True
    registrar.hold.clear()
    shelf.want(["a", "b", "c"])
    qtbot.waitUntil(lambda: loader.made == ["a", "b", "c"], timeout=10_000)
    qtbot.waitUntil(lambda: isinstance(shelf.get("c"), PreparedPair), timeout=10_000)
    assert shelf.get("a").pending  # type: ignore[union-attr]
    registrar.hold.set()
    settle(qtbot, shelf)
    assert not any(shelf.get(one).pending for one in "abc")  # type: ignore[union-attr]
    assert registrar.asked == 3


def test_a_pair_that_cannot_be_registered_is_read_side_by_side(
    qtbot: QtBot, shelf: Shelf, loader: Loader, registrar: Registrar
) -> None:
    loader.pending, registrar.broken = True, True
    shelf.want(["a"])
    settle(qtbot, shelf)
    pair = shelf.get("a")
    assert isinstance(pair, PreparedPair)
    assert not pair.pending


def test_a_registration_that_comes_too_late_brings_nothing_back(
    qtbot: QtBot, shelf: Shelf, loader: Loader, registrar: Registrar
) -> None:
    loader.pending = True
    registrar.hold.clear()
    shelf.want(["a"])
    qtbot.waitUntil(lambda: registrar.asked == 1, timeout=10_000)
    shelf.want(["b"])
    registrar.hold.set()
    settle(qtbot, shelf)
    assert shelf.get("a") is None
    assert isinstance(shelf.get("b"), PreparedPair)


# from a library


@pytest.fixture
def lib(library_folder: Path):
    with Library.open(library_folder) as opened:
        yield opened


def pair_of(lib: Library, name: str) -> Pair:
    (row,) = cases.today(lib, search=name)
    return cases.visit_case(lib, row.visit.id).pairs[0]


def test_a_pair_is_read_first_and_registered_then(lib: Library) -> None:
    pair = load_prepared(CTX, lib, pair_of(lib, "Adler").id)
    assert pair.pending
    assert pair.white is not None
    whole = register_prepared(CTX, lib, pair)
    assert not whole.pending
    assert whole.registration is not None
    assert whole.white_levels is pair.white_levels, "not made again"


def test_a_lone_picture_is_whole_at_once(lib: Library) -> None:
    pair = load_prepared(CTX, lib, pair_of(lib, "Brandt").id)
    assert not pair.pending
    assert pair.fluorescence is None


def test_a_damaged_picture_is_said_without_the_name_of_its_file(lib: Library) -> None:
    white = pair_of(lib, "Brandt").white_id
    picture = next(one for one in cases.visit_case(lib, cases.today(lib, search="Brandt")[0].visit.id).pictures)
    assert white == picture.id
    for file in (lib.path / "pictures").rglob(f"{picture.sha256}*"):
        file.chmod(0o600)
        file.write_bytes(b"damaged")
    with pytest.raises(StorageError) as told:
        load_prepared(CTX, lib, pair_of(lib, "Brandt").id)
    assert told.value.what == module.NOT_SHOWN
    assert picture.original_name not in str(told.value)
