"""The structured report, read back by highdicom and pydicom."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from highdicom.sr import ComprehensiveSR, srread
from pydicom import Dataset

from pfm_desktop.domain.annotation import Pin
from pfm_desktop.domain.findings import Findings, SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import BANNER, Familiarity
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.interop.dicom.content import Modality, PinMark, ReadingContent
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.picture import picture_object
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import VARIABLE

pytestmark = pytest.mark.slow


def written(woman: Any, **changes: Any) -> bytes:
    return to_bytes(report_object(woman.study, replace(woman.reading, **changes)))


def read_back(woman: Any, **changes: Any) -> ComprehensiveSR:
    return srread(io.BytesIO(written(woman, **changes)))


def groups(report: ComprehensiveSR) -> dict[str, Any]:
    return {str(group.tracking_identifier): group for group in report.content.get_image_measurement_groups()}


def numbers(group: Any) -> dict[str, float]:
    return {one.name.value: float(one.value) for one in group.get_measurements()}


def said(group: Any) -> list[tuple[str, str]]:
    return [(one.name.value, one.value.value) for one in group.get_qualitative_evaluations()]


def words(report: Dataset) -> str:
    comments = [item for item in report.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "121106"]
    return "\n".join(str(item.TextValue) for item in comments)


def test_the_engines_answer_comes_back_with_the_model_that_gave_it(woman: Any) -> None:
    group = groups(read_back(woman))["AI answer"]
    assert numbers(group) == {"PROB_NORMAL": 0.05, "PROB_LOW": 0.2, "PROB_HIGH": 0.7, "111047": 0.05}
    assert ("AI_GRADE", "GRADE_HIGH") in said(group)
    assert [value for name, value in said(group) if name == "AI_SET"] == ["GRADE_LOW", "GRADE_HIGH"]
    data = written(woman)
    assert b"pfm-demo" in data
    assert f"SHA-256 of the weights: {'ab' * 32}".encode() in data


def test_the_answer_refers_to_the_pictures_that_were_written(woman: Any) -> None:
    group = groups(read_back(woman))["AI answer"]
    pictures = {
        str(picture_object(woman.study, one, woman.pixels).SOPInstanceUID) for one in (woman.white, woman.fluorescence)
    }
    assert {str(one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for one in group.source_images} == pictures
    evidence = read_back(woman).CurrentRequestedProcedureEvidenceSequence[0]
    listed = {
        str(item.ReferencedSOPInstanceUID)
        for series in evidence.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert listed == pictures
    assert evidence.StudyInstanceUID == read_back(woman).StudyInstanceUID


def test_the_swede_score_comes_back_with_items_and_total(woman: Any) -> None:
    group = groups(read_back(woman))["Swede score"]
    assert numbers(group) == {
        "SWEDE_ACETO": 2, "SWEDE_MARGINS": 1, "SWEDE_VESSELS": 2, "SWEDE_LESION": 1, "SWEDE_IODINE": 1,
        "SWEDE_TOTAL": 7,
    }  # fmt: skip


def test_there_is_no_total_before_all_five_items_are_assessed(woman: Any) -> None:
    findings = replace(woman.reading.findings, swede=SwedeScore(2, 1, 2, 1, None))
    report = read_back(woman, findings=findings)
    group = groups(report)["Swede score"]
    assert "SWEDE_TOTAL" not in numbers(group)
    assert said(group) == [("SWEDE_IODINE", "NOT_ASSESSED")]
    assert "4 of 5 items, 6 points so far" in words(report)


def test_impression_and_first_read_are_told_apart(woman: Any) -> None:
    group = groups(read_back(woman))["Impression"]
    assert said(group) == [("121073", "GRADE_HIGH"), ("IMPRESSION_MADE", "REVEALED"), ("FIRST_READ", "GRADE_LOW")]


def test_an_impression_that_stayed_as_it_was_before_the_reveal_was_not_made_after_it(woman: Any) -> None:
    first = woman.reading.findings.first_read
    findings = replace(woman.reading.findings, impression=first.impression)
    group = groups(read_back(woman, findings=findings))["Impression"]
    assert said(group) == [("121073", "GRADE_LOW"), ("FIRST_READ", "GRADE_LOW")]


def test_a_visit_without_an_impression_has_none(woman: Any) -> None:
    report = read_back(woman, findings=Findings("visit-0815"))
    assert "Impression" not in groups(report)
    assert len(said(groups(report)["Swede score"])) == 5


def test_a_refusal_is_said_and_no_probability_stands_in_for_it(woman: Any, verify: Callable[..., list[str]]) -> None:
    analysis = replace(woman.reading.analysis, prediction=None, refused=Refusal("out of focus", "Retake it"))
    report = read_back(woman, analysis=analysis)
    group = groups(report)["AI answer"]
    assert numbers(group) == {}
    assert said(group) == [("AI_ANSWER", "REFUSED")]
    assert "No answer was given: out of focus. Retake it" in words(report)
    assert verify(written(woman, analysis=analysis)) == []


def test_an_indeterminate_answer_names_no_grade(woman: Any) -> None:
    prediction = replace(woman.reading.analysis.prediction, indeterminate=True, prediction_set=tuple(Grade)[:3])
    group = groups(read_back(woman, analysis=replace(woman.reading.analysis, prediction=prediction)))["AI answer"]
    assert ("AI_GRADE", "INDETERMINATE") in said(group)
    assert not any(name == "AI_GRADE" and value.startswith("GRADE_") for name, value in said(group))


def test_an_answer_on_an_unlike_picture_carries_its_warning(woman: Any) -> None:
    prediction = replace(woman.reading.analysis.prediction, familiarity={Source.WHITE: Familiarity(1.4, 0.9)})
    report = read_back(woman, analysis=replace(woman.reading.analysis, prediction=prediction))
    assert ("AI_ANSWER", "UNLIKE") in said(groups(report)["AI answer"])
    assert "Do not rely on this grade." in words(report)


def test_it_is_english_where_the_program_speaks_french(woman: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    unlike = replace(woman.reading.analysis.prediction, familiarity={Source.WHITE: Familiarity(1.4, 0.9)})
    analysis = replace(woman.reading.analysis, prediction=unlike)
    english = words(read_back(woman, analysis=analysis)).splitlines()
    monkeypatch.setenv(VARIABLE, "fr")
    report = read_back(woman, analysis=analysis)
    assert ("AI_ANSWER", "UNLIKE") in said(groups(report)["AI answer"])
    assert set(words(report).splitlines()) < set(english)
    assert "WARNING: Unlike anything the model learned from: white light. Do not rely on this grade." in words(report)
    assert "Swede score: 7 of 10." in words(report)
    findings = replace(woman.reading.findings, swede=SwedeScore(2, 1, 2, 1, None))
    assert "Swede score: not complete." in words(read_back(woman, findings=findings))


def test_a_refusal_is_said_by_its_problems_where_the_program_speaks_french(
    woman: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = {
        "white": Quality(Verdict.UNUSABLE, ("out_of_focus", "glare"), "Refaites la photo"),
        "fluorescence": Quality(Verdict.LIMITED, ("noisy",)),
    }
    refused = Refusal("image floue", "Refaites la photo")
    analysis = replace(woman.reading.analysis, prediction=None, refused=refused, quality=quality)
    monkeypatch.setenv(VARIABLE, "fr")
    lines = words(read_back(woman, analysis=analysis)).splitlines()
    assert "No answer was given: out of focus, glare." in lines
    assert "No answer was given." in words(read_back(woman, analysis=replace(analysis, quality={}))).splitlines()


def test_a_pin_is_a_point_at_the_same_pixel_with_its_hour(woman: Any) -> None:
    group = groups_of_regions(read_back(woman))["Biopsy A"]
    assert group.roi.graphic_type.value == "POINT"
    assert np.allclose(group.roi.value, [[10.5, 11.5]])  # 0 is the corner of the first pixel there, its centre here
    assert numbers(group) == {"CLOCK_HOUR": 3}
    assert said(group) == [("CLOCK_POSITION", "129774003")]


def test_an_outline_is_a_closed_polyline(woman: Any) -> None:
    group = groups_of_regions(read_back(woman))["Outline"]
    assert group.roi.graphic_type.value == "POLYLINE"
    assert np.allclose(group.roi.value, [[1.5, 1.5], [5.5, 1.5], [5.5, 7.5], [1.5, 1.5]])


def groups_of_regions(report: ComprehensiveSR) -> dict[str, Any]:
    return {str(group.tracking_identifier): group for group in report.content.get_planar_roi_measurement_groups()}


def test_a_pin_without_a_marked_os_has_no_hour(woman: Any) -> None:
    pins = (PinMark(Pin("pin-b", "pair", Source.FLUORESCENCE, 0.0, 0.0, "B")),)
    group = groups_of_regions(read_back(woman, pins=pins))["Biopsy B"]
    assert numbers(group) == {}
    assert said(group) == []


def test_marks_on_a_picture_that_is_not_sent_are_left_out(woman: Any) -> None:
    report = read_back(woman, pictures=(woman.fluorescence,))
    assert groups_of_regions(report) == {}


def test_it_says_first_that_it_is_investigational(woman: Any) -> None:
    assert words(read_back(woman)).startswith(f"{BANNER}. For research")


def test_it_is_never_verified_and_says_that_the_signature_is_the_programs(woman: Any) -> None:
    report = read_back(woman)
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert "Signed in the program by Dr. Sigrid Signer" in words(report)
    assert "not verified" in words(report)


def test_other_findings_give_another_uid_and_another_moment_does_not(woman: Any) -> None:
    first = read_back(woman).SOPInstanceUID
    later = read_back(woman, made_at=woman.reading.made_at + timedelta(days=1))
    assert later.SOPInstanceUID == first
    other = read_back(woman, findings=replace(woman.reading.findings, text="Something else."))
    assert other.SOPInstanceUID != first


def test_the_moment_of_the_export_is_nowhere(woman: Any) -> None:
    report = read_back(woman)
    assert "InstanceCreationDate" not in report
    assert "ContributingEquipmentSequence" not in report
    assert (report.ContentDate, report.ContentTime) == ("20260514", "095015.000000")


def test_it_refers_to_endoscopic_pictures_where_those_were_written(
    woman: Any, verify: Callable[..., list[str]]
) -> None:
    report = report_object(woman.study, woman.reading, modality=Modality.ENDOSCOPY)
    data = to_bytes(report)
    assert b"1.2.840.10008.5.1.4.1.1.77.1.1" in data
    assert b"1.2.840.10008.5.1.4.1.1.77.1.4" not in data
    assert verify(data) == []


@pytest.mark.parametrize("empty", [{"pictures": ()}, {"findings": None, "analysis": None, "pins": (), "outlines": ()}])
def test_a_report_about_nothing_is_refused(empty: dict[str, Any], woman: Any) -> None:
    with pytest.raises(BadInputError, match="needs a picture, and findings or an answer"):
        report_object(woman.study, replace(woman.reading, **empty))


def test_a_report_with_one_pin_and_nothing_else_has_no_error(woman: Any, verify: Callable[..., list[str]]) -> None:
    content = ReadingContent(woman.reading.made_at, (woman.white,), pins=woman.reading.pins)
    assert verify(to_bytes(report_object(woman.study, content))) == []
