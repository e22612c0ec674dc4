"""What the page of the audit trail shows: questions, lines, details, verdicts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import audit as service
from pfm_desktop.services import audit_key, cases, review
from pfm_desktop.services.audit import PAGE, AuditCheck, Field, Kind, Told, Wanted
from pfm_desktop.services.audit_export import Exported
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.viewmodels import audit
from pfm_desktop.viewmodels.audit import ABOUT, HAPPENED, WHEN, AuditList

CTX = SilentContext()
AT = datetime(2026, 3, 14, 8, 30, 5, tzinfo=UTC)


def told(seq: int = 1, text: str = "Said", **more: object) -> Told:
    return Told(seq, "a moment", "Dr. A", "Findings", text, at=AT.isoformat(), **more)  # type: ignore[arg-type]


def listed(*lines: Told, wanted: Wanted | None = None) -> AuditList:
    made = AuditList()
    made.ask(wanted or Wanted())
    made.add(lines)
    return made


# questions


def test_empty_fields_ask_for_everything() -> None:
    assert audit.question().all
    assert audit.question(words="  ", who=" ", since=" ").all


@pytest.mark.parametrize("typed", ["14 Mar 2026", "2026-03-14", "14.3.2026", "14/03/2026", " 14 March 2026 "])
def test_a_day_is_known_however_it_is_typed(typed: str) -> None:
    assert audit.question(since=typed).since == date(2026, 3, 14)
    assert audit.question(until=typed).until == date(2026, 3, 14)


def test_a_day_to_come_may_be_asked_for() -> None:
    assert audit.question(until="31 Dec 2999").until == date(2999, 12, 31)


@pytest.mark.parametrize("typed", ["soon", "2026-02-30", "14 Mar", "0", "2026"])
def test_what_is_no_day_is_said_and_how_to_write_one(typed: str) -> None:
    with pytest.raises(BadInputError, match=r"is no day\. write it like"):
        audit.question(since=typed)


def test_a_day_that_can_be_two_is_not_guessed() -> None:
    with pytest.raises(BadInputError, match="can mean 3 Apr or 4 Mar") as caught:
        audit.question(since="3/4/2026")
    assert not caught.value.safe  # nothing was to be saved


def test_every_kind_can_be_chosen() -> None:
    assert {kind for _, kind in audit.KINDS} == {None, *Kind}
    assert audit.question(kind=Kind.EXPORTS, about=" K-1 ") == Wanted(kind=Kind.EXPORTS, about="K-1")


# the list


def test_pages_follow_each_other_until_one_is_not_full() -> None:
    made = AuditList()
    made.ask(Wanted())
    assert made.before is None
    made.add([told(seq) for seq in range(500, 500 - PAGE, -1)])
    assert made.before == 501 - PAGE
    assert not made.complete
    assert made.count == f"the newest {PAGE} lines; scroll down for older ones"
    made.add([told(3), told(2)])
    assert made.complete
    assert made.count == f"{PAGE + 2} lines"


def test_another_question_begins_anew() -> None:
    made = listed(told())
    made.ask(Wanted(who="x"))
    assert (made.rows, made.before, made.complete) == ([], None, False)


def test_what_was_filtered_is_said_to_be_found() -> None:
    assert listed(told(), wanted=Wanted(who="a")).count == "1 line found"
    assert listed(told()).count == "1 line"


def test_an_empty_list_says_why_and_what_to_do() -> None:
    assert "Nothing is on record yet" in listed().empty
    assert "Clear one of them" in listed(wanted=Wanted(words="x")).empty
    turned = Wanted(since=date(2026, 3, 2), until=date(2026, 3, 1))
    assert "the first day comes after the last" in listed(wanted=turned).empty


def test_a_line_shows_seconds_and_the_zone_where_there_is_room() -> None:
    (row,) = listed(told(about="K-1 Adler, Anna")).rows
    assert row.cells[WHEN].endswith(":05")
    assert row.full(WHEN) == "a moment"
    assert row.full(ABOUT) == row.cells[ABOUT] == "K-1 Adler, Anna"


@pytest.mark.parametrize(
    ("text", "fields", "shown"),
    [
        ("Plan", [("Plan", "(empty)", "Biopsy")], "Plan: (empty) -> Biopsy"),
        ("Impression: high", [("Impression", "low", "high")], "Impression: low -> high"),
        ("Undo: Plan", [("Plan", "Biopsy", "(empty)")], "Undo: Plan (Plan: Biopsy -> (empty))"),
        ("Pin A moved", [("From the left (pixels)", "1", "2"), ("From the top (pixels)", "1", "3")], "Pin A moved"),
        ("Switched", [("Switched on", "", "no")], "Switched"),
        ("Mark removed", [("From the left (pixels)", "1", "")], "Mark removed"),
    ],
)
def test_where_one_field_changed_the_line_says_how(text: str, fields: list[tuple[str, str, str]], shown: str) -> None:
    (row,) = listed(told(text=text, fields=tuple(Field(*field) for field in fields))).rows
    assert row.cells[HAPPENED] == shown


def test_a_line_of_the_list_is_one_line_however_long_the_value() -> None:
    (row,) = listed(told(text="Findings text", fields=(Field("Findings text", "a", "b\n" * 9000),))).rows
    assert "\n" not in row.cells[HAPPENED]
    assert len(row.cells[HAPPENED]) <= 300


# details


def test_the_details_show_both_sides_whole() -> None:
    long = "long " * 100
    (row,) = listed(told(about="K-1", visit="a day", fields=(Field("Plan", "a", long), Field("Note", "b", "c")))).rows
    shown = audit.details(row)
    assert (shown.before, shown.after) == ("Before", "After")
    assert shown.fields[0].after == long
    assert len(shown.fields[0].cells[2]) <= 140
    assert [field.is_long for field in shown.fields] == [True, False]
    assert "visit of a day" in shown.about
    assert "Line 1, a moment, by Dr. A" in shown.about


@pytest.mark.parametrize(
    ("line", "sides"),
    [
        (told(fields=(Field("ID", "", "K-1"),), made=True), ("", "Is now")),
        (told(fields=(Field("Letter", "A", ""),), removed=True), ("Before it was removed", "")),
        (told(fields=(Field("Switched on", "", "no"),)), ("", "Said with it")),
        (told(), ("", "")),
    ],
)
def test_a_side_that_a_line_has_not_is_not_shown(line: Told, sides: tuple[str, str]) -> None:
    shown = audit.details(listed(line).rows[0])
    assert (shown.before, shown.after) == sides


def test_no_line_and_a_line_that_cannot_be_read_have_no_fields() -> None:
    assert audit.details(None) == audit.Details()
    unread = Told(7, "", "", "Altered", service.UNREADABLE, readable=False)
    (row,) = listed(unread).rows
    assert row.cells[WHEN] == ""
    shown = audit.details(row)
    assert shown.heading.startswith("Line 7: This line cannot be read")
    assert "backup" in shown.about


# check, export, key


def test_a_trail_that_holds_is_said_plainly() -> None:
    said = audit.verdict(AuditCheck(12345, ()))
    assert not said.bad
    assert said.text.startswith("The trail holds: all 12,345 lines are as written, in order, and none is missing.")
    assert "its 1 line is" in audit.verdict(AuditCheck(1, ())).text


def test_a_trail_that_does_not_hold_names_the_first_places_and_counts_the_rest() -> None:
    said = audit.verdict(AuditCheck(9, tuple(f"audit trail: line {number} is wrong" for number in range(1, 6))))
    assert said.bad
    assert said.text.startswith("The trail does not hold")
    assert "- Line 1 is wrong." in said.text
    assert "Line 4" not in said.text
    assert "and 2 more" in said.text


def test_an_export_says_what_it_holds_and_the_fingerprint() -> None:
    said = audit.exported_words(Exported(Path("/x/trail.jsonl"), 1200, whole=True, fingerprint="ab cd"))
    assert said == "Exported 1,200 lines (the whole trail) to trail.jsonl. Fingerprint of the key: ab cd"
    assert "a part of the trail" in audit.exported_words(Exported(Path("p"), 1, whole=False, fingerprint="ab"))


def test_the_suggested_name_says_the_day_and_whether_it_is_a_part() -> None:
    assert audit.default_name(Wanted(), date(2026, 3, 14)) == "audit trail 2026-03-14.jsonl"
    assert audit.default_name(Wanted(who="x"), date(2026, 3, 14)) == "audit trail 2026-03-14 (part).jsonl"


def test_the_jobs_read_check_and_export_the_library(lib: Library, tmp_path: Path) -> None:
    assert audit.read_fingerprint(CTX, lib) == audit.NO_KEY
    woman = cases.add_patient(lib, identifier="K-1", family_name="Adler")
    visit = cases.add_visit(lib, woman.id)
    review.set_impression(lib, visit.id, Grade.LOW)
    page = audit.read_page(CTX, lib, Wanted(), None)
    assert [line.seq for line in page] == [3, 2, 1]
    assert audit.read_page(CTX, lib, Wanted(), 2) == page[2:]
    assert not audit.check_trail(CTX, lib).bad
    made = audit.export(CTX, lib, str(tmp_path / "trail.jsonl"), Wanted())
    assert made.lines == 3
    assert made.fingerprint in audit.read_fingerprint(CTX, lib)


def test_a_damaged_key_is_said_in_settings(lib: Library) -> None:
    lib.set_meta(audit_key.KEY, "no key")
    assert "damaged" in audit.read_fingerprint(CTX, lib)
    with pytest.raises(UserError):
        audit_key.library_fingerprint(lib)
