"""Lines of the audit trail in words, and the check of the trail."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pfm_desktop.domain.examination import Step, plan_to_json
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import audit, cases, review
from pfm_desktop.services.audit import Field, Kind, Told, Wanted
from pfm_desktop.services.audit_words import exactly, short, value_words
from pfm_desktop.storage.audit_lines import AuditLine, UnreadLine
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE

CTX = SilentContext()
AT = datetime(2026, 3, 14, 8, 30, 5, tzinfo=UTC)


def line(what: str, old: Any, new: Any, text: str = "Said") -> Told:
    return audit.told(AuditLine(7, AT, "Dr. A", what, "k", old, new, text, "c" * 64))


def newest(lib: Library, wanted: Wanted | None = None) -> Told:
    return audit.read(CTX, lib, wanted or Wanted(), limit=1)[0]


@pytest.fixture
def visit(lib: Library) -> str:
    woman = cases.add_patient(
        lib, identifier="K-1", family_name="Ärzte", given_name="Ada", birth_date=date(1980, 2, 29)
    )
    return cases.add_visit(lib, woman.id, indication="HPV").id


def test_a_line_says_when_who_what_about_whom_and_each_field_before_and_after(lib: Library, visit: str) -> None:
    lib.who = "Dr. Roth"
    review.set_impression(lib, visit, Grade.LOW)
    review.set_impression(lib, visit, Grade.HIGH)
    told = newest(lib)
    assert (told.who, told.kind, told.text) == ("Dr. Roth", "Findings", "Impression: high")
    assert told.about == "K-1 Ärzte, Ada"
    assert told.visit
    assert told.fields == (Field("Impression", "low (LSIL, CIN1)", "high (HSIL, CIN2-3)"),)
    assert told.fields[0].short == "Impression: low (LSIL, CIN1) -> high (HSIL, CIN2-3)"
    assert (told.made, told.removed) == (False, False)


def test_the_swede_items_are_told_with_their_wording(lib: Library, visit: str) -> None:
    review.set_swede(lib, visit, SwedeScore(vessels=1))
    (field,) = newest(lib).fields
    assert field == Field("Vessels", "none", "1: Absent")


def test_what_was_not_there_before_has_no_before(lib: Library) -> None:
    cases.add_patient(lib, identifier="K-2", family_name="New", birth_date=date(1980, 2, 29))
    told = newest(lib)
    assert told.made
    assert told.fields[0] == Field("ID", "", "K-2")
    assert Field("Birth date", "", "29 Feb 1980") in told.fields
    assert Field("Given name", "", "(empty)") in told.fields


def test_what_was_removed_says_what_it_was() -> None:
    told = line("pin", {"letter": "A", "frame": "white", "x": 1.5, "pair_id": "c" * 32}, None)
    assert told.removed
    assert told.fields[0].short == "Letter: was A"
    assert Field("On the picture of", "white light", "") in told.fields
    assert told.fields[-1].name == "Pair (internal number)"


def test_an_event_is_neither_made_nor_removed() -> None:
    told = line("setting", None, {"on": False})
    assert (told.made, told.removed) == (False, False)
    assert told.fields == (Field("Switched on", "", "no"),)
    assert told.kind == "Setting"


def test_records_inside_records_are_told_field_by_field() -> None:
    told = line(
        "registration", None, {"by_hand": True, "summary": {"status": "ok", "matrix": [[1.0, 0.0], [0.0, 1.0]]}}
    )
    assert [(field.name, field.after) for field in told.fields] == [
        ("By hand", "yes"),
        ("Result, Status", "ok"),
        ("Result, Matrix", "2 entries: 1.0, 0.0; 0.0, 1.0"),
    ]


def test_a_read_and_a_signature_are_sentences_and_no_json(lib: Library, visit: str) -> None:
    lib.who = "Dr. Roth"
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Roth")
    read = newest(lib).fields[0]
    assert read.name == "First read"
    assert read.before == "none"
    assert read.after.startswith("low (LSIL, CIN1), Dr. Roth, ")
    review.sign(lib, visit, "Dr. Roth", "Reviewed")
    assert newest(lib, Wanted(words="signed")).fields[0].after.endswith(": Reviewed")
    assert "{" not in "".join(
        field.before + field.after for told in audit.read(CTX, lib, Wanted()) for field in told.fields
    )


def test_a_long_value_is_shortened_in_its_line_and_whole_beside_it(lib: Library, visit: str) -> None:
    text = "Sharp margins at 2 o'clock.\n" * 50
    review.set_text(lib, visit, text)
    (field,) = newest(lib).fields
    assert field.after == text
    assert len(field.short) < 200
    assert "\n" not in field.short
    assert field.short.endswith(" ...")
    assert short("brief") == "brief"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("impression", None, "none"),
        ("impression", "cancer", "cancer"),
        ("impression", "no grade", "no grade"),
        ("vessels", 7, "7"),
        ("birth_date", "soon", "soon"),
        ("stage", "fluorescence_after_acid", "fluorescence after acetic acid"),
        ("stage", "lugol", "Lugol's iodine"),
        ("frame", 5, "5"),
        ("first_read", {"impression": "low"}, '{"impression": "low"}'),
        ("signature", [], "(empty)"),
        ("x", 1.25, "1.25"),
        ("x", float("nan"), "nan"),
        ("anything", True, "yes"),
        ("anything", "  ", "(empty)"),
        ("anything", ["a", 1], "a, 1"),
        ("anything", {"a": {"b": 1}}, '{"a": {"b": 1}}'),
        ("anything", "2026-13-45T99:99:99+00:00", "2026-13-45T99:99:99+00:00"),
    ],
)
def test_values_that_the_program_never_writes_are_told_as_they_are(name: str, value: Any, words: str) -> None:
    assert value_words(name, value) == words


@pytest.mark.parametrize("side", [[1, 2], "text", 5, {"": None}, {"first_read": "x"}, {"a": {"b": {"c": {"d": 1}}}}])
def test_whatever_stands_on_a_side_a_line_is_told(side: Any) -> None:
    assert line("findings", side, {"impression": "low"}).fields
    assert line("no such kind", None, side).kind == "No such kind"


def test_the_ends_of_the_calendar_are_told() -> None:
    assert exactly(datetime.min.replace(tzinfo=UTC)).startswith("01 Jan 1 ")
    assert "9999" in exactly(datetime.max.replace(tzinfo=UTC)) or exactly(datetime.max.replace(tzinfo=UTC))


def test_a_line_that_cannot_be_read_says_so() -> None:
    told = audit.told(UnreadLine(9, "x"))
    assert not told.readable
    assert told.text == audit.UNREADABLE


def test_a_filter_is_said_in_words() -> None:
    assert audit.filter_words(Wanted()) == "all lines"
    wanted = Wanted("roth", date(2026, 3, 1), date(2026, 3, 31), Kind.EXPORTS, "K-1", "pdf")
    said = 'by roth, from 01 Mar 2026, until 31 Mar 2026, exports only, about K-1, with the words "pdf"'
    assert audit.filter_words(wanted) == said


def test_a_trail_that_holds_is_found_whole_and_told_how_far_it_is(lib: Library, visit: str) -> None:
    told: list[float] = []
    ctx = CallbackContext(lambda done, _total, _text: told.append(done), lambda: False)
    found = audit.verify(ctx, lib)
    assert found.problems == ()
    assert told == [0, found.lines]


def test_an_altered_line_is_found(lib: Library, visit: str) -> None:
    behind = sqlite3.connect(lib.path / DATABASE)
    behind.execute("UPDATE journal SET new = ? WHERE seq = 1", (json.dumps({"identifier": "K-2"}),))
    behind.commit()
    behind.close()
    (problem,) = audit.verify(CTX, lib).problems
    assert "line 1" in problem


def test_a_line_that_cannot_be_read_does_not_hide_another_that_was_altered(lib: Library, visit: str) -> None:
    review.set_impression(lib, visit, Grade.LOW)
    behind = sqlite3.connect(lib.path / DATABASE)
    behind.execute("UPDATE journal SET new = '{' WHERE seq = 1")
    behind.execute("UPDATE journal SET who = 'x' WHERE seq = 3")
    behind.commit()
    behind.close()
    first, second = audit.verify(CTX, lib).problems
    assert "line 1 is not what was written" in first
    assert "line 3" in second


def test_the_check_stops_when_it_is_asked_to(lib: Library, visit: str) -> None:
    with pytest.raises(Cancelled):
        audit.verify(CallbackContext(lambda *_: None, lambda: True), lib)
    with pytest.raises(Cancelled):
        audit.read(CallbackContext(lambda *_: None, lambda: True), lib, Wanted(words="x"))


def test_what_a_live_examination_left_is_told_in_words() -> None:
    plan = plan_to_json((Step(Stage.ACETIC_ACID, starts_clock=True), Step(Stage.ACETIC_ACID, 60.0, True, True)))
    told = line("examination", {"plan": plan, "skipped": []}, {"plan": plan, "skipped": ["acetic_acid@15", "green"]})
    assert told.kind == "Examination"
    fields = {field.name: field.after for field in told.fields}
    assert fields["Steps passed over"] == "acetic acid, 15 s; green"
    assert value_words("plan", plan) == "acetic acid, starts the clock; acetic acid, 60 s, pair, by itself"
    assert value_words("plan", "colposcopy in a year") == "colposcopy in a year"
    for odd in ([{"stage": "tea"}], [3], {"a": 1}):
        assert value_words("plan", odd)
        assert value_words("skipped", odd)
    told = line("allergies", {"iodine_allergy": None}, {"iodine_allergy": True})
    assert told.fields == (Field("Allergy to iodine", "none", "yes"),)
    told = line("acquisition", None, {"exposure_ms": 12.5, "gap_s": -0.3, "dark_sha256": "", "automatic": ["gain"]})
    assert told.kind == "How a picture was taken"
    assert [(field.name, field.after) for field in told.fields] == [
        ("Exposure (ms)", "12.5"),
        ("After the other picture of its pair (s)", "-0.3"),
        ("Chosen by the camera itself", "gain"),
        ("SHA-256 of the dark frame", "(empty)"),
    ]
