"""DICOM in an import: a woman, her visit and her pictures come out of the files' own records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from benchmarks.dicom_parts.files import frames, overlay, plain, smooth, written
from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import decode_picture, encode_png
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import burned_in, cases
from pfm_desktop.services.export.dicom_visit import export_dicom
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.dicom import read_dicom
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import Options, make_plan
from pfm_desktop.services.importing.reading import RecordedPicture
from pfm_desktop.services.importing.report import Outcome
from pfm_desktop.services.importing.run import foreseen, import_plan
from pfm_desktop.services.taking_back import made_by_import, take_back
from pfm_desktop.storage import crosswalk
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError

CTX = SilentContext()


def test_the_pixels_of_a_file_come_out_as_they_are_with_what_it_says_of_the_woman() -> None:
    pixels = smooth()
    dataset = plain(pixels)
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = "K-77", "Müller^Änne", "19800229"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    (found,) = read_dicom(written(dataset))
    assert np.array_equal(decode_picture(found.data, "picture").pixels, pixels)
    assert (found.record.identifier, found.record.family_name, found.record.given_name) == ("K-77", "Müller", "Änne")
    assert found.record.birth_date is not None


def test_a_time_without_a_zone_is_that_of_this_computer() -> None:
    dataset = plain(smooth())
    dataset.AcquisitionDateTime = "20260314083000"
    (found,) = read_dicom(written(dataset))
    assert found.record.taken_at == datetime(2026, 3, 14, 8, 30).astimezone()
    dataset.AcquisitionDateTime = "20260314083000+0100"
    (found,) = read_dicom(written(dataset))
    assert found.record.taken_at == datetime(2026, 3, 14, 7, 30, tzinfo=UTC)


def test_every_frame_of_a_file_is_a_picture_and_the_same_bytes_each_time() -> None:
    dataset = frames([smooth(shift=0), smooth(shift=9)])
    dataset.Modality = "XC"
    data = written(dataset)
    once, again = read_dicom(data), read_dicom(data)
    assert len(once) == 2
    assert [one.data for one in once] == [one.data for one in again]


def test_a_heatmap_drawn_over_a_picture_is_not_taken_for_one() -> None:
    with pytest.raises(BadInputError, match="drawn over another picture"):
        read_dicom(written(overlay(smooth())))


def test_files_of_a_woman_become_her_visit_and_twice_is_once(lib: Library, tmp_path: Path) -> None:
    folder = tmp_path / "disc"
    folder.mkdir()
    for number in range(2):
        dataset = plain(smooth(200, 160, shift=number))
        dataset.PatientID, dataset.PatientName = "K-77", "Adler^Anna"
        dataset.AcquisitionDateTime = f"2026031408{number:02d}00+0100"
        dataset.SeriesDescription = "White light, acetic acid"
        (folder / f"IM{number:05d}").write_bytes(written(dataset))
    for _ in range(2):
        import_plan(CTX, lib, make_plan(CTX, [folder]), also_unsure=True)
        (row,) = cases.today(lib)
        assert row.patient.identifier == "K-77"
        assert row.pictures == 2


def put(folder: Path, name: str, **tags: str) -> None:
    dataset = plain(smooth(200, 160, shift=len(name)))
    dropped = ("AcquisitionContextSequence", "StudyDescription") if "SeriesDescription" in tags else ()
    for key in ("AcquisitionDateTime", "AcquisitionDate", "ContentDate", "StudyDate", *dropped):
        if key in dataset:
            delattr(dataset, key)
    for key, value in tags.items():
        setattr(dataset, key, value)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(written(dataset))


def test_a_record_that_says_another_number_than_its_folder_is_asked_about_with_both_said(tmp_path: Path) -> None:
    put(tmp_path / "in", "K-55/a.dcm", PatientID="D-9")
    put(tmp_path / "in", "D-9/b.dcm", PatientID="D-9")
    put(tmp_path / "in", "Lang Ida/c.dcm", PatientID="D-9")
    against, same, name = sorted(make_plan(CTX, [tmp_path / "in"]).pictures, key=lambda one: one.name)
    assert (against.patient.value, against.patient.sure) == ("D-9", Sure.UNSURE)
    assert "K-55" in against.patient.why
    assert (same.patient.value, same.patient.sure) == ("D-9", Sure.SAID)
    assert name.patient.sure is Sure.SAID


def test_a_date_without_a_time_is_a_day_only(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.dcm", PatientID="K-77", StudyDate="20260314", StudyTime="")
    (picture,) = make_plan(CTX, [tmp_path / "in"]).pictures
    assert picture.when.value == When(datetime(2026, 3, 14).astimezone(), day_only=True)
    assert picture.when.sure is Sure.SAID


def test_a_record_and_a_folder_of_different_days_are_asked_about(tmp_path: Path) -> None:
    put(tmp_path / "in", "2026-03-02/a.dcm", PatientID="K-77", AcquisitionDateTime="20260314083000")
    plan = make_plan(CTX, [tmp_path / "in"])
    (visit,) = plan.women[0].visits
    assert visit.when.sure is Sure.UNSURE
    assert "14 Mar 2026" in visit.when.why
    assert "02 Mar 2026" in visit.when.why


def test_the_folder_of_an_export_does_not_speak_against_its_files(tmp_path: Path) -> None:
    for name in ("dicom with names 2026-11-29", "research dicom 2026-11-29"):
        put(tmp_path / name, "visit-1/a.dcm", PatientID="K-77", AcquisitionDateTime="20260314083000")
        (picture,) = make_plan(CTX, [tmp_path / name]).pictures
        assert picture.when.sure is Sure.SAID


def test_a_dicom_shot_of_another_womans_second_is_foreseen_to_wait(lib: Library, tmp_path: Path) -> None:
    put(tmp_path / "hers", "a.dcm", PatientID="K-17", AcquisitionDateTime="20260314083000")
    import_plan(CTX, lib, make_plan(CTX, [tmp_path / "hers"]), also_unsure=True)
    other = plain(smooth(200, 160, shift=len("a.dcm")) // 2 * 2)
    other.PatientID, other.AcquisitionDateTime = "K-18", "20260314083000"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.dcm").write_bytes(written(other))
    plan = make_plan(CTX, [tmp_path / "other"])
    for work in (foreseen, import_plan):
        (line,) = work(CTX, lib, plan, also_unsure=True).lines
        assert "nearly the same picture, of the same second" in line.reason


@pytest.mark.parametrize(
    ("words", "stage", "sure"),
    [
        ("White light, acetic acid", Stage.ACETIC_ACID, Sure.UNSURE),
        ("acetic acid and Lugol", None, Sure.UNKNOWN),
        ("without acetic acid", None, Sure.UNKNOWN),
        ("Greenwich Hospital", None, Sure.UNKNOWN),
        ("Lugol after acetic acid", Stage.LUGOL, Sure.UNSURE),
    ],
)
def test_a_description_in_words_is_only_a_guess_at_the_stage(
    tmp_path: Path, words: str, stage: Stage | None, sure: Sure
) -> None:
    put(tmp_path / "in", "a.dcm", PatientID="K-77", SeriesDescription=words)
    (picture,) = make_plan(CTX, [tmp_path / "in"]).pictures
    assert (picture.stage.value, picture.stage.sure) == (stage, sure)


def test_a_number_of_another_clinic_goes_to_nobody_on_record_unasked(lib: Library, tmp_path: Path) -> None:
    tags = {"PatientID": "4711", "AcquisitionDateTime": "20260314083000", "PatientName": "^"}
    put(tmp_path / "a", "1.dcm", **tags)
    assert import_plan(CTX, lib, make_plan(CTX, [tmp_path / "a"])).women == 1
    other = {"PatientName": "Other^Clinic", "PatientBirthDate": "19800102", "IssuerOfPatientID": "CLINIC-B"}
    put(tmp_path / "b", "22.dcm", **tags | other)
    report = import_plan(CTX, lib, make_plan(CTX, [tmp_path / "b"]))
    assert len(report.skipped) == 1
    assert "without the name" in report.skipped[0].reason
    assert "4711" in report.notes[0]
    (row,) = cases.today(lib)
    assert row.pictures == 1


def disc(folder: Path, *burned: str) -> Path:
    """A picture for each word: YES, NO, or "" for nothing said."""
    folder.mkdir()
    for number, word in enumerate(burned):
        dataset = plain(smooth(200, 160, shift=number))
        dataset.PatientID, dataset.AcquisitionDateTime = "K-77", f"2026031408{number:02d}00+0100"
        dataset.SeriesDescription = "White light, acetic acid"
        if word:
            dataset.BurnedInAnnotation = word
        elif "BurnedInAnnotation" in dataset:
            del dataset.BurnedInAnnotation
        (folder / f"IM{number:05d}").write_bytes(written(dataset))
    return folder


def test_words_drawn_into_a_picture_are_kept_on_record_and_go_out_with_it(lib: Library, tmp_path: Path) -> None:
    import_plan(CTX, lib, make_plan(CTX, [disc(tmp_path / "disc", "YES", "NO", "")]), also_unsure=True)
    (row,) = cases.today(lib)
    first, *others = cases.visit_case(lib, row.visit.id).pictures
    assert burned_in.said_of(lib, [first.id, *(other.id for other in others)]) == {first.id}
    export_dicom(CTX, lib, [row.visit.id], tmp_path / "out")
    found = [pydicom.dcmread(path) for path in sorted((tmp_path / "out").rglob("picture-*.dcm"))]
    assert [one.get("BurnedInAnnotation") for one in found] == ["YES", None, None]


def test_an_import_is_taken_back_with_pictures_of_which_that_is_on_record(lib: Library, tmp_path: Path) -> None:
    import_plan(CTX, lib, make_plan(CTX, [disc(tmp_path / "disc", "YES")]), also_unsure=True, key="import")
    made = made_by_import(CTX, lib, "import")
    take_back(CTX, lib, made)
    assert cases.today(lib) == ()


def test_who_is_asked_about_no_picture_or_many_answers(lib: Library) -> None:
    burned_in.note(lib, [])
    assert burned_in.said_of(lib, []) == frozenset()
    many = [f"{number:032x}" for number in range(1201)]
    burned_in.note(lib, many[::400])
    assert burned_in.said_of(lib, many) == set(many[::400])


@pytest.mark.parametrize(
    ("modality", "part", "said"),
    [("CT", "CHEST", "CT of CHEST"), ("MR", "", "MR"), ("DX", "PELVIS", "DX of PELVIS"), ("XC", "SKIN", "of SKIN")],
)
def test_what_can_be_no_photograph_of_a_cervix_waits_although_a_stage_was_said(
    lib: Library, tmp_path: Path, modality: str, part: str, said: str
) -> None:
    put(tmp_path / "in", "a.dcm", PatientID="T-3", StudyDate="20260314", Modality=modality, BodyPartExamined=part)
    plan = make_plan(CTX, [tmp_path / "in"])
    plan = changes.set_stage(plan, [one.key for one in plan.pictures], Stage.ACETIC_ACID)
    report = import_plan(CTX, lib, plan)
    assert report.women == 0
    assert f"{said}, which is no photograph of a cervix" in report.lines[0].reason


@pytest.mark.parametrize(
    ("modality", "part"), [("ES", "CERVIX"), ("XC", ""), ("GM", "UTERUS"), ("OT", "PELVIS"), ("US", ""), ("", "VULVA")]
)
def test_kinds_of_pictures_that_colposcopes_make_do_not_wait(tmp_path: Path, modality: str, part: str) -> None:
    put(tmp_path / "in", "a.dcm", PatientID="T-3", StudyDate="20260314", Modality=modality, BodyPartExamined=part)
    (picture,) = make_plan(CTX, [tmp_path / "in"]).pictures
    assert picture.patient.sure is Sure.SAID


def test_a_man_in_the_record_and_a_study_of_two_women_wait_for_a_look(tmp_path: Path) -> None:
    put(tmp_path / "man", "a.dcm", PatientID="T-3", StudyDate="20260314", PatientSex="M")
    (picture,) = make_plan(CTX, [tmp_path / "man"]).pictures
    assert (picture.patient.sure, "the patient is male" in picture.patient.why) == (Sure.UNSURE, True)
    for number, study in (("T-3", "2.25.7"), ("T-4", "2.25.7"), ("T-5", "2.25.8")):
        put(tmp_path / "two", f"{number}.dcm", PatientID=number, StudyDate="20260314", StudyInstanceUID=study)
    waits = {one.patient.value: one.patient for one in make_plan(CTX, [tmp_path / "two"]).pictures}
    assert [waits[one].sure for one in ("T-3", "T-4", "T-5")] == [Sure.UNSURE, Sure.UNSURE, Sure.SAID]
    assert "its study holds pictures of T-4 as well" in waits["T-3"].why


def test_a_file_of_many_frames_is_taken_apart_once_each_time(lib: Library, tmp_path: Path) -> None:
    reads: list[int] = []

    def counting(data: bytes) -> tuple[RecordedPicture, ...]:
        reads.append(len(data))
        (one,) = read_dicom(data)
        frames = [encode_png(smooth(200, 160, shift=shift)) for shift in range(5)]
        return tuple(replace(one, data=frame) for frame in frames)

    put(tmp_path / "in", "a.dcm", PatientID="T-3", StudyDate="20260314")
    plan = make_plan(CTX, [tmp_path / "in"], options=Options(dicom=counting))
    plan = changes.set_stage(plan, [one.key for one in plan.pictures], Stage.ACETIC_ACID)
    report = import_plan(CTX, lib, plan, dicom=counting)
    assert (report.count(Outcome.ADDED), len(reads)) == (5, 2)


def test_a_pseudonym_that_this_library_gave_is_no_woman_of_her_own(lib: Library, tmp_path: Path) -> None:
    woman = cases.add_patient(lib, identifier="K-17")
    alias = crosswalk.aliases(lib, [woman.id])[woman.id]
    for name, pseudonym in (("ours", alias.pseudonym), ("theirs", "W-zzzzzz")):
        put(tmp_path / name, "a.dcm", PatientID=pseudonym, AcquisitionDateTime="20260314083000")
        plan = make_plan(CTX, [tmp_path / name])
        plan = changes.confirm(plan, [one.key for one in plan.pictures])
        for work in (foreseen, import_plan):
            report = work(CTX, lib, plan)
            assert report.count(Outcome.ADDED) == (name == "theirs")
            if name == "ours":
                assert "is a pseudonym that this library gave in an export" in report.skipped[0].reason
