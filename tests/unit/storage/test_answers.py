from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pfm_desktop.storage import answers, journal, records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

MODEL = "m" * 64

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Shelf


def keep(lib: Library, shelf: Shelf, *, grade: str = "high", model: str = MODEL) -> None:
    answers.put_answer(
        lib,
        shelf.pair,
        model_name="pfm-demo",
        model_sha256=model,
        body={"grade": grade, "probabilities": [0.1, 0.2, 0.6, 0.1]},
        blobs={"fused": b"heat", "white": b"map"},
    )


def test_an_answer_comes_back_whole(lib: Library, shelf: Shelf) -> None:
    keep(lib, shelf)
    found = answers.answer(lib, shelf.pair, MODEL)
    assert found is not None
    assert (found.model_name, found.model_sha256) == ("pfm-demo", MODEL)
    assert found.body == {"grade": "high", "probabilities": [0.1, 0.2, 0.6, 0.1]}
    assert found.blobs == {"fused": b"heat", "white": b"map"}


def test_each_model_has_its_own_latest_answer(lib: Library, shelf: Shelf) -> None:
    keep(lib, shelf, grade="low")
    keep(lib, shelf, grade="high")
    keep(lib, shelf, grade="normal", model="n" * 64)
    first, second = (answers.answer(lib, shelf.pair, model) for model in (MODEL, "n" * 64))
    assert first is not None
    assert second is not None
    assert (first.body["grade"], second.body["grade"]) == ("high", "normal")
    assert answers.answer(lib, shelf.pair, "0" * 64) is None


def test_the_journal_says_that_the_model_ran(lib: Library, shelf: Shelf) -> None:
    keep(lib, shelf)
    with lib.read() as session:
        (entry,) = journal.entries(session, what="prediction")
    assert entry.key == shelf.pair
    assert entry.new == {"model": "pfm-demo", "model_sha256": MODEL}


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_an_answer_whose_bytes_were_lost_is_made_again_instead_of_shown(
    lib: Library, shelf: Shelf, damage: str
) -> None:
    keep(lib, shelf)
    path = next(iter(lib.derived.files()))
    if damage == "altered":
        path.write_bytes(b"other")
    else:
        path.unlink()
    assert answers.answer(lib, shelf.pair, MODEL) is None
    keep(lib, shelf)
    assert answers.answer(lib, shelf.pair, MODEL) is not None


def test_a_registration_comes_back_and_the_newer_one_replaces_it(lib: Library, shelf: Shelf) -> None:
    assert answers.registration(lib, shelf.pair) is None
    answers.put_registration(lib, shelf.pair, summary={"status": "check"}, data=b"coarse")
    answers.put_registration(lib, shelf.pair, summary={"status": "ok"}, data=b"by hand", by_hand=True)
    found = answers.registration(lib, shelf.pair)
    assert found is not None
    assert (found.summary, found.data, found.by_hand) == ({"status": "ok"}, b"by hand", True)
    path = next(path for path in lib.derived.files() if path.read_bytes() == b"by hand")
    path.write_bytes(b"altered")
    assert answers.registration(lib, shelf.pair) is None


def test_an_answer_about_no_pair_is_refused(lib: Library, shelf: Shelf) -> None:
    with pytest.raises(StorageError):
        answers.put_answer(lib, "0" * 32, model_name="m", model_sha256=MODEL, body={})


def test_taking_a_pair_back_takes_its_answers_along(lib: Library, shelf: Shelf) -> None:
    from pfm_desktop.domain.change import Change

    keep(lib, shelf)
    answers.put_registration(lib, shelf.pair, summary={}, data=b"x")
    with lib.read() as session:
        old = records.snapshot(session, "pair", shelf.pair)
    made = Change("pair", shelf.pair, None, old, "Pair made")
    lib.apply(made.reversed())
    lib.apply(made)
    assert answers.answer(lib, shelf.pair, MODEL) is None
    assert answers.registration(lib, shelf.pair) is None


def test_a_read_only_library_refuses_to_keep_answers(lib: Library, shelf: Shelf) -> None:
    with Library.open(lib.path) as second, pytest.raises(StorageError, match="for reading only"):
        keep(second, shelf)
