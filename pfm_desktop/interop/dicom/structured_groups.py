"""The measurement groups of the structured report: answer, Swede score, impression, marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.domain.findings import SWEDE_ITEMS, Findings
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import Analysis, ModelInfo, Prediction
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.codes import Code
from pfm_desktop.interop.dicom.content import OutlineMark, PinMark, ReadingContent, StudyInfo
from pfm_desktop.interop.dicom.header import one_line

if TYPE_CHECKING:
    from highdicom.sr import (
        AlgorithmIdentification,
        CodedConcept,
        ImageRegion,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        TrackingIdentifier,
    )
    from pydicom import Dataset

    Group = MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations

CENTRE = 0.5  # in SR coordinates 0 is the corner of the top-left pixel (PS3.3 C.18.6.1), in ours its centre


def groups(study: StudyInfo, content: ReadingContent, evidence: list[Dataset]) -> list[Group]:
    """All groups of a visit; `evidence` are the headers of `content.pictures`, then of `content.further`."""
    about = evidence[: len(content.pictures)]
    places = content.places or [picture.source for picture in content.pictures]
    shown = dict(zip(places, about, strict=True))
    pictures = zip((*content.pictures, *content.further), evidence, strict=True)
    headers = {picture.id: header for picture, header in pictures}
    found: list[Group] = []
    if content.analysis is not None:
        found.append(_answer(study, content.analysis, about))
    if content.findings is not None:
        found.append(_swede(study, content.findings))
        found += _impression(study, content.findings)
    for mark in content.pins:
        header = headers.get(mark.picture_id) if mark.picture_id else shown.get(mark.pin.frame)
        if header is not None:
            found.append(_pin(study, mark, header))
    found += [_outline(study, mark, shown[mark.frame]) for mark in content.outlines if mark.frame in shown]
    return found


def _answer(study: StudyInfo, analysis: Analysis, evidence: list[Dataset]) -> Group:
    from highdicom.sr import MeasurementsAndQualitativeEvaluations, SourceImageForMeasurementGroup

    said = analysis.prediction
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(study, "AI answer", study.visit_id),
        finding_type=coded_concept(codes.AI_ANSWER),
        algorithm_id=_algorithm(analysis.model),
        measurements=None if said is None else _probabilities(said),
        qualitative_evaluations=[_quality(codes.AI_ANSWER, codes.REFUSED)] if said is None else _grades(said),
        source_images=[
            SourceImageForMeasurementGroup(header.SOPClassUID, header.SOPInstanceUID) for header in evidence
        ],
    )


def _algorithm(model: ModelInfo) -> AlgorithmIdentification:
    from highdicom.sr import AlgorithmIdentification

    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[
            f"SHA-256 of the weights: {model.sha256}",
            f"variant {model.variant}, splice {model.splice}, {model.input_size} px",
            f"sources: {', '.join(source.english for source in model.sources)}",
            f"trained on {model.trained_on}",
        ],
    )


def _probabilities(said: Prediction) -> list[Measurement]:
    return [_measure(codes.PROBABILITY[grade], said.probabilities[grade], codes.ONE) for grade in GRADES]


def _grades(said: Prediction) -> list[QualitativeEvaluation]:
    """The grade, or that none stands out; the set; and where a picture is unlike what the model knows."""
    found = [_quality(codes.AI_GRADE, codes.INDETERMINATE if said.indeterminate else codes.GRADE[said.grade])]
    found += [_quality(codes.AI_SET, codes.GRADE[grade]) for grade in GRADES if grade in said.prediction_set]
    if said.unlike:
        found.append(_quality(codes.AI_ANSWER, codes.UNLIKE))
    return found


def _swede(study: StudyInfo, findings: Findings) -> Group:
    """Items as numbers; what is not assessed is said, and there is no total before all five are."""
    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    given = {item.key: getattr(findings.swede, item.key) for item in SWEDE_ITEMS}
    numbers = [_measure(codes.SWEDE_ITEM[key], value, codes.SCORE) for key, value in given.items() if value is not None]
    if findings.swede.total is not None:
        numbers.append(_measure(codes.SWEDE_TOTAL, findings.swede.total, codes.SCORE))
    missing = [_quality(codes.SWEDE_ITEM[key], codes.NOT_ASSESSED) for key, value in given.items() if value is None]
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(study, "Swede score", study.visit_id),
        finding_type=coded_concept(codes.SWEDE),
        measurements=numbers or None,
        qualitative_evaluations=missing or None,
    )


def _impression(study: StudyInfo, findings: Findings) -> list[Group]:
    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    said = []
    if findings.impression is not None:
        said.append(_quality(codes.IMPRESSION, codes.GRADE[findings.impression]))
        first = findings.first_read
        if findings.revealed and (first is None or first.impression is not findings.impression):
            said.append(_quality(codes.IMPRESSION_MADE, codes.REVEALED))
    if findings.first_read is not None:
        said.append(_quality(codes.FIRST_READ, codes.GRADE[findings.first_read.impression]))
    if not said:
        return []
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(study, "Impression", study.visit_id),
        finding_type=coded_concept(codes.IMPRESSION),
        qualitative_evaluations=said,
    )
    return [group]


def _pin(study: StudyInfo, mark: PinMark, header: Dataset) -> Group:
    at = np.array([[mark.pin.x + CENTRE, mark.pin.y + CENTRE]])
    hour = mark.hour
    return _region(
        study,
        ("pin", mark.pin.id),
        f"Biopsy {mark.pin.letter}",
        codes.BIOPSY_SITE,
        _image_region("POINT", at, header),
        [] if hour is None else [_measure(codes.CLOCK_HOUR, hour, codes.HOUR_ON_CLOCK)],
        [] if hour is None else [_quality(codes.CLOCK_POSITION, codes.clock_position(hour))],
    )


def _outline(study: StudyInfo, mark: OutlineMark, header: Dataset) -> Group:
    points = np.array(mark.outline, dtype=np.float64) + CENTRE
    closed = np.vstack([points, points[:1]])  # a polyline encloses an area where it ends at its start
    region = _image_region("POLYLINE", closed, header)
    return _region(study, ("outline", mark.id), "Outline", codes.LESION_OUTLINE, region, [], [])


def _region(
    study: StudyInfo,
    key: tuple[str, str],
    name: str,
    kind: Code,
    region: ImageRegion,
    numbers: list[Measurement],
    qualities: list[QualitativeEvaluation],
) -> Group:
    from highdicom.sr import FindingSite, PlanarROIMeasurementsAndQualitativeEvaluations

    return PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=_tracking(study, name, *key),
        referenced_region=region,
        finding_type=coded_concept(kind),
        finding_sites=[FindingSite(coded_concept(codes.CERVIX))],
        measurements=numbers or None,
        qualitative_evaluations=qualities or None,
    )


def _image_region(kind: str, points: np.ndarray, header: Dataset) -> ImageRegion:
    from highdicom.sr import ImageRegion, SourceImageForRegion

    return ImageRegion(kind, points, SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID))


def _tracking(study: StudyInfo, name: str, *keys: str) -> TrackingIdentifier:
    from highdicom.sr import TrackingIdentifier

    return TrackingIdentifier(uid=study.uids("tracking", name, *keys), identifier=one_line(name))


def _measure(name: Code, value: float, unit: Code) -> Measurement:
    from highdicom.sr import Measurement

    return Measurement(coded_concept(name), float(f"{value:.6g}"), coded_concept(unit))


def _quality(name: Code, value: Code) -> QualitativeEvaluation:
    from highdicom.sr import QualitativeEvaluation

    return QualitativeEvaluation(coded_concept(name), coded_concept(value))


def coded_concept(code: Code) -> CodedConcept:
    """A code as highdicom takes it."""
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, code.meaning)
