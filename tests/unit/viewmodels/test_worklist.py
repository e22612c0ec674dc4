"""What the Today list says of a visit."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pfm_desktop.domain.case import DAY_ONLY, Patient, Visit, VisitRow
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels import worklist
from pfm_desktop.viewmodels.worklist import BORN, IMPRESSION, LIMIT, NAME, PICTURES, SIGNED, WHEN, ordered, work_rows

NOW = datetime(2026, 11, 25, 14, 0).astimezone()  # in the zone of this computer, as the list is


def row(name: str, at: datetime = NOW, *, pictures: int = 0, white: bool = False, lit: bool = False,
        impression: str = "", signed: bool = False) -> VisitRow:  # fmt: skip
    patient = Patient(name, f"ID-{name}", name, "", None)
    return VisitRow(Visit(name, name, at), patient, pictures, white, lit, impression, signed, 0)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW - timedelta(hours=5), "Today 09:00"),
        (NOW - timedelta(hours=15), "Yesterday 23:00"),
        (NOW - timedelta(days=2), "23 Nov 2026 14:00"),
        (NOW + timedelta(days=1), "26 Nov 2026 14:00"),
    ],
)
def test_the_day_is_said_as_people_say_it(at: datetime, said: str) -> None:
    assert work_rows([row("a", at)], NOW)[0].cells[WHEN] == said


@pytest.mark.parametrize(
    ("white", "lit", "count", "said"),
    [
        (True, True, 4, "both sources (4)"),
        (True, False, 1, "white light (1)"),
        (False, True, 2, "fluorescence (2)"),
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


def test_a_woman_is_named_with_her_number_and_an_unassigned_visit_as_such() -> None:
    nobody = replace(row(""), patient=Patient("1", "Unassigned 2026-11-30 20:37:43", "", "", None))
    without_name = replace(row(""), patient=Patient("1", "K-1", "", "", None))
    assert [one.woman for one in work_rows([row("Adler"), nobody, without_name], NOW)] == [
        "Adler, ID ID-Adler",
        "Unassigned 2026-11-30 20:37:43",
        "(no name), ID K-1",
    ]


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


@pytest.mark.parametrize(
    "typed", ["1988-03-14", "14.03.1988", "14/3/1988", " 1988-3-14 ", "14 Mar 1988", "14 march 1988"]
)
def test_a_birth_date_may_be_typed_in_the_usual_ways(typed: str) -> None:
    assert worklist.parsed_birth_date(typed) == date(1988, 3, 14)


@pytest.mark.parametrize("typed", ["14.03.88", "1988-02-30", "yesterday", "2999-01-01", "0000-00-00", "14 Mai 1988"])
def test_what_is_no_birth_date_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadInputError, match="1988-03-14"):
        worklist.parsed_birth_date(typed)


def test_a_birth_date_whose_month_would_be_a_guess_is_refused_and_both_readings_are_named() -> None:
    with pytest.raises(BadInputError) as refused:
        worklist.parsed_birth_date("03/04/1988")
    said = f"{refused.value} {refused.value.remedy}"
    assert all(words in said for words in ("3 Apr", "4 Mar", "like 3 Apr 1988"))
    assert worklist.parsed_birth_date("04/04/1988") == date(1988, 4, 4)
    assert worklist.parsed_birth_date("03.04.1988") == date(1988, 4, 3)


def test_a_month_that_begins_as_another_one_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    french = ("janvier", "février", "mars", "avril", "mai", "juin",
              "juillet", "août", "septembre", "octobre", "novembre", "décembre")  # fmt: skip
    monkeypatch.setattr(moments, "LONG_MONTHS", french)
    monkeypatch.setattr(moments, "SHORT_MONTHS", tuple(name[:4] for name in french))
    assert worklist.parsed_birth_date("14 juin 1988") == date(1988, 6, 14)
    assert worklist.parsed_birth_date("14 juil. 1988") == date(1988, 7, 14)
    with pytest.raises(BadInputError, match="no birth date"):
        worklist.parsed_birth_date("14 jui 1988")


def test_no_birth_date_is_allowed() -> None:
    assert worklist.parsed_birth_date("  ") is None
    assert worklist.birth_text(None) == "unknown"


def test_a_birth_date_that_was_read_can_be_typed_back() -> None:
    for month in range(1, 13):
        born = date(1988, month, 5)
        assert worklist.parsed_birth_date(worklist.birth_text(born)) == born


def test_a_visit_keeps_its_hour_all_year_and_names_its_zone_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        now = datetime(2026, 11, 25, 13, 0, tzinfo=UTC).astimezone()
        (line,) = work_rows([row("a", datetime(2026, 7, 1, 12, 0, tzinfo=UTC))], now)
        assert line.cells[WHEN] == "01 Jul 2026 14:00"
        assert line.full(WHEN) == "01 Jul 2026 14:00 UTC+02:00"
        assert line.full(NAME) == "a"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_visit_of_which_only_the_day_is_known_shows_no_time_of_day() -> None:
    for back, said in ((0, "Today"), (1, "Yesterday"), (2, "23 Nov 2026")):
        at = NOW.replace(hour=0) - timedelta(days=back)
        found = row("a", at)
        found = replace(found, visit=replace(found.visit, note=DAY_ONLY))
        (line,) = work_rows([found], NOW)
        assert line.cells[WHEN] == said
        assert line.when == moments.day(at)
    timed = replace(found.visit, started_at=NOW, note="")  # somebody said the time since
    assert worklist.moment_of(timed) == moments.moment(NOW)


def test_what_is_kept_from_who_reads_is_hidden_and_not_missing() -> None:
    (line,) = work_rows([replace(row("a"), hidden=True)], NOW)
    assert (line.cells[BORN], line.cells[IMPRESSION]) == ("hidden", "hidden")
