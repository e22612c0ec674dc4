"""The database can be stopped at whatever it is at, and says meanwhile that it is at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import cases
from pfm_desktop.storage import chain, upkeep
from pfm_desktop.storage.interrupt import interruptible, telling, told_rows
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

if TYPE_CHECKING:
    from tests.unit.storage.conftest import Shelf

WITHOUT_END = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


class Counting:
    """A context that is cancelled once it was asked, or told, `most` times."""

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, 0
        self.told: list[tuple[float, float, str]] = []

    def check(self) -> None:
        self.asked += 1
        if self.asked > self.most:
            raise Cancelled

    def progress(self, done: float, total: float, text: str = "") -> None:
        self.check()
        self.told.append((done, total, text))


def test_a_statement_without_end_ends_when_the_job_is_cancelled(lib: Library) -> None:
    ctx = Counting(5)
    with pytest.raises(Cancelled), lib.read() as session, interruptible(session, ctx.check):
        session.execute(text(WITHOUT_END)).scalar()
    assert ctx.asked == 6


def test_a_job_that_is_cancelled_before_asks_the_database_nothing(lib: Library) -> None:
    with pytest.raises(Cancelled), lib.read() as session, interruptible(session, Counting(0).check):
        pytest.fail("the block was entered")


def test_after_a_stop_the_library_is_used_as_before(lib: Library, shelf: Shelf) -> None:
    for _ in range(20):  # more than there are connections
        with pytest.raises(Cancelled), lib.read() as session, interruptible(session, Counting(2).check):
            session.execute(text(WITHOUT_END)).scalar()
    with lib.read() as session:
        statement = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT count(*) FROM n"
        )
        assert session.execute(text(statement)).scalar() == 200_000
    assert [row.visit.id for row in cases.today(lib)] == [shelf.visit]


def test_an_error_of_the_database_inside_stays_what_it_is(lib: Library) -> None:
    wrong, check = pytest.raises(StorageError, match="no_such_table"), SilentContext().check
    with wrong, lib.read() as session, interruptible(session, check):
        session.execute(text("SELECT * FROM no_such_table"))


def test_long_steps_are_told_of_and_stopped_as_well(lib: Library) -> None:
    ctx = Counting(3)
    with pytest.raises(Cancelled), lib.read() as session:
        told_rows(session, WITHOUT_END, ctx, "Counting")
    assert ctx.told == [(0, 0, "Counting")] * 3
    with lib.read() as session:
        assert told_rows(session, "SELECT 1 UNION SELECT 2", SilentContext(), "") == [(1,), (2,)]


def test_an_error_of_a_long_step_is_raised_where_it_was_asked_for(lib: Library) -> None:
    with pytest.raises(StorageError, match="no_such_table"), lib.read() as session:
        told_rows(session, "SELECT * FROM no_such_table", SilentContext(), "")


def test_signs_of_life_come_no_more_often_than_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("pfm_desktop.storage.interrupt.time.monotonic", lambda: now[0])
    ctx = Counting(1000)
    tell = telling(ctx, "Checking")
    for _ in range(100):
        now[0] += 0.01
        tell()
    assert 9 <= len(ctx.told) <= 11
    assert set(ctx.told) == {(0, 0, "Checking")}


@pytest.mark.parametrize(
    "work",
    [
        lambda lib, ctx: list(upkeep.database_problems(lib, ctx)),
        lambda lib, ctx: list(upkeep.audit_problems(lib, ctx)),
        upkeep.hashes_in_use,
        upkeep.picture_hashes,
        lambda lib, ctx: cases.today(lib, search="a", ctx=ctx),
        lambda lib, ctx: cases.count_visits(lib, search="a", ctx=ctx),
    ],
    ids=["database", "audit trail", "in use", "pictures", "search", "count"],
)
def test_what_is_asked_of_the_whole_library_can_be_cancelled(
    lib: Library, shelf: Shelf, work: Callable[[Library, object], object]
) -> None:
    with pytest.raises(Cancelled):
        work(lib, CallbackContext(lambda *_: None, lambda: True))
    work(lib, SilentContext())


def test_the_audit_trail_is_told_of_line_by_line_of_a_thousand(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_AT_ONCE", 10)
    for number in range(35):
        lib.record_event("test", str(number), "said")
    ctx = Counting(1000)
    assert list(upkeep.audit_problems(lib, ctx)) == []
    assert [(done, total) for done, total, _ in ctx.told] == [(0, 35), (10, 35), (20, 35), (30, 35), (35, 35)]


def test_thumbnails_of_pictures_are_named_as_what_was_made_of_them(lib: Library, shelf: Shelf) -> None:
    from pfm_desktop.storage import thumbnails

    with lib.read() as session:
        picture = upkeep.named_in(session).pictures[0]
        before = upkeep.named_in(session).derived
    with lib.write() as session:
        thumbnails.keep(session, picture, "ab" * 32)
        thumbnails.keep(session, "00" * 32, "cd" * 32)  # of a picture that nothing names any more
    with lib.read() as session:
        assert upkeep.named_in(session).derived == before | {"ab" * 32}
    with lib.write() as session:
        thumbnails.keep(session, picture, "ef" * 32)
        assert thumbnails.kept(session, picture) == "ef" * 32
        assert thumbnails.kept(session, "11" * 32) is None


def test_the_copy_of_an_older_version_names_what_it_has(lib: Library, shelf: Shelf) -> None:
    with lib.write() as session:
        session.execute(text("DROP TABLE thumbnails"))
    with lib.read() as session:
        assert len(upkeep.named_in(session).pictures) == 2
