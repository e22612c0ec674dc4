from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN, plan_to_json
from pfm_desktop.storage import journal, labelling, records, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import FirstReadError, ReadsDifferError, SignedError
from pfm_desktop.support.errors import StorageError

from .conftest import Shelf

MOMENT = "2026-03-14T08:30:00+00:00"


def impression(shelf: Shelf, old: str | None, new: str | None) -> Change:
    return Change("findings", shelf.visit, {"impression": old}, {"impression": new}, f"Impression: {new}")


def pin(shelf: Shelf, letter: str = "A") -> Change:
    fields = {"pair_id": shelf.pair, "frame": "white", "x": 10.25, "y": 20.5, "letter": letter, "note": ""}
    return Change("pin", f"{letter}{'0' * 31}", None, fields, f"Pin {letter} placed")


def lines(lib: Library, **options: object) -> tuple[journal.JournalEntry, ...]:
    with lib.read() as session:
        return journal.entries(session, **options)


def test_a_change_and_its_journal_line_arrive_together(lib: Library, shelf: Shelf) -> None:
    lib.who = "Dr. Demo"
    before = len(lines(lib))
    change = lib.apply(impression(shelf, None, "high"))
    (entry,) = lines(lib)[before:]
    assert entry.change == change
    assert entry.who == "Dr. Demo"
    assert entry.at.tzinfo is UTC
    assert (datetime.now(UTC) - entry.at).total_seconds() < 60


def test_a_refused_change_leaves_no_journal_line(lib: Library, shelf: Shelf) -> None:
    before = lines(lib)
    with pytest.raises(StorageError, match="changed meanwhile"):
        lib.apply(impression(shelf, "low", "high"))
    assert lines(lib) == before


def test_one_bad_change_among_several_takes_all_of_them_back(lib: Library, shelf: Shelf) -> None:
    before = lines(lib)
    with pytest.raises(StorageError, match="changed meanwhile"):
        lib.apply_all([pin(shelf), impression(shelf, "cancer", "normal")])
    assert lines(lib) == before
    with lib.read() as session:
        assert repositories.pins_of(session, shelf.visit) == ()


TASK = {
    "name": "March",
    "search": "",
    "ordering": "random",
    "seed": 3,
    "repeats": 0.05,
    "readers": 2,
    "ai_first": False,
    "made_by": "A",
    "made_at": MOMENT,
    "closed": False,
}


RUN = {
    "made_at": MOMENT,
    "made_by": "A",
    "parent_name": "pfm-demo",
    "parent_sha256": "0" * 64,
    "model_name": "ours",
    "model_sha256": "1" * 64,
    "settings": {"seed": 0},
    "counts": {"cases": {"train": 9}},
    "figures": {},
    "state": "learned",
}
DARK, MAP = b"a dark frame", b"a map"
LIVE: dict[str, dict[str, Any]] = {  # what an examination leaves, each with a value in every field
    "acquisition": {
        "camera": "UVC 1 (A17)",
        "light": "fluorescence",
        "exposure_ms": 1 / 3,
        "gain": 2.5,
        "white_balance_k": 5200.0,
        "automatic": ["exposure"],
        "excitation_nm": 405.0,
        "filter": "LP 430",
        "polariser": "crossed",
        "gap_s": -0.25,
        "dark_sha256": hashlib.sha256(DARK).hexdigest(),
        "clip_id": "c" * 32,
        "frame": 17,
    },
    "examination": {
        "started_at": MOMENT,
        "acid_at": MOMENT,
        "plan": plan_to_json(DEFAULT_PLAN),
        "skipped": ["green"],
        "iodine_override": "tested since",
    },
    "allergies": {"iodine_allergy": True},
    "site_choice": {"value": plan_to_json(DEFAULT_PLAN)},
    "clip": {
        "visit_id": Shelf.visit,
        "kind": "whitening",
        "started_at": MOMENT,
        "seconds_since_acid": 1.5,
        "camera": "UVC 1",
        "width": 640,
        "height": 480,
        "frames": 30,
        "seconds": 15.25,
        "complete": True,
        "content_sha256": "5" * 64,
    },
    "whitening": {
        "visit_id": Shelf.visit,
        "clip_id": "c" * 32,
        "region": [[1.0, 2.0], [3.0, 2.0], [3.0, 4.5]],
        "normal": [[7.0, 2.0], [9.0, 2.0], [9.0, 4.5]],
        "body": {"seconds": [0.0, 1.0], "change": [0.0, 1 / 3], "peak": 1 / 3},
        "map_sha256": hashlib.sha256(MAP).hexdigest(),
        "made_at": MOMENT,
        "made_by": "A",
    },
    "referral": {"answers": {"hpv": "positive", "hpv_types": ["16"], "parity": 0}},
    "assessment": {"answers": {"scj": "completely", "tz_type": "1"}},
    "lesion": {
        "visit_id": Shelf.visit,
        "number": 2,
        "answers": {"grade_1": ["fine_mosaic"]},
        "swede": {"vessels": 1, "iodine": None},
        "reid": {"colour": 2},
        "scored": {"by": "Dr. A", "at": MOMENT, "after_reveal": False},
    },
    "specimen": {"visit_id": Shelf.visit, "kind": "endocervical", "pot": "1", "answers": {"instrument": "curette"}},
    "result": {
        "visit_id": Shelf.visit,
        "answers": {"diagnosis": "cin2", "reported_on": "2026-03-20"},
        "entered_by": "A",
        "entered_on": "2026-03-21",
    },
    "follow_up": {"answers": {"mdt": "listed", "next_step": "LLETZ"}},
}
LIVE_KEYS = {
    "acquisition": Shelf.white,
    "examination": Shelf.visit,
    "allergies": Shelf.patient,
    "site_choice": "examination_plan",
    "clip": "c" * 32,
    "whitening": "1" * 32,
    "referral": Shelf.visit,
    "assessment": Shelf.visit,
    "lesion": "2" * 32,
    "specimen": "6" * 32,
    "result": "6" * 32,
    "follow_up": Shelf.visit,
}
NEVER_REMOVED = {"account", "learning_part", "amendment"}  # see test_accounts, test_learning, test_amending


@pytest.mark.parametrize("what", sorted(set(records.KINDS) - NEVER_REMOVED))
def test_every_kind_of_record_is_made_taken_back_and_made_again(lib: Library, shelf: Shelf, what: str) -> None:
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        **{name: (LIVE_KEYS[name], dict(fields)) for name, fields in LIVE.items()},
        "patient": ("b" * 32, {"identifier": "K-2", "family_name": "B", "given_name": "", "birth_date": "1990-01-02"}),
        "visit": (
            "d" * 32,
            {"patient_id": shelf.patient, "started_at": MOMENT, "indication": "x", "examiner": "", "note": ""},
        ),
        "picture": (
            "9" * 32,
            {
                "visit_id": shelf.visit,
                "sha256": "0" * 64,
                "stage": "lugol",
                "taken_at": MOMENT,
                "width": 4,
                "height": 3,
                "seconds_since_acid": None,
                "mm_per_px": 0.03125,
                "device": "D",
                "original_name": "bild 1.png",
            },
        ),
        "pair": (
            "8" * 32,
            {"visit_id": shelf.visit, "white_id": shelf.white, "fluorescence_id": None, "made_at": MOMENT},
        ),
        "pin": ("7" * 32, {"pair_id": shelf.pair, "frame": "white", "x": 0.1, "y": 1e-9, "letter": "B1", "note": "n"}),
        "os_mark": (f"{shelf.pair}/fluorescence", {"x": 1 / 3, "y": 2.0}),
        "registration": (
            shelf.pair,
            {"sha256": "0" * 64, "by_hand": True, "made_at": MOMENT, "summary": {"error_px": None, "overlap": 1 / 3}},
        ),
        "annotation": (
            "6" * 32,
            {
                "visit_id": shelf.visit,
                "picture_id": shelf.white,
                "kind": "contour",
                "author": "A",
                "made_at": MOMENT,
                "body": {"points": [[0.5, 1.0], [2.0, 3.5]]},
            },
        ),
        "histology": (
            shelf.visit,
            {"grade": "high", "reported_on": "2026-03-20", "text": "CIN 2", "entered_by": "A"},
        ),
        "task": ("5" * 32, TASK),
        "learning_run": ("2" * 32, RUN),
        "read": (
            "3" * 32,
            {
                "task_id": "4" * 32,
                "pair_id": shelf.pair,
                "reader": lib.who,
                "turn": 1,
                "adjudicates": False,
                "grade": None,
                "reason": "blurred",
                "note": "n",
                "quality": "limited",
                "regions": [{"frame": "white", "outline": [[0.5, 1.0], [2.0, 3.5], [1.0, 1.0]]}],
                "seconds": 1 / 3,
                "ai_seen": False,
                "made_at": MOMENT,
            },
        ),
    }
    if what == "read":
        lib.apply(Change("task", "4" * 32, None, TASK, "made"))
        with lib.write() as session:
            labelling.add_pairs(session, "4" * 32, [shelf.pair])
    if what == "findings":  # there from the start, with defaults
        change = impression(shelf, None, "low")
    else:
        key, fields = changes[what]
        change = Change(what, key, None, fields, "made")
    with lib.read() as session:
        empty = records.snapshot(session, what, change.key)
    for _ in range(2):
        lib.apply(change)
        with lib.read() as session:
            made = records.snapshot(session, what, change.key)
            assert made is not None
            assert {name: made[name] for name in change.new or {}} == change.new
        lib.apply(change.reversed())
        with lib.read() as session:
            assert records.snapshot(session, what, change.key) == empty


def test_a_record_that_is_there_is_not_made_twice(lib: Library, shelf: Shelf) -> None:
    lib.apply(pin(shelf))
    with pytest.raises(StorageError, match="changed meanwhile"):
        lib.apply(pin(shelf))


def test_a_pin_moved_by_somebody_else_is_not_removed_unseen(lib: Library, shelf: Shelf) -> None:
    placed = lib.apply(pin(shelf))
    lib.apply(Change("pin", placed.key, {"x": 10.25}, {"x": 11.0}, "Pin A moved"))
    with pytest.raises(StorageError, match="changed meanwhile"):
        lib.apply(placed.reversed())


def test_what_others_refer_to_cannot_be_removed(lib: Library, shelf: Shelf) -> None:
    with lib.read() as session:
        old = records.snapshot(session, "picture", shelf.white)
    with pytest.raises(StorageError, match="belongs to a pair"):
        lib.apply(Change("picture", shelf.white, old, None, "Picture removed"))
    with lib.read() as session:
        assert repositories.picture(session, shelf.white) is not None


def test_a_pin_on_a_pair_that_is_not_there_is_refused(lib: Library, shelf: Shelf) -> None:
    lost = Change("pin", "1" * 32, None, {**(pin(shelf).new or {}), "pair_id": "0" * 32}, "Pin A placed")
    with pytest.raises(StorageError, match="without what they refer to"):
        lib.apply(lost)


def test_a_pair_of_nothing_is_refused_by_the_database_itself(lib: Library, shelf: Shelf) -> None:
    fields = {"visit_id": shelf.visit, "white_id": None, "fluorescence_id": None, "made_at": MOMENT}
    with pytest.raises(StorageError):
        lib.apply(Change("pair", "1" * 32, None, fields, "Pair made"))


def test_an_edit_must_name_fields_that_exist_on_both_sides(lib: Library, shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="has no colour"):
        lib.apply(Change("findings", shelf.visit, {"colour": None}, {"colour": "red"}, "x"))
    with pytest.raises(ValueError, match="different fields"):
        lib.apply(Change("findings", shelf.visit, {"text": ""}, {"plan": "x"}, "x"))
    with pytest.raises(ValueError, match="an old or a new side"):
        lib.apply(Change("findings", shelf.visit, None, None, "x"))
    with pytest.raises(ValueError, match="no kind of record"):
        lib.apply(Change("journal", "1", None, {"text": "forged"}, "x"))
    with pytest.raises(ValueError, match="no key"):
        lib.apply(Change("os_mark", shelf.pair, None, {"x": 1.0, "y": 1.0}, "x"))


def test_undo_after_a_crash_is_the_journal_read_backwards(lib: Library, shelf: Shelf) -> None:
    lib.apply(pin(shelf))
    lib.apply(impression(shelf, None, "high"))
    lib.apply(impression(shelf, "high", "low"))
    path, started = lib.path, len(lines(lib)) - 3
    lib.close()
    with Library.open(path) as again:
        for entry in reversed(lines(again)[started:]):
            again.apply(entry.change.reversed())
        with again.read() as session:
            assert repositories.pins_of(session, shelf.visit) == ()
            assert repositories.findings_of(session, shelf.visit).impression is None


SIGNATURE = {"name": "Dr. Demo", "signed_at": MOMENT, "meaning": "reviewed"}


@pytest.fixture
def signed(lib: Library, shelf: Shelf) -> Shelf:
    lib.apply(pin(shelf))
    lib.apply(impression(shelf, None, "high"))
    lib.apply(Change("findings", shelf.visit, {"signature": None}, {"signature": SIGNATURE}, "Signed"))
    return shelf


def test_what_is_signed_stays_whatever_way_an_edit_comes(lib: Library, signed: Shelf) -> None:
    placed = pin(signed)
    edits = [
        impression(signed, "high", "low"),
        placed.reversed(),
        Change("pin", placed.key, {"x": 10.25}, {"x": 0.0}, "Pin moved"),
        Change("os_mark", f"{signed.pair}/white", None, {"x": 1.0, "y": 1.0}, "Os marked"),
        Change("visit", signed.visit, {"note": ""}, {"note": "later"}, "Note"),
        Change("findings", signed.visit, {"signature": SIGNATURE}, {"signature": None}, "Undo: Signed"),
    ]
    before = lines(lib)
    for edit in edits:
        with pytest.raises(SignedError, match="is signed"):
            lib.apply(edit)
    assert lines(lib) == before


def test_a_signed_visit_takes_no_other_pair_and_no_other_one_comes_first(lib: Library, signed: Shelf) -> None:
    fields = {"visit_id": signed.visit, "white_id": signed.white, "fluorescence_id": None, "made_at": MOMENT}
    with lib.read() as session:
        made_at = (records.snapshot(session, "pair", signed.pair) or {})["made_at"]
    before = lines(lib)
    for edit in (
        Change("pair", "1" * 32, None, fields, "Pair made"),
        Change("pair", signed.pair, {"made_at": made_at}, {"made_at": "2030-01-01T00:00:00+00:00"}, "Pair chosen"),
    ):
        with pytest.raises(SignedError, match="is signed"):
            lib.apply(edit)
    assert lines(lib) == before


def test_the_first_read_stays_once_the_ai_was_revealed(lib: Library, shelf: Shelf) -> None:
    first = {"impression": "low", "read_at": MOMENT, "reader": "R", "after_reveal": False, "reason": ""}
    reveal = Change(
        "findings",
        shelf.visit,
        {"first_read": None, "revealed_at": None},
        {"first_read": first, "revealed_at": MOMENT},
        "AI revealed",
    )
    lib.apply(reveal)
    better = {**first, "impression": "high"}
    for edit in (
        reveal.reversed(),
        Change("findings", shelf.visit, {"first_read": first}, {"first_read": better}, "Better first read"),
        Change("findings", shelf.visit, {"revealed_at": MOMENT}, {"revealed_at": None}, "Never revealed"),
    ):
        with pytest.raises(FirstReadError, match="cannot change once the AI was revealed"):
            lib.apply(edit)
    with pytest.raises(ReadsDifferError, match="contradict"):
        lib.apply(impression(shelf, None, "high"))
    old, new = {"impression": None, "second_read": None}, {"impression": "high", "second_read": better}
    lib.apply(Change("findings", shelf.visit, old, new, "Second read"))  # the impression itself may change
    for edit in (
        impression(shelf, "high", "low"),
        Change("findings", shelf.visit, {"second_read": better}, {"second_read": None}, "Second read gone"),
    ):
        with pytest.raises(ReadsDifferError, match="contradict"):
            lib.apply(edit)
    with lib.read() as session:
        found = repositories.findings_of(session, shelf.visit).first_read
    assert found is not None
    assert found.impression == "low"


def test_events_are_on_record_without_changing_anything(lib: Library, shelf: Shelf) -> None:
    lib.record_event("setting", "ai_lock", "AI lock switched off", {"ai_lock": False})
    entry = lines(lib, what="setting")[0]
    assert (entry.text, entry.old, entry.new) == ("AI lock switched off", None, {"ai_lock": False})


def test_the_journal_is_read_from_a_number_on(lib: Library, shelf: Shelf) -> None:
    everything = lines(lib)
    assert [entry.seq for entry in everything] == [1, 2, 3, 4, 5]
    assert lines(lib, after=3) == everything[3:]
    assert lines(lib, limit=2) == everything[:2]
    assert lines(lib, key=shelf.visit) == (everything[1],)


def test_two_threads_may_write_at_once_and_no_line_is_lost(lib: Library, shelf: Shelf) -> None:
    errors: list[StorageError] = []

    def write(letter: str) -> None:
        try:
            for number in range(15):
                lib.apply(
                    pin(shelf, f"{letter}{number}"[:2].ljust(2, letter)) if number < 10 else pin(shelf, letter * 3)
                )
                if number >= 10:
                    lib.apply(pin(shelf, letter * 3).reversed())
        except StorageError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [entry.seq for entry in lines(lib)] == list(range(1, 5 + 2 * 20 + 1))
    with lib.read() as session:
        assert len(repositories.pins_of(session, shelf.visit)) == 20
