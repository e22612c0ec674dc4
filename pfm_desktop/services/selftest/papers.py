"""What is written and read back: the report as PDF, the answer as JSON, the visit as DICOM."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import Context
from pfm_desktop.services.selftest.bench import Bench, there
from pfm_desktop.support.errors import BadInputError, UserError


def report(ctx: Context, bench: Bench) -> str:
    """The report as PDF."""
    from pfm_desktop.interop.pdf import write_pdf
    from pfm_desktop.services import cases, report, review

    lib = there(bench.lib)
    review.set_impression(lib, bench.visit, Grade.HIGH)
    review.reveal(lib, bench.visit, "selftest")
    case = cases.visit_case(lib, bench.visit)
    content = report.report_of_visit(lib, case, bench.answer, bench.pictures, software="selftest")
    data = write_pdf(bench.folder / "report.pdf", content).read_bytes()
    pages = [int(count) for count in re.findall(rb"/Count (\d+)", data)]
    if not data.startswith(b"%PDF") or not data.rstrip().endswith(b"%%EOF") or sum(pages) < 1:
        raise UserError("what was written as a report is no PDF")
    return f"PDF of {sum(pages)} pages, {len(data) // 1024} kB, written and read back"


def write_json(ctx: Context, bench: Bench) -> str:
    """The answer as JSON."""
    from pfm_desktop.services.analysis_files import public_json
    from pfm_desktop.support.files import write_text

    content = public_json(there(bench.answer).analysis)
    write_text(bench.folder / "answer.json", json.dumps(content, allow_nan=False))
    if json.loads((bench.folder / "answer.json").read_text(encoding="utf-8")) != content:
        raise UserError("the JSON that was written is not what is read back")
    return "written and read back"


def dicom(ctx: Context, bench: Bench) -> str:
    """The visit is exported as DICOM; its pictures are read back."""
    from pfm_desktop.interop.dicom.read import read_dicom_picture
    from pfm_desktop.services.export.dicom_visit import export_dicom

    made = export_dicom(ctx, there(bench.lib), [bench.visit], bench.folder / "dicom")
    files = sorted(made.folder.rglob("*.dcm"))
    read = 0
    for file in files:
        with suppress(BadInputError):  # what is no picture: reading, registration, report
            read += len(read_dicom_picture(file.read_bytes(), file.name).frames)
    if read < len(bench.files):
        raise UserError(f"of {len(bench.files)} pictures {read} were read back")
    return f"{len(files)} files written, {read} pictures read back"
