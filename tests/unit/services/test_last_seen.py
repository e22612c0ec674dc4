"""A copy from before in the place of a library is told, once, and goes on record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pfm_desktop.services import accounts, cases, last_seen
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.paths import last_seen_file
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

pytestmark = pytest.mark.slow

PASSWORD = "five small brown hens"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A closed library with two women; the copy `before.sqlite` beside it holds the first only."""
    place = tmp_path / "clinic"
    with Library.create(place) as lib:
        cases.add_patient(lib, identifier="K-1")
    shutil.copy(place / DATABASE, tmp_path / "before.sqlite")
    with Library.open(place) as lib:
        cases.add_patient(lib, identifier="K-2")
        last_seen.remember(lib)
    return place


def put_back(place: Path) -> None:
    shutil.copy(place.parent / "before.sqlite", place / DATABASE)


def told(lib: Library) -> list[str]:
    with lib.read() as session:
        return [line.text for line in journal.entries(session, what="library") if line.text.startswith(last_seen.EVENT)]


def test_a_library_that_was_worked_with_since_is_not_older(place: Path) -> None:
    with Library.open(place) as lib:
        assert last_seen.look(lib) == ""
        cases.add_patient(lib, identifier="K-3")
        assert last_seen.look(lib) == ""
        assert told(lib) == []


def test_a_copy_from_before_in_its_place_is_told_and_goes_on_record(place: Path) -> None:
    put_back(place)
    with Library.open(place) as lib:
        said = last_seen.look(lib)
        assert "older than when it was last used on this computer" in said
        assert len(told(lib)) == 1
        last_seen.remember(lib)
        assert last_seen.look(lib) == "", "told once; the trail keeps it"


def test_a_copy_that_was_worked_with_is_another_history(place: Path) -> None:
    put_back(place)
    with Library.open(place) as lib:
        for number in range(9):
            cases.add_patient(lib, identifier=f"other {number}")
        assert last_seen.look(lib)


def test_a_library_somewhere_else_begins_anew(place: Path) -> None:
    shutil.copytree(place, place.parent / "elsewhere")
    shutil.copy(place.parent / "before.sqlite", place.parent / "elsewhere" / DATABASE)
    with Library.open(place.parent / "elsewhere") as lib:
        assert last_seen.look(lib) == ""


def test_one_that_is_only_read_is_told_and_waits_to_go_on_record(place: Path) -> None:
    put_back(place)
    with Library.open(place), Library.open(place) as reading:
        assert reading.read_only
        assert last_seen.look(reading)
        last_seen.remember(reading)
    with Library.open(place) as lib:
        assert last_seen.look(lib)
        assert len(told(lib)) == 1


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"KEY": 3}', '{"KEY": {"seq": "x"}}', '{"KEY": {"seq": 1e999}}'])
def test_a_note_that_cannot_be_read_is_none(place: Path, kept: str) -> None:
    put_back(place)
    with Library.open(place) as lib:
        last_seen_file().write_text(kept.replace("KEY", f"{lib.id} {lib.path}"), encoding="utf-8")
        assert last_seen.look(lib) == ""
        last_seen.remember(lib)
        assert last_seen.look(lib) == ""


def test_a_disk_that_takes_no_note_keeps_nobody_from_working(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (place.parent / "file").write_text("")
    monkeypatch.setenv("PFM_HOME", str(place.parent / "file"))
    with Library.open(place) as lib:
        last_seen.remember(lib)
        assert last_seen.look(lib) == ""
    assert "could not be noted" in caplog.text
    caplog.clear()


def test_only_the_latest_libraries_are_remembered(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_seen, "MOST", 2)
    for number in range(3):
        with Library.create(place.parent / f"lib {number}") as lib:
            last_seen.remember(lib)
    kept = json.loads(last_seen_file().read_text(encoding="utf-8"))
    assert [key.endswith(("lib 1", "lib 2")) for key in kept] == [True, True]


def test_the_window_says_it_when_it_opens_the_library(place: Path) -> None:
    put_back(place)
    with Library.open(place) as lib:
        session = Session(lib, Settings())
        session.begin()
        assert "a copy from before" in lib.notice
        session.end()
    with Library.open(place) as lib:
        assert "a copy from before" in lib.notice, "until a window has shown it"
        lib.told()
    with Library.open(place) as lib:
        Session(lib, Settings()).begin()
        assert lib.notice == ""


def test_an_encrypted_library_tells_nothing_of_its_records_to_the_note(tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "sealed", "Dr. Test", PASSWORD)
    with lib:
        cases.add_patient(lib, identifier="K-77", family_name="Wunderlich")
        last_seen.remember(lib)
        assert last_seen.look(lib) == ""
    kept = last_seen_file().read_text(encoding="utf-8")
    assert "Wunderlich" not in kept
    assert "K-77" not in kept
    assert "Dr. Test" not in kept
