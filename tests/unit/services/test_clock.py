"""A clock that was set back is told once, and goes on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.cli.opened import open_library
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Role
from pfm_desktop.services import accounts, cases, clock
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

PASSWORD = "five small brown hens"
DAYS = timedelta(days=10)


def at_the_clinic(lib: Library, at: datetime) -> None:
    """Something was done at that moment."""
    with lib.write() as session:
        line = Change("export", "x", None, None, "Report saved as PDF")
        journal.append(session, line, who="Dr. Test")
        journal.append(session, line, who="Dr. Test", at=at)


def told(lib: Library) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session) if line.text.startswith(clock.EVENT)]


def test_an_empty_library_and_one_that_was_just_written_give_no_reason(lib: Library) -> None:
    assert clock.look(lib) == ""
    cases.add_patient(lib, identifier="K-1")
    assert clock.look(lib) == ""
    assert told(lib) == []


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(minutes=4)])
def test_clocks_that_differ_by_a_little_are_no_matter(lib: Library, ahead: timedelta) -> None:
    at_the_clinic(lib, datetime.now(UTC) + ahead)
    assert clock.look(lib) == ""


def test_a_clock_that_was_set_back_is_told_once_and_goes_on_record(lib: Library) -> None:
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    said = clock.look(lib)
    assert said.startswith("when this library was opened the clock of the computer said")
    assert "check the clock" in said
    assert "The order in which all was done is kept" in said
    assert len(told(lib)) == 1
    assert clock.look(lib) == ""
    cases.add_patient(lib, identifier="K-1")
    assert clock.look(lib) == ""
    assert len(told(lib)) == 1


def test_one_that_is_set_back_again_is_told_again(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    assert clock.look(lib)
    monkeypatch.setattr(clock, "moment_now", lambda: datetime.now(UTC) - DAYS)
    assert clock.look(lib)
    assert len(told(lib)) == 2


def test_the_line_of_the_sign_in_itself_hides_nothing(tmp_path: Path) -> None:
    with accounts.make_library(tmp_path / "clinic", "Dr. Ada", PASSWORD)[0] as lib:
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, PASSWORD)
        at_the_clinic(lib, datetime.now(UTC) + DAYS)
    with accounts.sign_in(tmp_path / "clinic", "Reader", PASSWORD) as again:
        assert "check the clock" in clock.look(again), "also to whom the trail is not shown"
        assert clock.look(again) == ""


def test_a_session_and_a_command_say_it(lib: Library, capsys: pytest.CaptureFixture[str]) -> None:
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    session = Session(lib, Settings(reader="Dr. Test"))
    session.begin()
    assert "check the clock" in lib.notice
    lib.told()
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    lib.close()
    with open_library(lib.path) as opened:
        assert not opened.read_only
    assert "note: when this library was opened the clock of the computer said" in capsys.readouterr().err


def test_it_is_told_of_a_library_that_is_only_read_and_nothing_is_written(lib: Library) -> None:
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    with Library.open(lib.path) as reading:
        assert reading.read_only
        assert "check the clock" in clock.look(reading)
        assert told(reading) == []


def test_where_it_cannot_go_on_record_work_begins_all_the_same(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_clinic(lib, datetime.now(UTC) + DAYS)
    problems: list[str] = []
    session = Session(lib, Settings(reader="Dr. Test"))
    session.on_problem.append(lambda problem: problems.append(problem.what))
    monkeypatch.setattr(clock.on_record, "note", _refused)
    session.begin()
    assert problems == ["the disk is full"]
    with lib.read() as reading:
        assert journal.length(reading)
    assert cases.add_patient(lib, identifier="K-2")


def _refused(*_args: object) -> bool:
    raise StorageError("the disk is full")
