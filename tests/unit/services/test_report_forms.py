"""What was said by forms, as lines of a report."""

from __future__ import annotations

from pfm_desktop.services.report_forms import assessment_lines


def test_an_inadequate_examination_without_a_reason_says_that_none_was_given() -> None:
    said = assessment_lines({"adequacy": "inadequate", "scj": "not_visible"})
    assert said == (
        ("Examination", "inadequate"),
        ("Inadequate for", "no reason given"),
        ("Junction (SCJ)", "not visible"),
    )


def test_where_a_reason_was_given_or_none_is_asked_there_is_no_such_line() -> None:
    given = assessment_lines({"adequacy": "inadequate", "inadequate_for": ["bleeding"]})
    assert given == (("Examination", "inadequate"), ("Inadequate for", "bleeding"))
    assert assessment_lines({"adequacy": "adequate"}) == (("Examination", "adequate"),)
    assert assessment_lines({}) == ()
