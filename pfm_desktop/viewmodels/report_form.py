"""Signing a visit and saving its report. No Qt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop import __version__
from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.prediction import OTHER_PAIR
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels.documenting import doubts_of
from pfm_desktop.viewmodels.findings import NO_VISIT, gaps_of

if TYPE_CHECKING:
    from pfm_desktop.interop.pdf_content import ReportContent
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer, PairPictures
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

SOFTWARE = f"pfm-desktop {__version__}"
# as they go on record: `meaning_words` for people
MEANINGS = ("Examined and reported by me", "Reviewed and confirmed by me", "Responsible for this report")
REPORTED = "Reported by me"  # in place of the first one where the record names another examiner
NOT_RECORDED = tr("A saved report is not recorded here: the library is read-only.")
LATER = tr("A saved report goes on record, with your name, at the next sign-in with which the library is written.")
FOR_GOOD = tr("What is signed stays: a change after it takes a reason, and this report is kept beside the new one.")


@dataclass(frozen=True)
class SignView:
    """`signed` says who signed ("" while nobody did); `blocked` why it cannot be signed now ("" when it can).

    `recorded_as` says under whose name the journal keeps the signing, where that is no reader's.
    `off_record` stands beside the save button where the export cannot be put on record.
    """

    signed: str = ""
    blocked: str = NO_VISIT
    gaps: str = ""
    no_saving: str = NO_VISIT
    off_record: str = ""
    recorded_as: str = ""


def sign_view(
    case: VisitCase | None, name: str, read_only_reason: str = "", unnamed: str = "", *, accounts: bool = False
) -> SignView:
    """The form for a visit, with `name` as typed; `unnamed`: see `Session`. `accounts`: the library has them."""
    if case is None:
        return SignView()
    # who must have the report now gets it, although this library takes no record of it
    read_only = tr("Read only: {why}.", why=read_only_reason) if read_only_reason else ""
    off_record = (LATER if accounts else NOT_RECORDED) if read_only else ""
    signature = case.findings.signature
    if signature is not None:
        said = tr(
            "Signed by {name} at {when}: {meaning}",
            name=signature.name,
            when=moment(signature.signed_at),
            meaning=meaning_words(signature.meaning),
        )
        return SignView(said, "", "", "", off_record)
    gaps, contradicts = gaps_of(case), _contradicts(case)
    if read_only:
        blocked = read_only
    elif case.patient.unassigned:
        blocked = tr(
            "Nobody has said who the woman is: give the visit to her (Capture, or Ctrl+M in Today), then sign it."
        )
    elif case.findings.impression is None:
        blocked = tr("A visit without an impression cannot be signed (Findings).")
    else:
        blocked = "" if name.strip() else tr("Write your name to sign.")
    account = tr("The journal keeps the signing as {name}.", name=unnamed) if unnamed and not read_only else ""
    missing = tr("Missing: {gaps}", gaps=COMMA.join(gaps)) if gaps else ""
    said = ". ".join(part for part in (missing, contradicts) if part)
    return SignView("", blocked, said, "", off_record, account)


def _contradicts(case: VisitCase, first_whitening_s: float | None = None) -> str:
    """What contradicts itself in the examination and on the card; `first_whitening_s` as for `lesions_view`."""
    card = case.referral.doubts(birth_date=case.patient.birth_date, on=case.visit.day)
    doubts = (*doubts_of(case, first_whitening_s), *card)
    return tr("In doubt: {doubts}", doubts="; ".join(doubts)) if doubts else ""


def other_examiner(case: VisitCase | None, name: str) -> str:
    """Who examined by the record, where that is not who signs; "" where it is, or one of the two is not named."""
    examiner = " ".join(case.visit.examiner.split()) if case is not None else ""
    signer = " ".join(name.split())
    return examiner if examiner and signer and examiner.casefold() != signer.casefold() else ""


def meanings(case: VisitCase | None, name: str) -> tuple[str, ...]:
    """What a signature can mean, as it goes on record: who did not examine by it does not sign that she did."""
    first, *others = MEANINGS
    return (REPORTED if other_examiner(case, name) else first, *others)


def entered_by_another(lib: Library, case: VisitCase) -> str:
    """Who entered the findings last, where that is not who is signed in; "" where it is, or nobody signs in here."""
    from pfm_desktop.storage import journal

    if lib.account is None:
        return ""
    with lib.read() as session:
        line = journal.last(session, what="findings", key=case.visit.id)
    return line.who if line is not None and line.who != lib.who else ""


def sign_question(case: VisitCase, name: str, meaning: str, entered_by: str = "") -> str:
    """What is asked before the signature: who, as what, who examined and who entered the findings (`entered_by`, where
    that is another person), what is missing, and that it is for good."""
    findings, examiner = case.findings, other_examiner(case, name)
    asked = [tr("Sign as {name} ({meaning})?", name=name.strip(), meaning=meaning_words(meaning))]
    if examiner:
        asked.append(tr("The examiner on record is another person: {name}.", name=examiner))
    if entered_by:
        asked.append(tr("The findings were entered by another person: {name}.", name=entered_by))
    if findings.swede.total is None:
        asked.append(tr("Not scored: Swede score."))
    if not findings.plan.strip():
        asked.append(tr("Plan missing."))
    return " ".join([*asked, tr("A change afterwards takes a reason and another signature.")])


def sign_doubts(
    case: VisitCase,
    pictures: PairPictures | None,
    answer: PairAnswer | None,
    first_whitening_s: float | None = None,
) -> str:
    """What contradicts itself in what is signed (`first_whitening_s` as for `lesions_view`), and what speaks against
    the pictures that are signed with it and the AI answer, a line each; "" where nothing does."""
    from pfm_desktop.services.report import NOT_THERE
    from pfm_desktop.services.report_checks import checks_of

    own = ReportSources(case, answer, pictures).own()
    contradicts = _contradicts(case, first_whitening_s)
    said = [contradicts] if contradicts else []
    said += [check.text for check in checks_of(own.answer, own.pictures) if check.doubt]
    revealed, shown = case.revealed_model, own.pictures
    if revealed is not None and shown is not None and revealed.pair_id not in ("", shown.pair.id):
        said.append(OTHER_PAIR)
    told = own.answer.analysis.prediction if own.answer is not None and case.findings.revealed else None
    if told is not None and told.unlike:
        said.append(tr("AI answer: {words}", words=told.unlike_words))
    if case.findings.revealed and own.answer is None:
        said.append(NOT_THERE)
    return "\n".join(said)


def correction_note(lib: Library, patient_id: str) -> str:
    """What is said before a woman is corrected of whom visits are signed."""
    from pfm_desktop.services import cases

    signed = cases.signed_visits(lib, patient_id)
    if not signed:
        return ""
    return tr("%n signed visit(s) of this woman: the correction will be noted in (its|their) report(s).", "", signed)


def sign_edit(case: VisitCase, name: str, meaning: str, pictures: PairPictures | None = None) -> Edit:
    """Sign, together with the pictures on the stage; it cannot be undone."""
    from pfm_desktop.services import review

    shown = pictures.pair.id if pictures is not None and case.pair(pictures.pair.id) is not None else ""
    return lambda lib: review.sign(lib, case.visit.id, name, meaning, pair_id=shown)


@dataclass(frozen=True)
class Saved:
    """A report that was written; `recorded`: the journal has it."""

    path: Path
    recorded: bool

    @property
    def said(self) -> str:
        """What is said after saving."""
        folder = self.path.parent.name or self.path.parent
        said = tr("Saved as {name} in the folder {folder}", name=self.path.name, folder=folder)
        return said if self.recorded else f"{said}. " + tr("This export is not recorded: the library is read-only.")


@dataclass(frozen=True, eq=False)
class ReportSources:
    """What a report is made of. Pictures and answer of another visit are left out."""

    case: VisitCase
    answer: PairAnswer | None = None
    pictures: PairPictures | None = None

    def own(self) -> ReportSources:
        """Only what belongs to the visit: during a change of visits the page may still hold the last one's."""
        pictures = self.pictures if self.pictures and self.case.pair(self.pictures.pair.id) else None
        answer = self.answer if self.answer and self.case.pair(self.answer.pair_id) else None
        if pictures is not None and answer is not None and pictures.pair.id != answer.pair_id:
            answer = None
        return ReportSources(self.case, answer, pictures)


MakeContent = Callable[["Library", ReportSources], "ReportContent"]


def make_content(lib: Library, sources: ReportSources) -> ReportContent:
    """The report as it stands now, by the template of the site: once it is signed by that of then."""
    from pfm_desktop.services.report import report_of_visit
    from pfm_desktop.services.report_template import by_template, template_of

    own = sources.own()
    content = report_of_visit(lib, own.case, own.answer, own.pictures, software=SOFTWARE)
    return by_template(content, *template_of(lib, own.case.findings))


def default_name(case: VisitCase) -> str:
    """Name for the file: the date and the start of the visit's id, nothing that tells who she is."""
    return f"colposcopy-report-{case.visit.day:%Y-%m-%d}-{case.visit.id[:6]}.pdf"


def why_not_saved(lib: Library) -> UserError | None:
    """Why who is signed in may save no report; None where they may."""
    from pfm_desktop.storage import access

    try:
        access.require(lib.account, Act.EXPORT)
    except UserError as error:
        return error
    return None


def save_report(ctx: Context, lib: Library, sources: ReportSources, path: str, make: MakeContent) -> Saved:
    """Job: write the report as PDF and put that on record, without the path, before the file has its name.

    A read-only library without accounts takes no record; the report is written all the same, and what comes back says
    so. Raises `UserError`; no file is there then.
    """
    from pfm_desktop.interop.pdf import pdf_bytes
    from pfm_desktop.services import on_record
    from pfm_desktop.storage import access
    from pfm_desktop.support.files import replacing

    access.require(lib.account, Act.EXPORT)
    ctx.progress(0, 2, tr("Making the report"))
    content = make(lib, sources)
    data = pdf_bytes(content)
    ctx.progress(1, 2, tr("Writing the PDF"))
    out = Path(path)
    details = {"signed": content.signed, "sha256": hashlib.sha256(data).hexdigest()}
    with replacing(out) as stream:
        stream.write(data)
        recorded = on_record.note(lib, "export", sources.case.visit.id, "Report saved as PDF", details)
    return Saved(out, recorded=recorded)
