"""Reading the audit trail: pages, filters, whose a line is, lines that cannot be read."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.services import cases, lock_record, review
from pfm_desktop.storage import audit, records
from pfm_desktop.storage.audit import Kind, Wanted
from pfm_desktop.storage.audit_about import whose
from pfm_desktop.storage.audit_lines import AuditLine, UnreadLine
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import StorageError

from .conftest import Shelf
from .test_journal import LIVE, LIVE_KEYS

MODEL = ModelInfo("demo", "1", "e" * 64, PLACES, "T0", "channel", 64)


def texts(lib: Library, wanted: Wanted | None = None, **limits: int) -> list[str]:
    return [line.text for line in lines(lib, wanted, **limits)]


def lines(lib: Library, wanted: Wanted | None = None, **limits: int) -> list[AuditLine]:
    with lib.read() as session:
        found = audit.page(session, wanted or Wanted(), **limits)
    assert all(isinstance(line, AuditLine) for line in found)
    return [line for line in found if isinstance(line, AuditLine)]


def behind_its_back(library: Path, *statements: str) -> None:
    connection = sqlite3.connect(library / DATABASE)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def worked(shelf: Shelf) -> Shelf:
    """A visit that somebody read, and things that are about nobody."""
    lib = shelf.lib
    lib.who = "Dr. Ärzte"
    review.set_impression(lib, shelf.visit, Grade.LOW)
    pin = review.place_pin(lib, shelf.pair, Source.WHITE, 10, 20)
    review.remove_pin(lib, pin.key)
    review.mark_os(lib, shelf.pair, Source.WHITE, 30, 40)
    review.reveal(lib, shelf.visit, "Dr. Ärzte", model=MODEL, pair_id=shelf.pair)
    lib.record_event("export", shelf.visit, "Report saved as PDF", {"signed": False})
    lib.who = "Nurse Vogel"
    lock_record.record_switch(lib, lock_record.LOCK, False)
    lib.record_event("sign_in", lib.id, "Signed in: Nurse Vogel")
    cases.add_patient(lib, identifier="K-18", family_name="Other")
    return shelf


def test_pages_go_from_the_newest_to_the_oldest_and_miss_none(worked: Shelf) -> None:
    whole = lines(worked.lib, limit=1000)
    assert [line.seq for line in whole] == list(range(len(whole), 0, -1))
    paged: list[AuditLine] = []
    while found := lines(worked.lib, limit=3, **({"before": paged[-1].seq} if paged else {})):
        paged += found
    assert paged == whole


def test_what_is_written_meanwhile_moves_no_page(worked: Shelf) -> None:
    first = lines(worked.lib, limit=4)
    worked.lib.record_event("setting", "x", "Written meanwhile")
    assert [line.seq for line in lines(worked.lib, before=first[-1].seq, limit=2)] == [
        first[-1].seq - 1,
        first[-1].seq - 2,
    ]


@pytest.mark.parametrize("who", ["vogel", "Nurse", "nurse VOGEL", "ogel"])
def test_a_part_of_a_name_finds_what_she_did(worked: Shelf, who: str) -> None:
    assert {line.who for line in lines(worked.lib, Wanted(who=who))} == {"Nurse Vogel"}


@pytest.mark.parametrize("who", ["ärzte", "ÄRZTE", "Ärzte"])
def test_capitals_beyond_a_to_z_make_no_difference_in_a_name(worked: Shelf, who: str) -> None:
    assert {line.who for line in lines(worked.lib, Wanted(who=who))} == {"Dr. Ärzte"}


def test_nobody_of_that_name_finds_nothing(worked: Shelf) -> None:
    assert texts(worked.lib, Wanted(who="Dr. Nobody")) == []


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (Kind.EXPORTS, ["Report saved as PDF"]),
        (Kind.SETTINGS, ["First-read lock switched off"]),
        (Kind.SIGN_INS, ["Signed in: Nurse Vogel"]),
        (Kind.DELETIONS, ["Pin A removed"]),
        (Kind.REVEALS, ["Answer revealed: demo 1", "AI revealed, first read: low"]),
    ],
)
def test_a_kind_finds_its_lines_and_no_others(worked: Shelf, kind: Kind, found: list[str]) -> None:
    assert texts(worked.lib, Wanted(kind=kind)) == found


def test_changes_are_those_of_records_removals_included(worked: Shelf) -> None:
    found = texts(worked.lib, Wanted(kind=Kind.CHANGES))
    assert {"Pin A placed", "Pin A removed", "Impression: low", "Patient K-18 added"} <= set(found)
    assert not {"Report saved as PDF", "Signed in: Nurse Vogel", "First-read lock switched off"} & set(found)


def test_about_a_woman_finds_her_visits_pictures_findings_and_what_was_removed(worked: Shelf) -> None:
    found = texts(worked.lib, Wanted(about="K-17"))
    about_none = {"Patient K-18 added", "First-read lock switched off", "Signed in: Nurse Vogel"}
    assert set(found) == set(texts(worked.lib)) - about_none
    assert {"Pin A removed", "Os marked", "Answer revealed: demo 1", "Report saved as PDF"} <= set(found)


@pytest.mark.parametrize("typed", ["k-17", " K - 17 ", "K-17"])
def test_an_identifier_is_found_however_it_is_typed(worked: Shelf, typed: str) -> None:
    assert "Impression: low" in texts(worked.lib, Wanted(about=typed))


def test_an_identifier_that_nobody_has_finds_nothing_and_not_all(worked: Shelf) -> None:
    assert texts(worked.lib, Wanted(about="K-1")) == []
    assert texts(worked.lib, Wanted(about="%")) == []


def test_the_identifier_that_a_woman_had_before_finds_her_too(worked: Shelf) -> None:
    cases.edit_patient(worked.lib, worked.patient, identifier="K-99", family_name="Müller", given_name="Änne")
    assert texts(worked.lib, Wanted(about="K-17")) == texts(worked.lib, Wanted(about="K-99"))
    assert "Patient K-99 corrected" in texts(worked.lib, Wanted(about="K-17"))


def test_a_woman_who_was_taken_off_the_record_is_still_found(worked: Shelf) -> None:
    made = cases.add_patient(worked.lib, identifier="K-20", family_name="Gone")
    visit = cases.add_visit(worked.lib, made.id)
    for what, key in (("visit", visit.id), ("patient", made.id)):
        with worked.lib.read() as session:
            old = records.snapshot(session, what, key)
        worked.lib.apply(Change(what, key, old, None, f"{what} taken back"))
    found = ["patient taken back", "visit taken back", "Visit added", "Patient K-20 added"]
    assert texts(worked.lib, Wanted(about="K-20")) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("pin placed", ["Pin A placed"]),
        ("pin removed", ["Pin A removed"]),
        ("vogel signed", ["Signed in: Nurse Vogel"]),
        ("änne", ["Patient added"]),
        ("ÄNNE", ["Patient added"]),
        ("100%", []),
        ("_", None),
    ],
)
def test_every_word_must_stand_somewhere_in_the_line(worked: Shelf, words: str, found: list[str] | None) -> None:
    seen = texts(worked.lib, Wanted(words=words))
    assert seen == found if found is not None else seen  # "_" stands in names of fields


def test_words_are_found_in_what_was_there_before_and_after(worked: Shelf) -> None:
    review.set_plan(worked.lib, worked.visit, 'Cone biopsy "soon" on C:\\ward')
    review.set_plan(worked.lib, worked.visit, "Nothing")
    assert texts(worked.lib, Wanted(words="cone")) == ["Plan", "Plan"]
    assert len(texts(worked.lib, Wanted(words='"soon"'))) == 2
    assert len(texts(worked.lib, Wanted(words="C:\\ward"))) == 2


def test_a_day_holds_all_that_was_done_on_it_and_nothing_else(worked: Shelf) -> None:
    today = datetime.now().astimezone().date()
    everything = texts(worked.lib)
    assert texts(worked.lib, Wanted(since=today, until=today)) == everything
    assert texts(worked.lib, Wanted(until=today - timedelta(days=1))) == []
    assert texts(worked.lib, Wanted(since=today + timedelta(days=1))) == []
    assert texts(worked.lib, Wanted(since=date.min, until=date.max)) == everything


def test_a_day_ends_at_midnight_of_this_computer(lib: Library) -> None:
    for second in (59, 60):
        lib.record_event("test", "k", str(second))
    midnight = datetime(2026, 3, 15).astimezone()
    for text, at in (("59", midnight - timedelta(seconds=1)), ("60", midnight)):
        stored = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
        with lib.write() as session:
            session.connection().exec_driver_sql("UPDATE journal SET at = ? WHERE text = ?", (stored, text))
    assert texts(lib, Wanted(until=date(2026, 3, 14))) == ["59"]
    assert texts(lib, Wanted(since=date(2026, 3, 15))) == ["60"]


def test_all_that_is_asked_must_hold(worked: Shelf) -> None:
    wanted = Wanted(who="ärzte", kind=Kind.CHANGES, about="K-17", words="pin")
    assert texts(worked.lib, wanted) == ["Pin A removed", "Pin A placed"]


def test_a_search_through_many_lines_asks_whether_to_go_on(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_SPAN", 5)
    for number in range(23):
        lib.record_event("test", "k", f"Line {number}")
    asked: list[int] = []
    with lib.read() as session:
        found = audit.page(session, Wanted(words="line 1"), check=lambda: asked.append(1))
    assert [line.text for line in found if isinstance(line, AuditLine)] == [
        "Line 21",
        *(f"Line {number}" for number in range(19, 9, -1)),
        "Line 1",
    ]
    assert len(asked) >= 4


def test_a_gap_of_a_billion_numbers_is_crossed_in_one_step(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_SPAN", 2)
    for number in range(5):
        lib.record_event("test", "k", f"Line {number}")
    behind_its_back(lib.path, "UPDATE journal SET seq = 1000000000000 WHERE seq = 5")
    asked: list[int] = []
    with lib.read() as session:
        found = audit.page(session, Wanted(words="line"), check=lambda: asked.append(1))
    assert len(found) == 5
    assert len(asked) <= 4


def test_what_is_exported_comes_oldest_first_and_is_counted(worked: Shelf) -> None:
    wanted = Wanted(who="vogel")
    with worked.lib.read() as session:
        extent = audit.extent(session, wanted)
        found = list(audit.each(session, wanted))
        nothing = audit.extent(session, Wanted(words="nowhere"))
    assert [line.seq for line in found] == sorted(line.seq for line in found)
    assert (extent.lines, extent.first_chain, extent.last_chain) == (len(found), found[0].chain, found[-1].chain)
    assert (nothing.lines, nothing.first_chain, nothing.last_chain) == (0, "", "")


def test_each_line_is_told_whose_it_is(worked: Shelf) -> None:
    found = lines(worked.lib)
    with worked.lib.read() as session:
        women = whose(session, found)
    about = {line.text: women[line.seq] for line in found if line.seq in women}
    assert {woman.identifier for text, woman in about.items() if text != "Patient K-18 added"} == {"K-17"}
    assert about["Pin A placed"].name == "Müller, Änne"  # the pin itself is gone
    assert about["Pin A placed"].visit_at == datetime(2026, 3, 14, 8, 30, tzinfo=UTC)
    assert about["Patient added"].visit_at is None
    assert not {"First-read lock switched off", "Signed in: Nurse Vogel"} & set(about)


def test_a_line_says_the_identifier_that_holds_now(worked: Shelf) -> None:
    cases.edit_patient(worked.lib, worked.patient, identifier="K-99", family_name="Müller")
    found = lines(worked.lib, Wanted(words="impression"))
    with worked.lib.read() as session:
        assert {woman.identifier for woman in whose(session, found).values()} == {"K-99"}


@pytest.mark.parametrize(
    "change",
    ["at = 'yesterday'", "at = 5", "old = '{'", "new = x'00ff'", "who = x'00ff'", "text = CAST(x'ff' AS TEXT)"],
)
def test_a_line_that_somebody_made_unreadable_is_shown_as_that_beside_all_others(worked: Shelf, change: str) -> None:
    behind_its_back(worked.lib.path, f"UPDATE journal SET {change} WHERE seq = 4")
    with worked.lib.read() as session:
        found = audit.page(session, Wanted())
        assert [line.seq for line in found] == list(range(len(found), 0, -1))
        (unread,) = (line for line in found if isinstance(line, UnreadLine))
        assert unread.seq == 4
        assert 4 not in whose(session, found)
        with pytest.raises(StorageError, match="line 4 of the audit trail cannot be read"):
            list(audit.each(session, Wanted()))


def test_nesting_without_end_in_a_line_ends_nothing(worked: Shelf) -> None:
    behind_its_back(worked.lib.path, f"UPDATE journal SET new = '{'[' * 100_000}' WHERE seq = 2")
    with worked.lib.read() as session:
        assert any(isinstance(line, UnreadLine) for line in audit.page(session, Wanted()))


@pytest.mark.parametrize("instead", [json.dumps([1, 2]), '"text"', "{"])
def test_what_is_no_record_any_more_breaks_no_page_and_no_search(worked: Shelf, instead: str) -> None:
    removed = lines(worked.lib, Wanted(kind=Kind.DELETIONS))[0].seq
    behind_its_back(worked.lib.path, f"UPDATE journal SET old = '{instead}' WHERE seq IN (1, {removed})")
    review.set_swede(worked.lib, worked.visit, SwedeScore(1, 1, 1, 1, 1))
    with worked.lib.read() as session:
        assert len(audit.page(session, Wanted())) > 6
        found = audit.page(session, Wanted(about="K-17"))
        assert any(isinstance(line, AuditLine) and line.text == "Impression: low" for line in found)
        assert len(whose(session, found)) > 3


def test_what_a_live_examination_left_is_told_whose_it_is_and_found_by_her(worked: Shelf) -> None:
    made = [
        worked.lib.apply(Change(what, LIVE_KEYS[what], None, fields, f"made: {what}")) for what, fields in LIVE.items()
    ]
    hers = {change.text for change in made if change.what != "site_choice"}
    with worked.lib.read() as session:
        found = audit.page(session, Wanted(about="k-17"))
        assert {line.text for line in found if isinstance(line, AuditLine)} >= hers
        women = whose(session, audit.page(session, Wanted(words="made:")))
    assert [woman.identifier for woman in women.values()] == ["K-17"] * len(hers)
    for change in reversed(made):
        worked.lib.apply(change.reversed())
    with worked.lib.read() as session:
        found = audit.page(session, Wanted(about="K-17"))
        assert {line.text for line in found if isinstance(line, AuditLine)} >= {f"Undo: {text}" for text in hers}
