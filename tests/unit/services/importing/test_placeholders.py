"""Identifiers of DICOM files that stand for nobody prove nothing: they wait, and never make one woman of two."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.dicom_parts.files import plain, smooth, written
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.placeholders import is_placeholder
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library

CTX = SilentContext()
STUDY = "1.2.826.0.1.3680043.8.498."


def put(path: Path, identifier: str, shift: int, *, study: str = "", **tags: str) -> None:
    dataset = plain(smooth(200, 160, shift=shift))
    dataset.PatientID, dataset.PatientName = identifier, "Anonymous"
    dataset.PatientBirthDate = ""
    dataset.AcquisitionDateTime = f"2026031408{shift:02d}00+0100"
    dataset.StudyInstanceUID = STUDY + (study or str(shift))
    for key, value in tags.items():
        setattr(dataset, key, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(dataset))


def staged(plan: ImportPlan) -> ImportPlan:
    return changes.set_stage(plan, [one.key for one in plan.pictures], Stage.ACETIC_ACID)


@pytest.mark.parametrize(
    "identifier",
    ["ANON", "anonymous", "Anonymized", "ANON_12", "UNKNOWN", "none", "N/A", "NA", "TEST", "Test 1", "0", "0000000",
     "0-0", "X", "XXXX", "999", "---", "^", "未知"],
)  # fmt: skip
def test_what_many_women_bear_is_a_placeholder(identifier: str) -> None:
    assert is_placeholder(identifier)


@pytest.mark.parametrize(
    "identifier",
    ["", "K-17", "1000", "A1", "Nadia", "Anna", "Testa-9x", "NN4711", "Patient 012", "NA-1234", "Noneva", "10"],
)
def test_a_number_or_a_name_is_none(identifier: str) -> None:
    assert not is_placeholder(identifier)


@pytest.mark.parametrize("identifier", ["ANON", "UNKNOWN", "NA", "0000000", "0"])
def test_a_placeholder_is_never_brought_in_unasked_and_two_folders_are_two_women(
    lib: Library, tmp_path: Path, identifier: str
) -> None:
    put(tmp_path / "in" / "w1" / "a.dcm", identifier, 1)
    put(tmp_path / "in" / "w2" / "b.dcm", identifier, 11)
    plan = staged(make_plan(CTX, [tmp_path / "in"]))
    assert {one.patient.sure for one in plan.pictures} == {Sure.UNSURE}
    assert all("placeholder" in one.patient.why for one in plan.pictures)
    assert len(plan.women) == 2
    report = import_plan(CTX, lib, plan)
    assert (report.women, len(report.skipped)) == (0, 2)


def test_two_studies_in_one_folder_are_two_women_and_one_study_is_one(tmp_path: Path) -> None:
    for shift, study in ((1, "7"), (2, "7"), (3, "8")):
        put(tmp_path / "disc" / f"IM{shift:05d}.dcm", "ANON", shift, study=study)
    plan = make_plan(CTX, [tmp_path / "disc"])
    assert sorted(len(woman.visits[0].pictures) for woman in plan.women) == [1, 2]


def test_folders_that_name_two_women_keep_them_apart(tmp_path: Path) -> None:
    put(tmp_path / "in" / "Lang Ida" / "a.dcm", "NA", 1)
    put(tmp_path / "in" / "Kurz Ute" / "b.dcm", "NA", 2)
    plan = make_plan(CTX, [tmp_path / "in"])
    assert {woman.identifier for woman in plan.women} == {"Lang Ida", "Kurz Ute"}
    assert all(not woman.people for woman in plan.women)  # Anonymous is nobody's name


def test_a_pseudonym_waits_and_is_not_taken_for_one_woman_over_folders_and_studies(
    lib: Library, tmp_path: Path
) -> None:
    for shift, folder in ((1, "alpha"), (2, "omega")):
        put(tmp_path / "in" / folder / "a.dcm", "PSN-77", shift, PatientIdentityRemoved="YES", PatientName="")
    plan = staged(make_plan(CTX, [tmp_path / "in"]))
    assert {one.patient.sure for one in plan.pictures} == {Sure.UNSURE}
    report = import_plan(CTX, lib, plan, also_unsure=True)
    assert report.women == 0
    assert "would be one woman" in report.notes[0]
