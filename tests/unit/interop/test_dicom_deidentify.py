"""Exports for research: nothing of the woman, her clinic or her days is in any byte."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.interop.dicom.content import Modality
from pfm_desktop.interop.dicom.deidentify import (
    FILTERED,
    Research,
    blanked,
    research_content,
    research_moment,
    research_picture,
    research_study,
)
from pfm_desktop.interop.dicom.document import pdf_object
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.overlay import overlay_object
from pfm_desktop.interop.dicom.picture import picture_object
from pfm_desktop.interop.dicom.registration import registration_object
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.support.errors import BadInputError

RESEARCH = Research("SUBJ-001", bytes(range(32)), -417, pixels_looked_at=True, device="colposcope, digital")


@cache
def exported(woman: Any, research: Research = RESEARCH) -> dict[str, bytes]:
    study = research_study(woman.study, research)
    white, fluorescence = (research_picture(one, woman.study, research) for one in (woman.white, woman.fluorescence))
    made_at = research_moment(woman.reading.made_at, woman.study, research)
    reading = research_content(woman.reading, woman.study, research)
    made: dict[str, Dataset] = {
        "white": picture_object(study, white, woman.pixels, partner=fluorescence),
        "fluorescence": picture_object(study, fluorescence, woman.pixels, partner=white, modality=Modality.ENDOSCOPY),
        "overlay": overlay_object(study, (white, fluorescence), woman.pixels, made_at=made_at, shows="what speaks"),
        "report": report_object(study, reading),
        "registration": registration_object(study, white, fluorescence, woman.registration, made_at=made_at),
    }
    return {kind: to_bytes(dataset) for kind, dataset in made.items()}


def parsed(woman: Any, kind: str = "white", research: Research = RESEARCH) -> Dataset:
    return dcmread(io.BytesIO(exported(woman, research)[kind]))


PLANTED = (
    "Wunderlich", "Roswitha", "MRN-778899", "778899", "ACC-5150", "5150", "Quentin", "Untersucher", "Obersee", "Clinic",
    "Frieda", "Firstreader", "Sigrid", "Signer", "SERIAL", "4711", "Scope Model", "visit-0815", "0815",
    "picture-white", "picture-fluorescence", "pin-a", "outline-1", "dense acetowhite", "Call ",
)  # fmt: skip
DAYS = ("19310703", "1931", "20260514", "2026-05-14", "20260601", "2026-06-01", "2026", "0930", "+0200")


@pytest.mark.parametrize("kind", ["white", "fluorescence", "overlay", "report", "registration"])
def test_no_name_number_or_word_of_the_clinic_is_in_any_byte(kind: str, woman: Any) -> None:
    data = exported(woman)[kind].replace(woman.pixels.tobytes(), b"").lower()
    assert not [text for text in PLANTED if text.lower().encode() in data]
    assert not [text for text in PLANTED if text.lower().encode("utf-16-le") in data]


@pytest.mark.parametrize("kind", ["white", "fluorescence", "overlay", "report", "registration"])
def test_no_true_day_or_time_of_day_is_in_any_byte(kind: str, woman: Any) -> None:
    data = re.sub(rb"2\.25\.\d+", b"", exported(woman)[kind].replace(woman.pixels.tobytes(), b""))
    assert not [text for text in DAYS if text.encode() in data]


def test_no_uid_of_the_clinics_own_export_is_in_any_byte(woman: Any) -> None:
    own = [
        picture_object(woman.study, woman.white, woman.pixels, partner=woman.fluorescence),
        picture_object(woman.study, woman.fluorescence, woman.pixels, modality=Modality.ENDOSCOPY),
        overlay_object(woman.study, (woman.white,), woman.pixels, made_at=woman.reading.made_at, shows="x"),
        report_object(woman.study, woman.reading),
        registration_object(
            woman.study, woman.white, woman.fluorescence, woman.registration, made_at=woman.reading.made_at
        ),
    ]
    known = {uid for dataset in own for uid in re.findall(rb"2\.25\.\d+", to_bytes(dataset))}
    implementation = {uid for uid in known if uid in exported(woman)["white"][:400]}
    assert len(known) > 12
    assert len(implementation) == 1  # says which program wrote it, the same for everybody
    for data in exported(woman).values():
        assert not {uid for uid in known - implementation if uid in data}


@pytest.mark.parametrize("kind", ["white", "fluorescence", "overlay", "report", "registration"])
def test_the_standards_checker_finds_no_error(kind: str, woman: Any, verify: Callable[..., list[str]]) -> None:
    assert verify(exported(woman)[kind]) == []


@pytest.mark.parametrize("kind", ["white", "fluorescence", "overlay", "report", "registration"])
def test_every_object_says_how_it_was_de_identified(kind: str, woman: Any) -> None:
    dataset = parsed(woman, kind)
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.LongitudinalTemporalInformationModified == "MODIFIED"
    listed = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
    assert listed == ["113100", "113101", "113107", "113108"]
    assert (str(dataset.PatientName), dataset.PatientID, dataset.PatientBirthDate) == ("SUBJ-001^", "SUBJ-001", "")


def test_the_age_is_capped_at_ninety(woman: Any) -> None:
    assert parsed(woman).PatientAge == "090Y"  # born in 1931


@pytest.mark.parametrize(
    ("born", "age"),
    [((1990, 5, 14), "036Y"), ((1990, 5, 15), "035Y"), ((1936, 5, 14), "090Y"), ((1936, 5, 15), "089Y")],
)
def test_the_age_is_that_on_the_true_day_of_the_visit(born: tuple[int, int, int], age: str, woman: Any) -> None:
    study = research_study(replace(woman.study, birth_date=date(*born)), RESEARCH)
    assert picture_object(study, woman.white, woman.pixels).PatientAge == age


@pytest.mark.parametrize("born", [(2100, 1, 1), (1870, 1, 1)])
def test_a_birth_date_that_cannot_be_hers_gives_no_age(born: tuple[int, int, int], woman: Any) -> None:
    study = research_study(replace(woman.study, birth_date=date(*born)), RESEARCH)
    assert study.age_years is None


def test_without_a_birth_date_there_is_no_age(woman: Any) -> None:
    study = research_study(replace(woman.study, birth_date=None), RESEARCH)
    assert "PatientAge" not in picture_object(study, woman.white, woman.pixels)


def test_all_days_of_a_woman_move_alike_and_the_visit_begins_at_noon(woman: Any) -> None:
    later = replace(woman.study, visit_id="other", started_at=woman.study.started_at + timedelta(days=30, hours=5))
    first, second = (research_study(study, RESEARCH) for study in (woman.study, later))
    assert second.started_at - first.started_at == timedelta(days=30)
    assert first.started_at.date() == woman.study.started_at.date() - timedelta(days=417)
    assert (parsed(woman).StudyTime, parsed(woman).TimezoneOffsetFromUTC) == ("120000.000000", "+0000")


def test_times_between_the_pictures_of_a_visit_stay_as_they_were(woman: Any) -> None:
    assert parsed(woman).AcquisitionTime == "120130.000000"
    assert parsed(woman, "fluorescence").AcquisitionTime == "120145.000000"


def test_objects_still_refer_to_each_other(woman: Any) -> None:
    white = parsed(woman, "white").SOPInstanceUID
    assert parsed(woman, "overlay").SourceImageSequence[0].ReferencedSOPInstanceUID == white
    assert {parsed(woman, kind).StudyInstanceUID for kind in exported(woman)} == {parsed(woman).StudyInstanceUID}


def test_another_secret_gives_other_uids_and_the_same_one_the_same(woman: Any) -> None:
    other = replace(RESEARCH, salt=bytes(32))
    assert exported.__wrapped__(woman) == exported(woman)
    assert parsed(woman, research=other).StudyInstanceUID != parsed(woman).StudyInstanceUID


def test_the_secret_and_the_offset_are_not_shown_where_the_plan_is_printed() -> None:
    assert "417" not in repr(RESEARCH)
    assert "salt" not in repr(RESEARCH)


def test_the_camera_is_what_a_person_chose_to_say_and_never_its_number(woman: Any) -> None:
    assert parsed(woman).ManufacturerModelName == "colposcope, digital"
    assert "DeviceSerialNumber" not in parsed(woman)


def test_a_printed_report_never_goes_into_an_export_for_research(woman: Any) -> None:
    study = research_study(woman.study, RESEARCH)
    with pytest.raises(BadInputError, match="holds names"):
        pdf_object(study, b"%PDF-1.4", made_at=woman.reading.made_at)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pseudonym": ""}, "pseudonym is empty"),
        ({"pseudonym": "A^B"}, "pseudonym is empty, too long or holds signs"),
        ({"pseudonym": "x" * 65}, "too long"),
        ({"pseudonym": "study-WUNDERLICH-1"}, "part of the patient's name"),
        ({"pseudonym": "P-MRN-778899"}, "part of the patient's name or identifier"),
        ({"salt": b"short"}, "shorter than 16 bytes"),
        ({"offset_days": 0}, "dates would not be moved"),
        ({"pixels_looked_at": False}, "nobody said that the pictures were looked at"),
    ],
)
def test_what_would_be_no_export_for_research_is_refused(change: dict[str, Any], words: str, woman: Any) -> None:
    with pytest.raises(BadInputError, match=words) as refusal:
        research_study(woman.study, replace(RESEARCH, **change))
    assert "nothing was written" in str(refusal.value)


def test_a_picture_with_words_drawn_into_it_stays_out(woman: Any) -> None:
    with pytest.raises(BadInputError, match="words are drawn into a picture"):
        research_picture(replace(woman.white, burned_in=True), woman.study, RESEARCH)


def test_a_box_is_blanked_in_a_copy(woman: Any) -> None:
    clean = blanked(woman.pixels, ((-5, 0, 20, 10), (50, 35, 900, 900)))
    assert not clean[:10, :20].any()
    assert not clean[35:, 50:].any()
    assert np.array_equal(clean[10:35], woman.pixels[10:35])
    assert woman.pixels[:10, :20].any()


def test_of_how_a_picture_was_taken_numbers_stay_and_the_words_of_the_clinic_go(
    woman: Any, verify: Callable[..., list[str]]
) -> None:
    how = Acquisition("Obersee 4711", None, 33.3, 2.5, None, (), 405.0, "filter of Obersee", "Obersee", 0.3)
    taken = research_picture(replace(woman.fluorescence, acquisition=how), woman.study, RESEARCH)
    made = picture_object(research_study(woman.study, RESEARCH), taken, woman.pixels)
    data = to_bytes(made)
    assert b"Obersee" not in data
    assert verify(data) == []
    said = {item.ConceptNameCodeSequence[0].CodeValue: item for item in made.AcquisitionContextSequence}
    assert float(said["112710"].NumericValue) == 405
    assert said["FILTER_NAME"].TextValue == FILTERED
    assert not {"FILTER", "POLARISER"} & set(said)
