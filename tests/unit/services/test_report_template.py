"""Reports as a site wants them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.report_template import SECTIONS, ReportTemplate
from pfm_desktop.interop.pdf import pdf_bytes
from pfm_desktop.interop.pdf_content import ReportContent, ReportPin
from pfm_desktop.services import cases, report_template, review
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels.report_preview import preview_html

CONTENT = ReportContent(
    made_at=datetime(2026, 3, 14, tzinfo=UTC), software="test", patient_name="Ana <b>", patient_identifier="K-1",
    birth_date=date(1988, 2, 29), visit_day=date(2026, 3, 13), examiner="Dr. Test", referral=(("Indication", "HPV"),),
    lesions=(("Lesion 1", "fine mosaic"),), pins=(ReportPin("A", "2 o'clock"),), swede=(("Vessels", "1", "Absent"),),
    findings=Findings("v", impression=Grade.HIGH), notes=("A note.",),
)  # fmt: skip


def test_what_the_site_chose_is_on_record_and_stands_in_the_report(lib: Library) -> None:
    assert report_template.site_template(lib) == (ReportTemplate(), "")
    report_template.change_site_template(
        lib,
        heading=" City clinic\n1 Road ",
        closing="Seen on {visit}: {impression}.",
        leave_out=("referral", "biopsies"),
    )
    made = report_template.by_template(CONTENT, *report_template.site_template(lib))
    assert (made.heading, made.closing) == ("City clinic\n1 Road", "Seen on 13 Mar 2026: high (HSIL, CIN2-3).")
    assert (made.referral, made.pins, made.lesions) == ((), (), CONTENT.lesions)
    assert made.notes == ("A note.", "Left out by the template of this site: referral, biopsies.")
    html = preview_html(made)
    assert "City clinic<br>1 Road" in html
    assert "2 o'clock" not in html
    assert pdf_bytes(made).startswith(b"%PDF")


def test_everything_may_be_left_out_but_who_she_is_findings_and_signature() -> None:
    made = report_template.by_template(CONTENT, ReportTemplate(leave_out=tuple(SECTIONS)))
    html = preview_html(made)
    for said in ("Ana &lt;b&gt;", "K-1", "high (HSIL, CIN2-3)", "Investigational - not for diagnosis", "Not signed"):
        assert said in html
    assert pdf_bytes(made).startswith(b"%PDF")


def test_a_field_that_no_report_has_changes_nothing(lib: Library) -> None:
    with pytest.raises(BadInputError, match=r"no field \{telephone\}"):
        report_template.change_site_template(lib, heading="", closing="{telephone}", leave_out=())
    assert report_template.site_template(lib) == (ReportTemplate(), "")


def test_a_template_of_another_version_is_not_used_and_the_report_says_so(lib: Library) -> None:
    lib.apply(Change("site_choice", report_template.KEY, None, {"value": {"closing": "{fax}"}}, "later version"))
    template, problem = report_template.site_template(lib)
    assert template == ReportTemplate()
    made = report_template.by_template(CONTENT, template, problem)
    assert made.notes[-1].startswith("The site's template of reports was not used: a report has no field {fax}")


def test_a_signed_report_keeps_the_template_by_which_it_was_signed(lib: Library) -> None:
    def chosen(closing: str) -> None:
        report_template.change_site_template(lib, heading="", closing=closing, leave_out=())

    def signed() -> Findings:
        patient = cases.add_patient(lib, identifier=cases.new_id(), family_name="Adler")
        visit = cases.add_visit(lib, patient.id).id
        review.set_impression(lib, visit, Grade.LOW)
        assert report_template.template_of(lib, review.findings(lib, visit)) == report_template.site_template(lib)
        review.sign(lib, visit, "Dr. Test", "Reported by me")
        return review.findings(lib, visit)

    without = signed()
    chosen("With regards")
    first = signed()
    chosen("Yours")
    second = signed()
    chosen("Faithfully")
    kept = [report_template.template_of(lib, found)[0].closing for found in (without, first, second)]
    assert kept == ["", "With regards", "Yours"]
