"""The chain of the journal: whatever is done to a line behind the program's back is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, housekeeping
from pfm_desktop.storage import migrations
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE

pytestmark = pytest.mark.slow

LINES = 6


@pytest.fixture
def closed(lib: Library) -> Path:
    """A library with a few lines in its journal."""
    patient = cases.add_patient(lib, identifier="K-1", family_name="Ärzte 北京", given_name="Ada")
    cases.add_visit(lib, patient.id, indication="HPV")
    lib.record_event("reveal", "a", "Answer revealed", {"numbers": [1, 2.5, float("inf")], "none": None, 3: "three"})
    while housekeeping.verify_audit(SilentContext(), lib).lines < LINES:
        lib.record_event("setting", "first_read_lock", "First-read lock switched on", {"on": True})
    lib.close()
    return lib.path


def behind_its_back(library: Path, *statements: str) -> None:
    connection = sqlite3.connect(library / DATABASE)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def problems(library: Path) -> tuple[str, ...]:
    with Library.open(library) as lib:
        assert set(housekeeping.verify_audit(SilentContext(), lib).problems) <= set(
            housekeeping.verify(SilentContext(), lib).problems
        )
        return housekeeping.verify_audit(SilentContext(), lib).problems


def test_an_untouched_trail_holds_also_after_it_was_closed_and_written_on(closed: Path) -> None:
    assert problems(closed) == ()
    with Library.open(closed) as lib:
        lib.record_event("test", "b", "More")
        assert housekeeping.verify_audit(SilentContext(), lib).problems == ()
        assert housekeeping.verify_audit(SilentContext(), lib).lines == LINES + 1


@pytest.mark.parametrize("line", [1, 3, LINES])
@pytest.mark.parametrize(
    "change",
    [
        "at = '2020-01-01 00:00:00.000000'",
        "who = 'somebody else'",
        "what = 'other'",
        "key = 'other'",
        "old = '{\"a\": 1}'",
        "new = '{\"a\": 1}'",
        "new = NULL",
        "text = 'Other'",
        "text = text || ' '",
        "chain = ''",
        "chain = upper(chain)",
        "seq = seq + 100",
    ],
)
def test_each_field_of_a_line_is_under_its_seal(closed: Path, line: int, change: str) -> None:
    found = sqlite3.connect(closed / DATABASE).execute("SELECT new, old FROM journal WHERE seq = ?", (line,)).fetchone()
    if change == "new = NULL" and found[0] is None:
        change = "new = '{}'"
    behind_its_back(closed, f"UPDATE journal SET {change} WHERE seq = {line}")
    found_wrong = problems(closed)
    assert found_wrong
    assert found_wrong[0].startswith("audit trail: ")


def _swapped(line: int) -> tuple[str, ...]:
    return (
        f"UPDATE journal SET seq = -1 WHERE seq = {line}",
        f"UPDATE journal SET seq = {line} WHERE seq = {line + 1}",
        f"UPDATE journal SET seq = {line + 1} WHERE seq = -1",
    )


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM journal WHERE seq = 1",),
        ("DELETE FROM journal WHERE seq = 3",),
        (f"DELETE FROM journal WHERE seq = {LINES}",),
        (f"DELETE FROM journal WHERE seq > {LINES - 3}",),
        ("DELETE FROM journal",),
        _swapped(1),
        _swapped(LINES - 1),
        ("INSERT INTO journal (at, who, what, key, text) VALUES ('2026-01-01 00:00:00.000000', 'x', 'x', 'x', 'x')",),
        ("INSERT INTO journal SELECT 100, at, who, what, key, old, new, text, chain FROM journal WHERE seq = 2",),
        ("UPDATE meta SET value = '1 ' || substr(value, 3) WHERE key = 'journal_head'",),
        ("DELETE FROM meta WHERE key = 'journal_head'",),
    ],
)
def test_lines_that_are_removed_moved_or_added_are_missed(closed: Path, statements: tuple[str, ...]) -> None:
    behind_its_back(closed, *statements)
    assert problems(closed)


def test_damage_stays_known_when_the_program_writes_on(closed: Path) -> None:
    behind_its_back(closed, "UPDATE journal SET who = 'somebody else' WHERE seq = 2")
    with Library.open(closed) as lib:
        lib.record_event("test", "b", "More")
        (problem,) = housekeeping.verify_audit(SilentContext(), lib).problems
    assert "line 2" in problem


@pytest.mark.parametrize("version", [1, 2])
def test_the_journal_of_an_older_library_is_chained_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: Callable[[Path, int], Path], version: int
) -> None:
    library = older(tmp_path / "old", version)
    with Library.open(library) as lib:
        check = housekeeping.verify_audit(SilentContext(), lib)
    assert check.problems == ()
    assert check.lines == 3  # and that it was brought up to date
    behind_its_back(library, "UPDATE journal SET text = 'Other' WHERE seq = 1")
    assert problems(library)


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], Path]:
    """Makes a library as the program of that version left it, with two lines in its journal."""

    def make(library: Path, version: int) -> Path:
        with monkeypatch.context() as at:
            at.setattr(migrations, "VERSIONS", migrations.VERSIONS[:version])
            at.setattr(migrations, "CURRENT", version)
            Library.create(library).close()
        behind_its_back(
            library,
            *(
                "INSERT INTO journal (at, who, what, key, old, new, text) VALUES "
                f"('2026-03-0{day} 10:00:00.000000', 'Dr. A', 'patient', 'k', NULL, '{{\"x\": 1.5}}', 'Added')"
                for day in (1, 2)
            ),
        )
        return library

    return make


def test_lines_cut_off_at_the_end_are_missed_also_behind_new_ones(closed: Path) -> None:
    behind_its_back(closed, "DELETE FROM journal WHERE seq > 4")
    with Library.open(closed) as lib:
        for number in range(3):
            lib.record_event("setting", "key", f"goes on {number}")
    (problem,) = problems(closed)
    assert "lines between it and line 4 were altered, removed or moved" in problem
