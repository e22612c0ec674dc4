"""Answer, Swede score, marks and impression of a visit as Comprehensive SR, TID 1500 (PS3.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.domain.findings import Findings, Reading, SwedeScore
from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.domain.prediction import Analysis, Prediction
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.content import Modality, ReadingContent, StudyInfo
from pfm_desktop.interop.dicom.header import MAKER, date_time, new_object, one_line, person, research_words
from pfm_desktop.interop.dicom.picture import picture_header
from pfm_desktop.interop.dicom.structured_groups import coded_concept, groups
from pfm_desktop.interop.dicom.uids import digest_of
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import ENGLISH, current, tr

if TYPE_CHECKING:
    from highdicom.sr import MeasurementReport, ObservationContext, TextContentItem
    from pydicom import Dataset

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
SERIES = 201


def report_object(study: StudyInfo, content: ReadingContent, *, modality: Modality = Modality.PHOTOGRAPHY) -> Dataset:
    """The structured report of a visit, never verified by itself; `modality` is how its pictures were written.

    In an export for research all free text, and who read and signed, is left out. Raises `BadInputError` where there
    is no picture to report on, or nothing to report.
    """
    if not content.pictures or not (content.findings or content.analysis or content.pins or content.outlines):
        raise BadInputError(
            tr("a structured report needs a picture, and findings or an answer about it"),
            safe=tr("nothing was written"),
            remedy=tr("add a picture to the visit, and read it first"),
        )
    dataset = new_object(
        study,
        sop_class=COMPREHENSIVE_SR,
        instance=("report", study.visit_id, digest_of(*_said(content))),
        series="report",
        number=SERIES,
        made_at=content.made_at,
    )
    dataset.Modality = "SR"
    dataset.SeriesDescription = research_words("Structured report")
    _add_content(dataset, study, content, modality)
    return dataset


def _said(content: ReadingContent) -> tuple[object, ...]:
    """All that tells one report of a visit from another; not the moment it was written down."""
    analysis = content.analysis
    answer = analysis and (analysis.model, analysis.prediction, analysis.refused)
    return content.pictures, content.further, content.findings, answer, content.pins, content.outlines


def _add_content(dataset: Dataset, study: StudyInfo, content: ReadingContent, modality: Modality) -> None:
    """The tree of content, made by highdicom, beside our own header."""
    from highdicom.sr import ComprehensiveSR

    pictures = (*content.pictures, *content.further)
    evidence = [picture_header(study, picture, modality=modality) for picture in pictures]
    made = ComprehensiveSR(
        evidence=evidence,
        content=_tree(study, content, evidence)[0],
        series_instance_uid=dataset.SeriesInstanceUID,
        series_number=SERIES,
        sop_instance_uid=dataset.SOPInstanceUID,
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    for element in made:
        if element.tag.group == 0x0040:  # the rest would name the moment of the export and the camera once more
            dataset.add(element)
    del dataset.BodyPartExamined  # of images
    dataset.ReferencedPerformedProcedureStepSequence = []


def _tree(study: StudyInfo, content: ReadingContent, evidence: list[Dataset]) -> MeasurementReport:
    from highdicom.sr import MeasurementReport

    report = MeasurementReport(
        observation_context=_observers(study),
        procedure_reported=coded_concept(codes.COLPOSCOPY),
        imaging_measurements=groups(study, content, evidence),
        title=coded_concept(codes.REPORT_TITLE),
    )
    for words in _comments(study, content):
        report[0].ContentSequence.append(_text(words))
    return report


def _observers(study: StudyInfo) -> ObservationContext:
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        ObservationContext,
        ObserverContext,
        PersonObserverIdentifyingAttributes,
    )
    from pydicom.sr.codedict import codes as dictionary

    device = DeviceObserverIdentifyingAttributes(
        uid=study.uids("device", study.software), name=one_line(study.software), manufacturer_name=MAKER
    )
    examiner = None
    if study.examiner and not study.de_identified:
        examiner = ObserverContext(dictionary.DCM.Person, PersonObserverIdentifyingAttributes(person(study.examiner)))
    return ObservationContext(
        observer_person_context=examiner, observer_device_context=ObserverContext(dictionary.DCM.Device, device)
    )


def _comments(study: StudyInfo, content: ReadingContent) -> list[str]:
    """What is said in words. First what it is for; free text of people never goes into an export for research."""
    words = [f"{BANNER}. For research; the answer of the algorithm is investigational."]
    analysis = content.analysis
    if analysis is not None:
        words.append(f"Algorithm: {analysis.model.name} {analysis.model.version}, {analysis.model.label_english}.")
        words += _answer(analysis) if current() == ENGLISH else _answer_english(analysis)
    findings = content.findings
    if findings is not None:
        words.append(f"Swede score: {_swede(findings.swede)}.")
        if not study.de_identified:
            words += _free_text(study, findings)
    return words


def _answer(analysis: Analysis) -> list[str]:
    """In sentences that the program says, which are English where that is its language."""
    if analysis.refused is not None:
        return [f"No answer was given: {analysis.refused.reason}. {analysis.refused.advice}"]
    said = analysis.prediction
    if said is None:
        return []
    spoken = (said.full_set_words(analysis.model), said.median_words, said.warning, said.familiarity_words)
    return [one for one in spoken if one]


def _answer_english(analysis: Analysis) -> list[str]:
    """The least of it where the program speaks another language. Grade, probabilities, set and what is unlike are codes
    of the groups as well; what a median, a promise and a distance mean is said in English sessions only."""
    if analysis.refused is None:
        return _warning_english(analysis.prediction)
    unusable = [one for one in analysis.quality.values() if one.verdict is Verdict.UNUSABLE]
    problems = dict.fromkeys(problem.replace("_", " ") for one in unusable for problem in one.problems)
    return [f"No answer was given: {', '.join(problems)}." if problems else "No answer was given."]


def _warning_english(said: Prediction | None) -> list[str]:
    """See `Prediction.warning`."""
    if said is None or not said.unlike:
        return []
    pictures = " and ".join(source.english for source in said.unlike)
    what = "answer" if said.indeterminate else "grade"
    return [f"WARNING: Unlike anything the model learned from: {pictures}. Do not rely on this {what}."]


def _swede(swede: SwedeScore) -> str:
    if current() == ENGLISH:
        return swede.status
    return f"{swede.total} of 10" if swede.total is not None else "not complete"


def _free_text(study: StudyInfo, findings: Findings) -> list[str]:
    words = []
    if findings.text.strip():
        words.append(f"Findings: {findings.text.strip()}")
    if findings.plan.strip():
        words.append(f"Plan: {findings.plan.strip()}")
    if findings.first_read is not None:
        words.append(f"First read: {_read(study, findings.first_read)}")
    if findings.signature is not None:
        signed = findings.signature
        words.append(
            f"Signed in the program by {signed.name}, {date_time(study, signed.signed_at)}: {signed.meaning}. "
            "This object itself carries no signature and is not verified."
        )
    return words


def _read(study: StudyInfo, reading: Reading) -> str:
    return f"{reading.impression.value}, {reading.reader}, {date_time(study, reading.read_at)}"


def _text(words: str) -> TextContentItem:
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(coded_concept(codes.COMMENT), words, RelationshipTypeValues.CONTAINS)
