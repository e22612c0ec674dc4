"""What was taken at once is on record as a whole, or nothing of it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

import pytest

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import at_work, cases, pairing, removal, review
from pfm_desktop.services.capture import records
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

from .conftest import NOON, lit, taken


def test_a_pair_is_on_disk_with_how_it_was_taken_when_it_is_acknowledged(lib: Library, visit: str) -> None:
    shots = [taken(1, automatic=("white_balance",)), lit()]
    kept = records.keep_shots(lib, visit, shots, pair=True)
    lib.close()
    with Library.open(lib.path) as again:
        case = cases.visit_case(again, visit)
        assert case.pictures == kept.pictures
        assert case.pairs == (kept.pair,)
        assert pairing.default_pair(case) == kept.pair
        assert kept.pair is not None
        assert kept.pair.picture_id(Source.WHITE) == kept.pictures[0].id
        found = records.acquisitions(again, visit)
        assert [found[picture.id] for picture in kept.pictures] == [shot.acquisition for shot in shots]
        for picture, shot in zip(kept.pictures, shots, strict=True):
            assert cases.picture_bytes(again, picture.id) == shot.data
            assert (picture.device, picture.time_known, picture.taken_at) == ("UVC 1 (A17)", True, shot.taken_at)
            assert (picture.seconds_since_acid, picture.mm_per_px) == (shot.seconds_since_acid, 0.05)


def test_all_of_a_pair_is_one_step_of_the_trail(lib: Library, visit: str) -> None:
    records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    with lib.read() as session:
        lines = journal.entries(session)[-5:]
    assert [line.what for line in lines] == ["picture", "picture", "acquisition", "acquisition", "pair"]
    assert len({line.at for line in lines}) == 1


def test_undo_takes_the_pair_back_and_redo_brings_all_of_it(lib: Library, visit: str) -> None:
    kept = records.keep_shots(lib, visit, [lit(), taken(1)], pair=True)
    before = cases.visit_case(lib, visit), records.acquisitions(lib, visit)
    back = review.undo_all(lib, kept.changes)
    assert (cases.visit_case(lib, visit).pictures, records.acquisitions(lib, visit)) == ((), {})
    review.undo_all(lib, back)
    assert (cases.visit_case(lib, visit), records.acquisitions(lib, visit)) == before


def test_the_same_shot_twice_is_one_picture_and_one_pair(lib: Library, visit: str) -> None:
    first = records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    again = records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    assert (again.pictures, again.pair, again.changes) == (first.pictures, first.pair, ())
    other = records.keep_shots(lib, visit, [taken(1, Stage.SALINE)], pair=False)
    assert len(cases.visit_case(lib, visit).pictures) == 3
    assert other.pair is None
    twice = records.keep_shots(lib, visit, [taken(9), taken(9)], pair=False)
    assert twice.pictures[0] == twice.pictures[1]
    assert len(cases.visit_case(lib, visit).pictures) == 4


def test_a_shot_that_is_on_record_and_lost_in_the_store_is_put_back(lib: Library, visit: str) -> None:
    kept = records.keep_shots(lib, visit, [taken(1)], pair=False)
    path = lib.pictures.find(kept.pictures[0].sha256)
    assert path is not None
    path.unlink()
    records.keep_shots(lib, visit, [taken(1)], pair=False)
    assert lib.pictures.is_whole(kept.pictures[0].sha256)


@pytest.mark.parametrize("second", [Stage.GREEN, Stage.LUGOL])
def test_green_light_and_iodine_lie_second_beside_plain_white_light(lib: Library, visit: str, second: Stage) -> None:
    kept = records.keep_shots(lib, visit, [taken(1, second), taken(2)], pair=True)
    assert kept.pair is not None
    assert (kept.pair.white_id, kept.pair.fluorescence_id) == (kept.pictures[1].id, kept.pictures[0].id)


@pytest.mark.parametrize(
    "shots",
    [
        [taken(1)],
        [taken(1), taken(2)],
        [lit(), lit(9)],
        [taken(1, Stage.GREEN), taken(2, Stage.LUGOL)],
        [taken(1), lit(), taken(2)],
        [taken(1), taken(1)],
    ],
)
def test_what_is_no_pair_leaves_nothing(lib: Library, visit: str, shots: list[records.Shot]) -> None:
    with pytest.raises(BadInputError, match="are no pair"):
        records.keep_shots(lib, visit, shots, pair=True)
    assert cases.visit_case(lib, visit).pictures == ()
    assert list(lib.pictures.files()) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"data": b""},
        {"data": b"\x89PNG\r\n\x1a\n"},
        {"data": taken(1).data[:24]},
        {"data": b"\xff\xd8\xff" + bytes(40)},
        {"width": 25},
        {"height": 0},
    ],
)
def test_what_is_no_picture_of_that_size_is_refused(lib: Library, visit: str, broken: dict[str, object]) -> None:
    with pytest.raises(BadInputError, match="no whole picture"):
        records.keep_shots(lib, visit, [lit(), replace(taken(1), **broken)], pair=True)  # type: ignore[arg-type]
    assert cases.visit_case(lib, visit).pictures == ()


def test_a_moment_without_zone_and_a_visit_that_is_gone_are_refused(lib: Library, visit: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        records.keep_shots(lib, visit, [replace(taken(1), taken_at=datetime(2026, 3, 14))], pair=False)
    with pytest.raises(StorageError, match="not in the library"):
        records.keep_shots(lib, "0" * 32, [taken(1)], pair=False)


def test_a_library_that_takes_nothing_says_so_and_keeps_no_bytes(lib: Library, visit: str) -> None:
    lib.read_only_reason = "in use by somebody"
    with pytest.raises(StorageError, match="reading only"):
        records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    lib.read_only_reason = ""
    assert list(lib.pictures.files()) == []


def test_a_pair_that_is_refused_at_its_end_leaves_no_picture(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = journal.apply

    def refused(session: object, change: Change, **how: object) -> None:
        if change.what == "pair":
            raise StorageError("the disk is full")
        apply(session, change, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "apply", refused)
    with pytest.raises(StorageError, match="disk is full"):
        records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    monkeypatch.undo()
    assert (cases.visit_case(lib, visit).pictures, records.acquisitions(lib, visit)) == ((), {})
    records.keep_shots(lib, visit, [taken(1), lit()], pair=True)  # nothing is in its way


def test_numbers_that_a_camera_does_not_know_are_not_known(lib: Library, visit: str) -> None:
    odd = replace(taken(1, exposure_ms=math.nan, gain=-math.inf), seconds_since_acid=math.nan, mm_per_px=math.inf)
    kept = records.keep_shots(lib, visit, [odd], pair=False)
    (picture,) = cases.visit_case(lib, visit).pictures
    assert (picture.seconds_since_acid, picture.mm_per_px) == (None, None)
    how = records.acquisitions(lib, visit)[kept.pictures[0].id]
    assert (how.exposure_ms, how.gain, how.filter) == (None, None, "LP 430")


def test_nothing_known_of_the_camera_is_on_record_as_that(lib: Library, visit: str) -> None:
    kept = records.keep_shots(lib, visit, [replace(taken(1), acquisition=Acquisition())], pair=False)
    assert records.acquisitions(lib, visit) == {kept.pictures[0].id: Acquisition()}


def test_a_picture_that_is_removed_takes_along_how_it_was_taken_and_brings_it_back(lib: Library, visit: str) -> None:
    kept = records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    before = records.acquisitions(lib, visit)
    gone = removal.remove_pictures(lib, [kept.pictures[0].id])
    assert set(records.acquisitions(lib, visit)) == {kept.pictures[1].id}
    with lib.read() as session:
        assert [line.what for line in journal.entries(session)[-3:]] == ["acquisition", "pair", "picture"]
    review.undo_all(lib, gone)
    assert records.acquisitions(lib, visit) == before
    assert cases.visit_case(lib, visit).pairs == (kept.pair,)
    assert kept.pictures[0].taken_at > NOON


def test_after_a_crash_what_was_taken_and_removed_is_undone_step_by_step(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    kept = records.keep_shots(lib, visit, [taken(1), lit()], pair=True)
    gone = removal.remove_pictures(lib, [kept.pictures[0].id])
    lib.close()
    with Library.open(lib.path) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [(step.visit_id, step.changes) for step in left.done] == [(visit, kept.changes), (visit, gone)]
        review.undo_all(again, gone)
        review.undo_all(again, kept.changes)
        assert cases.visit_case(again, visit).pictures == ()
        later = at_work.begin(again)
        assert later is not None
        assert [step.visit_id for step in later.undone] == [visit, visit]


def test_a_light_that_is_none_is_not_known(lib: Library, visit: str) -> None:
    kept = records.keep_shots(lib, visit, [taken(1)], pair=False)
    lib.apply(Change("acquisition", kept.pictures[0].id, {"light": "white"}, {"light": "moon"}, "altered"))
    assert records.acquisitions(lib, visit)[kept.pictures[0].id].light is None
