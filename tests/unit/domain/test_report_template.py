"""What a site may choose of its reports."""

from __future__ import annotations

from typing import Any

import pytest

from pfm_desktop.domain.report_template import FIELDS, ReportTemplate

SAID = {name: name.upper() for name in FIELDS}


def test_fields_of_the_closing_words_are_filled_in() -> None:
    made = ReportTemplate(closing="Dear colleague, {name} ({identifier}) was seen on {visit}. {{draft}}")
    assert made.closed(SAID) == "Dear colleague, NAME (IDENTIFIER) was seen on VISIT. {draft}"
    assert ReportTemplate().closed(SAID) == ""


@pytest.mark.parametrize("closing", ["{telephone}", "{}", "{name!r}", "{name:>9}", "{name.__class__}", "{0}"])
def test_a_field_that_no_report_has_is_named(closing: str) -> None:
    with pytest.raises(ValueError, match=r"there are \{name\}, \{identifier\}"):
        ReportTemplate(closing=closing)


@pytest.mark.parametrize("closing", ["{name", "name}", "{", "}{"])
def test_a_brace_that_is_not_closed_is_said(closing: str) -> None:
    with pytest.raises(ValueError, match="a brace"):
        ReportTemplate(closing=closing)


def test_what_is_too_long_or_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 1000"):
        ReportTemplate(heading="x" * 1001)
    with pytest.raises(ValueError, match="no section signature"):
        ReportTemplate(leave_out=("signature",))


@pytest.mark.parametrize(
    ("kept", "made"),
    [
        ({}, ReportTemplate()),
        ({"heading": "Clinic"}, ReportTemplate("Clinic")),  # a version that knew no more
        (ReportTemplate("A", "{name}", ("diagram",)).to_json(), ReportTemplate("A", "{name}", ("diagram",))),
    ],
)
def test_what_is_kept_comes_back_and_what_is_missing_is_empty(kept: Any, made: ReportTemplate) -> None:
    assert ReportTemplate.from_json(kept) == made


@pytest.mark.parametrize("kept", [None, "x", [], {"leave_out": "diagram"}, {"leave_out": [1]}, {"closing": "{x}"}])
def test_what_is_no_template_is_said(kept: Any) -> None:
    with pytest.raises(ValueError, match=r"template|sections|section|field"):
        ReportTemplate.from_json(kept)
