"""DICOM that is written: what the standard's checker says, and what others read back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_has_tag

from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.domain.registration import DISAGREE, RegistrationStatus
from pfm_desktop.domain.source import Stage
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.codes import Code
from pfm_desktop.interop.dicom.content import Modality, PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.document import pdf_object
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.overlay import overlay_object
from pfm_desktop.interop.dicom.picture import picture_object, srgb_profile
from pfm_desktop.interop.dicom.registration import affine_4x4, decimal, registration_object
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.support.errors import BadInputError

PDF = b"%PDF-1.4 a report"
OBJECTS = ("photograph", "endoscopic", "overlay", "report", "pdf", "registration")


def written(woman: Any, kind: str) -> bytes:
    study, white, fluorescence = woman.study, woman.white, woman.fluorescence
    made_at = woman.reading.made_at
    makers: dict[str, Callable[[], Dataset]] = {
        "photograph": lambda: picture_object(study, white, woman.pixels, partner=fluorescence),
        "endoscopic": lambda: picture_object(
            study, fluorescence, woman.pixels, partner=white, modality=Modality.ENDOSCOPY
        ),
        "overlay": lambda: overlay_object(
            study, (white, fluorescence), woman.pixels, made_at=made_at, shows="what speaks for high"
        ),
        "report": lambda: report_object(study, woman.reading),
        "pdf": lambda: pdf_object(study, PDF, made_at=made_at, pictures=(white,)),
        "registration": lambda: registration_object(
            study, white, fluorescence, woman.registration, made_at=made_at, bend_px=2.3
        ),
    }
    return to_bytes(makers[kind]())


def read_back(woman: Any, kind: str) -> Dataset:
    return dcmread(io.BytesIO(written(woman, kind)))


def context(dataset: Dataset) -> dict[str, object]:
    return {
        item.ConceptNameCodeSequence[0].CodeValue: (
            item.ConceptCodeSequence[0].CodeValue
            if item.ValueType == "CODE"
            else item.TextValue
            if item.ValueType == "TEXT"
            else float(item.NumericValue)
        )
        for item in dataset.AcquisitionContextSequence
    }


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_standards_checker_finds_no_error(kind: str, woman: Any, verify: Callable[[bytes], list[str]]) -> None:
    assert verify(written(woman, kind)) == []


@pytest.mark.parametrize("stage", Stage)
def test_a_picture_of_any_stage_with_as_little_known_as_possible_has_no_error(
    stage: Stage, woman: Any, verify: Callable[[bytes], list[str]]
) -> None:
    study = StudyInfo("v", "", "", "", None, woman.study.started_at, "pfm-desktop 0.1.0")
    picture = PictureInfo("p", stage, woman.white.taken_at, 61, 41, time_known=False)
    assert verify(to_bytes(picture_object(study, picture, woman.pixels))) == []


@pytest.mark.parametrize("kind", OBJECTS)
def test_exporting_twice_gives_the_same_bytes(kind: str, woman: Any) -> None:
    assert written(woman, kind) == written(woman, kind)


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_object_belongs_to_the_one_study_of_the_visit_and_to_the_woman(kind: str, woman: Any) -> None:
    dataset = read_back(woman, kind)
    assert dataset.StudyInstanceUID == read_back(woman, "photograph").StudyInstanceUID
    assert str(dataset.PatientName) == "Wunderlich^Roswitha"
    assert (dataset.PatientID, dataset.PatientBirthDate) == ("MRN-778899", "19310703")
    assert (dataset.StudyDate, dataset.StudyTime, dataset.TimezoneOffsetFromUTC) == (
        "20260514",
        "093015.000000",
        "+0200",
    )


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_uid_is_made_from_a_uuid_and_fits(kind: str, woman: Any) -> None:
    dataset = read_back(woman, kind)
    made = [dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID]
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in made)
    assert len(set(made)) == 3


def test_objects_of_a_visit_have_uids_and_series_of_their_own(woman: Any) -> None:
    made = [read_back(woman, kind) for kind in OBJECTS]
    assert len({one.SOPInstanceUID for one in made}) == len({one.SeriesInstanceUID for one in made}) == len(OBJECTS)
    assert len({one.SeriesNumber for one in made}) == len(OBJECTS)


def test_pictures_of_one_stage_share_a_series_and_other_stages_have_another(woman: Any) -> None:
    def series(picture: PictureInfo) -> str:
        return picture_object(woman.study, picture, woman.pixels).SeriesInstanceUID

    again = replace(woman.white, id="another", number=2)
    assert series(again) == series(woman.white)
    assert series(replace(woman.white, stage=Stage.LUGOL)) != series(woman.white)


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_object_says_that_it_is_investigational(kind: str, woman: Any) -> None:
    assert BANNER.encode() in written(woman, kind)
    assert read_back(woman, kind).ContentQualification == "RESEARCH"


def test_the_pixels_are_the_ones_that_were_given(woman: Any) -> None:
    dataset = read_back(woman, "photograph")
    assert np.array_equal(dataset.pixel_array, woman.pixels)
    assert dataset.PhotometricInterpretation == "RGB"


def test_a_picture_says_what_clinical_md_asks_for(woman: Any) -> None:
    dataset = read_back(woman, "photograph")
    assert dataset.Modality == "XC"
    assert list(dataset.PatientOrientation) == ["L", "P"]
    assert dataset.AnatomicRegionSequence[0].CodeValue == "71252005"
    assert dataset.BurnedInAnnotation == "NO"
    assert (dataset.LossyImageCompression, float(dataset.LossyImageCompressionRatio)) == ("01", 8.3)
    assert (dataset.ManufacturerModelName, dataset.DeviceSerialNumber) == ("Scope Model 7", "SERIAL-4711")
    assert dataset.SoftwareVersions == "pfm-desktop 0.1.0"
    assert dataset.AcquisitionDateTime == "20260514093145.000000+0200"
    assert "Laterality" not in dataset


def test_acquisition_context_names_acid_filter_light_and_seconds(woman: Any) -> None:
    assert context(read_back(woman, "photograph")) == {
        "127400": "2869004",
        "FILTER": "111609",
        "ILLUMINATION": "111742",
        "SECONDS_ACID": 60.0,
        "PIXEL_SIZE": 0.021,
    }
    assert context(read_back(woman, "endoscopic"))["ILLUMINATION"] == "111743"


def test_a_pair_refers_to_each_other_as_spectral_filtered_images(woman: Any) -> None:
    white, partner = (
        picture_object(woman.study, one, woman.pixels, partner=other)
        for one, other in ((woman.white, woman.fluorescence), (woman.fluorescence, woman.white))
    )
    for one, other in ((white, partner), (partner, white)):
        reference = one.ReferencedImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == other.SOPInstanceUID
        assert reference.ReferencedSOPClassUID == other.SOPClassUID
        assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121340"


def test_a_moment_that_is_not_known_is_not_given_out_as_the_one_it_was_taken(woman: Any) -> None:
    added_later = replace(woman.white, taken_at=woman.white.taken_at + timedelta(days=3), time_known=False)
    dataset = picture_object(woman.study, added_later, woman.pixels)
    assert "AcquisitionDateTime" not in dataset
    assert "AcquisitionDate" not in dataset
    assert "20260517" not in str(dataset)


def test_all_times_of_an_object_are_in_the_one_zone_that_it_states(woman: Any) -> None:
    elsewhere = replace(woman.white, taken_at=woman.white.taken_at.astimezone(UTC))
    dataset = picture_object(woman.study, elsewhere, woman.pixels)
    assert dataset.AcquisitionTime == "093145.000000"


def test_an_offset_with_seconds_as_of_old_local_time_is_cut_to_minutes(woman: Any) -> None:
    old = timezone(timedelta(minutes=53, seconds=28))
    study = replace(woman.study, started_at=datetime(2026, 5, 14, 9, 0, tzinfo=old))
    assert picture_object(study, woman.white, woman.pixels).TimezoneOffsetFromUTC == "+0053"


def test_the_profile_is_srgb_of_the_input_class_and_always_the_same() -> None:
    profile = srgb_profile()
    assert profile == srgb_profile()
    assert profile[12:16] == b"scnr"
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    picture = Image.fromarray(np.full((2, 2, 3), (200, 120, 40), np.uint8))
    there = ImageCms.profileToProfile(picture, opened, ImageCms.createProfile("sRGB"))
    assert there is not None
    assert np.abs(np.asarray(there).astype(int) - np.asarray(picture)).max() <= 1


@pytest.mark.parametrize("shape", [(41, 60, 3), (41, 61), (41, 61, 4)])
def test_pixels_of_another_picture_are_refused(shape: tuple[int, ...], woman: Any) -> None:
    with pytest.raises(BadInputError, match="are not those of a picture of 61 x 41"):
        picture_object(woman.study, woman.white, np.zeros(shape, np.uint8))


def test_names_with_signs_of_dicom_do_not_break_out_of_their_component(woman: Any) -> None:
    study = replace(woman.study, family_name="Wu^nder=lich\\x", given_name="Ann\x00a\r\n")
    dataset = dcmread(io.BytesIO(to_bytes(picture_object(study, woman.white, woman.pixels))))
    assert str(dataset.PatientName) == "Wu nder lich x^Ann a"


def test_names_in_other_writings_come_back(woman: Any) -> None:
    study = replace(woman.study, family_name="Łuczyńska-Ωmega", given_name="花子")
    dataset = dcmread(io.BytesIO(to_bytes(picture_object(study, woman.white, woman.pixels))))
    assert str(dataset.PatientName) == "Łuczyńska-Ωmega^花子"


def test_an_identifier_that_does_not_fit_is_refused_and_never_cut(woman: Any) -> None:
    study = replace(woman.study, patient_identifier="9" * 65)
    with pytest.raises(BadInputError, match="longer than the 64 characters"):
        picture_object(study, woman.white, woman.pixels)


def test_a_study_without_a_zone_is_an_error_of_the_caller(woman: Any) -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(woman.study, started_at=datetime(2026, 5, 14))


def test_an_overlay_is_derived_from_the_pictures_and_is_no_photograph(woman: Any) -> None:
    dataset = read_back(woman, "overlay")
    assert (dataset.Modality, list(dataset.ImageType)) == ("OT", ["DERIVED", "SECONDARY"])
    assert dataset.SeriesDescription == "Model attention. Investigational - not for diagnosis"
    sources = [item.ReferencedSOPInstanceUID for item in dataset.SourceImageSequence]
    assert sources[0] == read_back(woman, "photograph").SOPInstanceUID
    assert len(sources) == 2
    assert "what speaks for high" in dataset.DerivationDescription
    assert dataset.LossyImageCompression == "01"


def test_another_overlay_of_the_same_pictures_has_another_uid(woman: Any) -> None:
    other = replace(woman, pixels=255 - woman.pixels)
    assert read_back(other, "overlay").SOPInstanceUID != read_back(woman, "overlay").SOPInstanceUID


def test_the_pdf_comes_out_as_it_went_in(woman: Any) -> None:
    dataset = read_back(woman, "pdf")
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == PDF
    assert (dataset.Modality, dataset.MIMETypeOfEncapsulatedDocument) == ("DOC", "application/pdf")


def test_what_is_no_pdf_is_refused(woman: Any) -> None:
    with pytest.raises(BadInputError, match="this is no PDF"):
        pdf_object(woman.study, b"<html>", made_at=woman.reading.made_at)


def test_the_registration_maps_white_light_pixels_to_fluorescence_pixels(woman: Any) -> None:
    dataset = read_back(woman, "registration")
    fixed, moved = dataset.RegistrationSequence
    white = read_back(woman, "photograph").SOPInstanceUID
    assert moved.ReferencedImageSequence[0].ReferencedSOPInstanceUID == white
    assert "FrameOfReferenceUID" not in moved
    matrix = np.array(_matrix(moved), float).reshape(4, 4)
    assert np.allclose(matrix @ [10, 20, 0, 1], [10.1 + 0.4 + 3.123456789012, -0.2 + 19.8 - 5.5, 0, 1], atol=1e-9)
    assert np.array_equal(np.array(_matrix(fixed), float).reshape(4, 4), np.eye(4))


def _matrix(item: Dataset) -> list[float]:
    return list(item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix)


@pytest.mark.parametrize(("bend", "said"), [(2.34, "full map bends up to 2.3 px"), (None, "bend not known")])
def test_the_registration_says_how_far_the_full_map_bends(bend: float | None, said: str, woman: Any) -> None:
    dataset = registration_object(
        woman.study,
        woman.white,
        woman.fluorescence,
        woman.registration,
        made_at=woman.reading.made_at,
        bend_px=bend,
    )
    comment = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].FrameOfReferenceTransformationComment
    assert said in comment
    assert len(comment) <= 64


def test_the_longest_comment_is_not_cut(woman: Any) -> None:
    summary = replace(woman.registration, status=RegistrationStatus.CHECK)
    dataset = registration_object(
        woman.study, woman.white, woman.fluorescence, summary, made_at=woman.reading.made_at, bend_px=1234.5
    )
    comment = dataset.RegistrationSequence[1].MatrixRegistrationSequence[0].FrameOfReferenceTransformationComment
    assert comment.endswith("to be checked")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": RegistrationStatus.REFUSED, "reason": "too little overlap"}, "too little overlap"),
        ({"by_hand": True, "reason": DISAGREE}, "structures do not agree"),
        ({"matrix": ((1, 0, 0), (0, 1, 0), (1e-4, 0, 1))}, "is projective, not affine"),
        ({"matrix": ((1, 0, 0), (1, 0, 0), (0, 0, 1))}, "folds the picture flat"),
        ({"matrix": ((1, 0, float("nan")), (0, 1, 0), (0, 0, 1))}, "is no map of pixels"),
    ],
)
def test_a_map_that_may_not_be_used_or_does_not_fit_is_refused(change: dict, words: str, woman: Any) -> None:
    with pytest.raises(BadInputError, match=words):
        registration_object(
            woman.study,
            woman.white,
            woman.fluorescence,
            replace(woman.registration, **change),
            made_at=woman.reading.made_at,
        )


def test_a_registration_the_wrong_way_round_is_an_error_of_the_caller(woman: Any) -> None:
    with pytest.raises(ValueError, match="from a white-light to a fluorescence"):
        registration_object(
            woman.study, woman.fluorescence, woman.white, woman.registration, made_at=woman.reading.made_at
        )


def test_a_homography_that_is_only_scaled_is_still_affine() -> None:
    assert np.allclose(affine_4x4(np.diag([2.0, 4.0, 2.0])), np.diag([1.0, 2.0, 1.0, 1.0]))


@pytest.mark.parametrize("value", [0.0, 1.0, -1 / 3, 123456.789012345, -1.23456789e-12, 3.123456789012345])
def test_decimals_fit_sixteen_characters_and_lose_little(value: float) -> None:
    assert len(decimal(value)) <= 16
    assert float(decimal(value)) == pytest.approx(value, rel=1e-8)


def _all_codes() -> list[Code]:
    single = [value for value in vars(codes).values() if isinstance(value, Code)]
    tables = [*codes.GRADE.values(), *codes.PROBABILITY.values(), *codes.SWEDE_ITEM.values(), *codes.DE_IDENTIFICATION]
    return [*single, *tables, *(codes.clock_position(hour) for hour in range(1, 13))]


def test_every_code_fits_and_none_is_there_twice() -> None:
    known = {(code.scheme, code.value): code.meaning for code in _all_codes()}
    assert all(len(value) <= 16 and len(meaning) <= 64 for (_scheme, value), meaning in known.items())
    assert len({code.meaning for code in _all_codes()}) == len(known)


def test_every_code_of_dicom_is_in_the_dictionary_under_its_meaning() -> None:
    from pydicom.sr._concepts_dict import concepts

    official = {
        (scheme, value, meaning.lower())
        for scheme in ("DCM", "SCT", "UCUM")
        for entries in concepts[scheme].values()
        for value, (meaning, _contexts) in entries.items()
    }
    # colposcopy is SNOMED CT beyond what pydicom lists; units are written as UCUM spells them
    units = {codes.ONE, codes.MILLIMETRE, codes.SECOND, codes.MILLISECOND, codes.NANOMETRE, codes.KELVIN}
    beyond = {codes.COLPOSCOPY, codes.SCORE, codes.HOUR_ON_CLOCK} | units
    for code in _all_codes():
        if code.scheme != codes.PRIVATE and code not in beyond:
            assert (code.scheme, code.value, code.meaning.lower()) in official


def test_no_element_is_private(woman: Any) -> None:
    for kind in OBJECTS:
        assert all(dictionary_has_tag(element.tag) for element in read_back(woman, kind).iterall())


def test_words_drawn_into_a_picture_are_owned_up_to_also_in_its_overlay(woman: Any) -> None:
    marked = replace(woman.white, burned_in=True)
    overlay = overlay_object(woman.study, (marked,), woman.pixels, made_at=woman.reading.made_at, shows="x")
    assert picture_object(woman.study, marked, woman.pixels).BurnedInAnnotation == "YES"
    assert overlay.BurnedInAnnotation == "YES"


def test_the_age_stands_only_where_it_was_given(woman: Any) -> None:
    assert "PatientAge" not in read_back(woman, "photograph")
    aged = replace(woman.study, birth_date=date(1990, 1, 1), age_years=7)
    assert picture_object(aged, woman.white, woman.pixels).PatientAge == "007Y"


HOW = Acquisition(
    camera="UVC 1 (A17)", light=Light.FLUORESCENCE, exposure_ms=33.3, gain=2.5, white_balance_k=5200.0,
    excitation_nm=405.0, filter="LP\\430\nof Obersee " + "x" * 80, polariser="crossed", gap_s=-0.25,
)  # fmt: skip


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("how", [HOW, Acquisition()])
def test_a_picture_that_was_taken_live_has_no_error(
    stage: Stage, how: Acquisition, woman: Any, verify: Callable[[bytes], list[str]]
) -> None:
    picture = replace(woman.white, stage=stage, acquisition=how)
    assert verify(to_bytes(picture_object(woman.study, picture, woman.pixels))) == []


def test_how_a_picture_was_taken_stands_in_its_context_with_units(woman: Any) -> None:
    picture = replace(woman.fluorescence, acquisition=HOW)
    made = picture_object(woman.study, picture, woman.pixels)
    said = context(made)
    assert {name: said[name] for name in ("112710", "EXPOSURE", "GAIN", "WHITE_BALANCE", "PAIR_GAP", "POLARISER")} == {
        "112710": 405.0, "EXPOSURE": 33.3, "GAIN": 2.5, "WHITE_BALANCE": 5200.0, "PAIR_GAP": -0.25,
        "POLARISER": "crossed",
    }  # fmt: skip
    assert str(said["FILTER_NAME"]).startswith("LP 430 of Obersee x")
    assert len(str(said["FILTER_NAME"])) <= 64
    assert "FILTER" not in said  # that there is none
    units = {
        item.ConceptNameCodeSequence[0].CodeValue: item.MeasurementUnitsCodeSequence[0].CodeValue
        for item in made.AcquisitionContextSequence
        if item.ValueType == "NUMERIC"
    }
    assert units | {"EXPOSURE": "ms", "112710": "nm", "WHITE_BALANCE": "K", "PAIR_GAP": "s", "GAIN": "1"} == units
    assert "UVC 1" not in to_bytes(made).decode("latin-1")  # the camera is said by the picture's device


def test_a_green_filter_is_told_by_its_code_beside_its_name(woman: Any) -> None:
    picture = replace(woman.white, stage=Stage.GREEN, acquisition=HOW)
    said = context(picture_object(woman.study, picture, woman.pixels))
    assert said["FILTER"] == codes.GREEN_FILTER.value
    assert "FILTER_NAME" in said


def test_nothing_is_told_of_a_camera_that_says_nothing(woman: Any) -> None:
    plain = to_bytes(picture_object(woman.study, woman.white, woman.pixels))
    picture = replace(woman.white, acquisition=Acquisition(camera="UVC 1"))
    assert to_bytes(picture_object(woman.study, picture, woman.pixels)) == plain
