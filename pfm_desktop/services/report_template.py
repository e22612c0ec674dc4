"""The template of reports that the site of a library has chosen, and a report made by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.report_template import SECTIONS, ReportTemplate
from pfm_desktop.interop.pdf_content import ReportContent
from pfm_desktop.interop.pdf_words import GRADE_NAMES
from pfm_desktop.services.answering import valid
from pfm_desktop.storage import journal, records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day

KEY = "report_template"


def site_template(lib: Library) -> tuple[ReportTemplate, str]:
    """The one that was chosen here, an empty one where none was; and why what is kept cannot be used ("" where it
    can)."""
    with lib.read() as session:
        kept = records.snapshot(session, "site_choice", KEY)
    return _read(kept)


def template_of(lib: Library, findings: Findings) -> tuple[ReportTemplate, str]:
    """As `site_template`: the one that was chosen when the findings were signed, since what was signed stays as it was;
    the present one where they are not."""
    signature = findings.signature
    if signature is None:
        return site_template(lib)
    signed_at = signature.signed_at.isoformat()
    with lib.read() as session:
        lines = journal.entries(session, what="findings", key=findings.visit_id, limit=None)
        signed = [line for line in lines if ((line.new or {}).get("signature") or {}).get("signed_at") == signed_at]
        after = signed[-1].seq if signed else 0
        changed = journal.entries(session, after=after, what="site_choice", key=KEY, limit=1) if signed else ()
        kept = changed[0].old if changed else records.snapshot(session, "site_choice", KEY)
    return _read(kept)


def _read(kept: Mapping[str, Any] | None) -> tuple[ReportTemplate, str]:
    if kept is None:
        return ReportTemplate(), ""
    try:
        return ReportTemplate.from_json(kept["value"]), ""
    except ValueError as error:
        return ReportTemplate(), tr("The site's template of reports was not used: {reason}.", reason=error)


def change_site_template(lib: Library, *, heading: str, closing: str, leave_out: tuple[str, ...]) -> Change:
    """Choose what reports have from now on. `BadInputError` for closing words with a field that no report has."""
    template = valid(lambda: ReportTemplate(heading.strip(), closing.strip(), leave_out))
    with lib.read() as session:
        old = records.snapshot(session, "site_choice", KEY)
    return lib.apply(Change("site_choice", KEY, old, {"value": template.to_json()}, "Template of reports changed"))


def by_template(content: ReportContent, template: ReportTemplate, problem: str = "") -> ReportContent:
    """A report as the site wants it; it says itself what was left out, and why the template was not used."""
    gone = frozenset(template.leave_out)
    emptied: dict[str, dict[str, Any]] = {
        "referral": {"referral": ()},
        "pictures": {"pictures": (), "missing": ()},
        "examination": {"examination": None, "whitenings": (), "assessment": (), "lesions": ()},
        "scores": {"swede": ()},
        "biopsies": {"pins": ()},
        "diagram": {"diagram": None},
    }
    changes = {name: value for section in gone for name, value in emptied[section].items()}
    names = COMMA.join(title.lower() for key, title in SECTIONS.items() if key in gone)
    notes = [tr("Left out by the template of this site: {names}.", names=names)] if names else []
    notes += [problem] if problem else []
    return replace(
        content,
        **changes,
        heading=template.heading,
        closing=template.closed(_said(content)),
        notes=(*content.notes, *notes),
    )


def _said(content: ReportContent) -> dict[str, str]:
    findings = content.findings
    impression = findings.impression if findings is not None else None
    visit = content.visit_day or (content.visit_at.astimezone().date() if content.visit_at is not None else None)
    return {
        "name": content.patient_name,
        "identifier": content.patient_identifier,
        "born": day(content.birth_date) if content.birth_date else tr("unknown", "day"),
        "visit": day(visit) if visit is not None else tr("unknown", "day"),
        "examiner": content.examiner or tr("not named"),
        "impression": GRADE_NAMES[impression] if impression is not None else tr("none given"),
    }
