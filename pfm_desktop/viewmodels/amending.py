"""Amending a signed report: what is asked, what is kept. No Qt."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.amendment import checked_reason
from pfm_desktop.domain.people import Act
from pfm_desktop.support.errors import capital
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.report_form import Saved

if TYPE_CHECKING:
    from pfm_desktop.domain.amendment import Amendment
    from pfm_desktop.domain.change import Change
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.report_form import MakeContent, ReportSources

ASK = tr(
    "The report that was signed is kept as it is. The visit can be changed then, and has to be signed anew; the new "
    "report says which one it takes the place of, and why."
)
STOPPED = tr("It was stopped: the visit is signed as before.")


def why_not(reason: str) -> str:
    """Why a reason cannot be kept; "" where it can."""
    try:
        checked_reason(reason)
    except ValueError as error:
        return f"{capital(str(error))}."
    return ""


def original_words(one: Amendment) -> str:
    """How an earlier report is called."""
    return tr("Save report signed {day}...", day=day(one.signature.signed_at))


def original_name(one: Amendment) -> str:
    """A name for its file that tells nobody whose it is."""
    return f"colposcopy-report-signed-{one.signature.signed_at.astimezone():%Y-%m-%d}-{one.visit_id[:6]}.pdf"


def amend(ctx: Context, lib: Library, sources: ReportSources, reason: str, make: MakeContent) -> tuple[Change, ...]:
    """Job: make the report as it was signed, keep it, and open the visit again. Raises `UserError`: the visit is signed
    as before then."""
    from pfm_desktop.interop.pdf import pdf_bytes
    from pfm_desktop.services import amending

    ctx.progress(0, 2, tr("Making the report that was signed"))
    report = pdf_bytes(make(lib, sources))
    ctx.progress(1, 2, tr("Keeping it"))
    return amending.amend(lib, sources.case.visit.id, reason, report)


def save_original(ctx: Context, lib: Library, one: Amendment, path: str) -> Saved:
    """Job: write an earlier report as it was signed, as `report_form.save_report` writes one."""
    from pfm_desktop.services import amending, on_record
    from pfm_desktop.storage import access
    from pfm_desktop.support.files import replacing

    access.require(lib.account, Act.EXPORT)
    ctx.progress(0, 1, tr("Reading the report"))
    data = amending.original(lib, one)
    out = Path(path)
    details = {"signed": True, "sha256": hashlib.sha256(data).hexdigest()}
    with replacing(out) as stream:
        stream.write(data)
        recorded = on_record.note(lib, "export", one.visit_id, "Report saved as PDF, as it was signed", details)
    return Saved(out, recorded=recorded)
