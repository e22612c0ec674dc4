"""A record that was altered, added or removed behind the program's back is found by the audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, amending, cases, housekeeping, review
from pfm_desktop.storage import labelling, records, replay
from pfm_desktop.storage.library import Library

from .conftest import MOMENT, Shelf
from .test_journal import DARK, LIVE, LIVE_KEYS, MAP, RUN, TASK

pytestmark = pytest.mark.slow

PASSWORD = "five small brown hens"


def found(lib: Library) -> list[str]:
    with lib.read() as session:
        return list(replay.problems(session))


def behind_its_back(lib: Library, *statements: str) -> None:
    with lib.write() as session:
        session.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        for statement in statements:
            session.execute(sa.text(statement))


@pytest.fixture
def full(shelf: Shelf) -> Library:
    """A library with a record of every kind that has been changed, taken back and done again."""
    lib = shelf.lib
    pin = review.place_pin(lib, shelf.pair, Source.WHITE, 10.0, 20.0, note="n")
    review.move_pin(lib, pin.key, 11.5, 20.25)
    review.mark_os(lib, shelf.pair, Source.WHITE, 5.0, 6.0)
    review.mark_cervix(lib, shelf.pair, Source.WHITE, ((10, 10), (600, 10), (600, 400), (10, 400)))
    review.set_impression(lib, shelf.visit, Grade.LOW)
    change = review.set_impression(lib, shelf.visit, Grade.HIGH)
    review.undo_all(lib, review.undo_all(lib, (change,)))
    lib.apply(Change("patient", shelf.patient, {"given_name": "Änne"}, {"given_name": "Ånne"}, "Name corrected"))
    lib.apply(Change("task", "4" * 32, None, TASK, "made"))
    with lib.write() as session:
        labelling.add_pairs(session, "4" * 32, [shelf.pair])
    read = {
        "task_id": "4" * 32, "pair_id": shelf.pair, "reader": lib.who, "turn": 1, "adjudicates": False,
        "grade": "high", "reason": None, "note": "", "quality": None, "regions": [], "seconds": 1 / 3,
        "ai_seen": False, "made_at": MOMENT,
    }  # fmt: skip
    lib.apply(Change("read", "3" * 32, None, read, "read"))
    histology = {"grade": "high", "reported_on": "2026-03-20", "text": "CIN 2", "entered_by": "A"}
    lib.apply(Change("histology", shelf.visit, None, histology, "Histology"))
    lib.apply(Change("learning_part", shelf.patient, None, {"part": "test", "since": MOMENT}, "Part"))
    lib.apply(Change("learning_run", "2" * 32, None, RUN, "Learned"))
    for kept in (DARK, MAP):
        lib.pictures.put(kept)
    for what, fields in LIVE.items():
        made = lib.apply(Change(what, LIVE_KEYS[what], None, fields, "made"))
        review.undo_all(lib, review.undo_all(lib, (made,)))
    review.sign(lib, shelf.visit, "Dr. Test", "Read by me")
    amending.amend(lib, shelf.visit, "another pot", b"%PDF-1.4 as it was signed")
    review.sign(lib, shelf.visit, "Dr. Test", "Read by me")
    return lib


def test_a_library_that_only_the_program_wrote_is_what_its_trail_says(full: Library) -> None:
    assert found(full) == []
    (missing,) = housekeeping.verify(SilentContext(), full).problems  # nothing was learned: there is only the record
    assert missing.startswith("the learned model ours is missing")


KINDS = sorted(set(records.KINDS) - {"registration", "account"})


@pytest.mark.parametrize("what", KINDS)
def test_every_field_of_every_kind_of_record_is_compared(full: Library, what: str) -> None:
    kind = records.kind_of(what)
    table = kind.table.__tablename__
    for name in kind.columns:
        column = kind.table.__table__.columns[name]
        if (what, name) in {("picture", "time_known"), ("picture", "pixels_sha256")} or column.foreign_keys:
            continue  # a line of an older version does not say it; the database itself checks references
        with full.read() as session:
            before = session.execute(sa.text(f"SELECT {name} FROM {table} LIMIT 1")).scalar()
        full_row = f"rowid = (SELECT min(rowid) FROM {table})"
        behind_its_back(full, f"UPDATE {table} SET {name} = {_other(column, before)} WHERE {full_row}")
        (problem,) = found(full)
        assert what.replace("_", " ") in problem
        assert name in problem.rpartition(": ")[2].split(", ")
        with full.write() as session:
            session.execute(sa.text(f"UPDATE {table} SET {name} = :was WHERE {full_row}"), {"was": before})
        assert found(full) == []


def _other(column: sa.Column[Any], before: Any) -> str:
    """Another value that the column takes, as SQL."""
    if isinstance(column.type, sa.JSON):
        return "'{\"said\": 1}'"
    if isinstance(column.type, sa.Date):
        return "'1999-01-01'"
    if isinstance(column.type, sa.String | sa.Text):
        return "'other'"
    if "DateTime" in type(column.type).__name__:
        return "'1999-01-01 00:00:00.000000'"
    if isinstance(column.type, sa.Boolean):
        return str(int(not before))
    return "1" if before != 1 else "2"


@pytest.mark.parametrize(
    "what",
    [
        *("pin", "os_mark", "annotation", "findings", "read", "histology", "learning_part", "learning_run"),
        *LIVE,
    ],
)
def test_a_record_that_nothing_refers_to_is_missed(full: Library, what: str) -> None:
    table = records.kind_of(what).table.__tablename__
    behind_its_back(full, f"DELETE FROM {table}")
    (problem,) = found(full)
    assert problem.startswith(f"records: the {what.replace('_', ' ')} ")
    assert "is missing: line " in problem
    assert problem in housekeeping.verify(SilentContext(), full).problems


def test_a_record_that_the_trail_does_not_know_is_found(full: Library, shelf: Shelf) -> None:
    behind_its_back(
        full,
        "INSERT INTO pins (id, pair_id, frame, x, y, letter, note) "
        f"VALUES ('{'9' * 32}', '{shelf.pair}', 'white', 1, 2, 'Z', '')",
    )
    (problem,) = found(full)
    assert problem == f"records: the pin {'9' * 12}... is not in the audit trail"


def test_a_record_that_was_removed_and_is_there_again_is_found(full: Library, shelf: Shelf) -> None:
    full.apply(Change("histology", shelf.visit, _histology(full, shelf), None, "Histology taken away"))
    assert found(full) == []
    behind_its_back(full, f"INSERT INTO histology VALUES ('{shelf.visit}', 'low', NULL, '', '')")
    assert "was removed (line " in found(full)[0]


def _histology(lib: Library, shelf: Shelf) -> records.Fields:
    with lib.read() as session:
        return records.snapshot(session, "histology", shelf.visit) or {}


def test_no_value_of_a_record_stands_in_what_is_told(full: Library) -> None:
    behind_its_back(full, "UPDATE patients SET family_name = 'Wunderlich'")
    (problem,) = found(full)
    assert problem.endswith(": family_name")
    assert "Wunderlich" not in problem
    assert "Müller" not in problem


def test_a_moment_in_another_zone_is_the_same_moment(lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="K-1").id
    fields = {"patient_id": patient, "started_at": "2026-03-14T10:30:00+02:00", "indication": "", "examiner": "",
              "note": ""}  # fmt: skip
    lib.apply(Change("visit", "1" * 32, None, fields, "Visit added"))
    assert found(lib) == []


def test_findings_that_say_nothing_go_with_their_visit(lib: Library) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id)
    change = review.set_impression(lib, visit.id, Grade.LOW)
    review.undo_all(lib, (change,))
    review.undo_all(lib, (cases.change_that_made(lib, "visit", visit.id, "Visit added"),))
    assert found(lib) == []


def test_accounts_are_compared_and_events_about_them_are_none(tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with lib:
        reader = accounts.add(lib, "Reader", {Role.ANNOTATOR}, PASSWORD)
        accounts.set_password(lib, reader, "six large white geese")
        accounts.change(lib, reader, active=False)
        assert found(lib) == []
        behind_its_back(lib, "UPDATE accounts SET roles = 'administrator' WHERE name = 'Reader'")
        assert found(lib)[0].endswith(": roles")


def test_many_are_counted_and_not_told_one_by_one(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST", 2)
    for number in range(5):
        cases.add_patient(lib, identifier=f"K-{number}")
    behind_its_back(lib, "UPDATE patients SET given_name = 'x'")
    told = found(lib)
    assert len(told) == 3
    assert told[-1] == "records: 3 more are not what the audit trail says"


def test_it_tells_how_far_it_is_and_can_be_stopped(full: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_AT_ONCE", 2)
    steps: list[float] = []
    ctx = CallbackContext(lambda done, _total, _text: steps.append(done), lambda: len(steps) >= 3)
    with pytest.raises(Cancelled), full.read() as session:
        list(replay.problems(session, ctx))
    assert steps == sorted(steps)


def test_a_line_that_cannot_be_read_is_the_chains_to_tell_and_ends_nothing(full: Library) -> None:
    behind_its_back(full, "UPDATE journal SET new = '{' WHERE what = 'pin'", "UPDATE patients SET given_name = 'x'")
    assert [problem.rpartition(": ")[2] for problem in found(full)] == ["given_name"]
    assert any("cannot be read" in problem for problem in housekeeping.verify(SilentContext(), full).problems)
