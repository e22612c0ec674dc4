"""What the Today list says of a visit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pfm_desktop.domain.case import Patient, Visit, VisitRow
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels import worklist
from pfm_desktop.viewmodels.worklist import IMPRESSION, LIMIT, NAME, PICTURES, SIGNED, WHEN, ordered, work_rows

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def row(name: str, at: datetime = NOW, *, pictures: int = 0, white: bool = False, lit: bool = False,
        impression: str = "", signed: bool = False) -> VisitRow:  # fmt: skip
    patient = Patient(name, f"ID-{name}", name, "", None)
    return VisitRow(Visit(name, name, at), patient, pictures, white, lit, impression, signed, 0)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW - timedelta(hours=5), "Today 09:00"),
        (NOW - timedelta(hours=15), "Yesterday 23:00"),
        (NOW - timedelta(days=2), "2026-11-23 14:00"),
        (NOW + timedelta(days=1), "2026-11-26 14:00"),
    ],
)
def test_the_day_is_said_as_people_say_it(at: datetime, said: str) -> None:
    assert work_rows([row("a", at)], NOW)[0].cells[WHEN] == said


@pytest.mark.parametrize(
    ("white", "lit", "count", "said"),
    [
        (True, True, 4, "both sources (4)"),
        (True, False, 1, "white light only (1)"),
        (False, True, 2, "fluorescence only (2)"),
        (False, False, 0, "none"),
    ],
)
def test_a_missing_source_is_said_in_words(white: bool, lit: bool, count: int, said: str) -> None:
    assert work_rows([row("a", pictures=count, white=white, lit=lit)], NOW)[0].cells[PICTURES] == said


def test_impressions_sort_by_severity_and_not_by_letter() -> None:
    rows = work_rows([row(grade or "x", impression=grade) for grade in ("cancer", "low", "", "normal", "high")], NOW)
    assert [line.cells[IMPRESSION] for line in ordered(rows, IMPRESSION, descending=True)] == [
        "cancer", "high", "low", "normal", "not read yet",
    ]  # fmt: skip


def test_equal_rows_keep_the_newest_first_order() -> None:
    rows = work_rows([row("new"), row("old", NOW - timedelta(days=3))], NOW)
    assert [line.cells[NAME] for line in ordered(rows, SIGNED, descending=False)] == ["new", "old"]


def test_only_visits_of_today_are_marked_as_such() -> None:
    rows = work_rows([row("a"), row("b", NOW - timedelta(days=1))], NOW)
    assert [line.today for line in rows] == [True, False]


def test_a_list_that_was_cut_says_so() -> None:
    assert "search to find older" in worklist.count_text(LIMIT, "")
    assert worklist.count_text(1, "") == "1 visit"
    assert worklist.count_text(3, "a") == "3 visits found"


@pytest.mark.parametrize("typed", ["1988-03-14", "14.03.1988", "14/3/1988", " 1988-3-14 "])
def test_a_birth_date_may_be_typed_in_the_usual_ways(typed: str) -> None:
    assert worklist.parsed_birth_date(typed) == date(1988, 3, 14)


@pytest.mark.parametrize("typed", ["14.03.88", "1988-02-30", "yesterday", "2999-01-01", "0000-00-00"])
def test_what_is_no_birth_date_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadInputError, match="1988-03-14"):
        worklist.parsed_birth_date(typed)


def test_no_birth_date_is_allowed() -> None:
    assert worklist.parsed_birth_date("  ") is None
    assert worklist.birth_text(None) == "unknown"
