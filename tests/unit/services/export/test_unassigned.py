"""Visits of nobody: what leaves says so, and sets in which women are told apart are without them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydicom import dcmread

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, pairing, report
from pfm_desktop.services.capture import unassigned
from pfm_desktop.services.export.dicom_visit import export_dicom
from pfm_desktop.services.export.research import UNASSIGNED, Format, Wish, export_research
from pfm_desktop.storage import crosswalk
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError

from .conftest import Ids, case_of, everything, noted_png, phantom

CTX = SilentContext()


@pytest.fixture
def nobody(clinic: Library) -> str:
    visit = unassigned.begin_unassigned(clinic, "Dr. Test").id
    cases.add_picture(clinic, visit, noted_png(phantom().white[::-1]), stage=Stage.ACETIC_ACID)
    assert pairing.ensure_pair(clinic, visit) is not None
    return visit


@pytest.mark.parametrize("kind", list(Format))
def test_a_set_for_research_is_without_them_and_says_why(
    clinic: Library, nobody: str, tmp_path: Path, kind: Format
) -> None:
    (picture,) = case_of(clinic, nobody).pictures
    wish = Wish(kind, pixels_looked_at=True, boxes={picture.id: ((0, 0, 9, 9),)})
    made = export_research(CTX, clinic, tmp_path / "set", wish)
    assert (made.women, made.visits, made.pictures) == (2, 3, 4)
    assert [one.why for one in made.left_out if one.visit_id == nobody] == [UNASSIGNED]
    assert not any("nassigned" in name for name in everything(tmp_path / "set"))


def test_alone_they_are_no_set(clinic: Library, nobody: str, tmp_path: Path) -> None:
    wish = Wish(visits=(nobody,), pixels_looked_at=True)
    with pytest.raises(BadInputError, match="none of these visits") as refused:
        export_research(CTX, clinic, tmp_path / "set", wish)
    assert "assign the visit" in refused.value.remedy
    assert not (tmp_path / "set").exists()


def test_no_pseudonym_is_made_before_somebody_says_who_she_is(clinic: Library, ids: Ids, nobody: str) -> None:
    woman = case_of(clinic, nobody).patient.id
    assert set(crosswalk.aliases(clinic, [woman, ids.patient])) == {ids.patient}
    unassigned.assign_new(clinic, nobody, identifier="K-99")
    woman = case_of(clinic, nobody).patient.id
    assert set(crosswalk.aliases(clinic, [woman])) == {woman}


def test_dicom_calls_her_unassigned_and_the_person_who_exports_is_told(
    clinic: Library, nobody: str, tmp_path: Path
) -> None:
    made = export_dicom(CTX, clinic, [nobody], tmp_path / "out")
    (data,) = everything(tmp_path / "out").values()
    picture = dcmread(io.BytesIO(data))
    assert picture.PatientID.startswith("Unassigned ")
    assert not str(picture.PatientName)
    assert "who the woman is" in [one.what for one in made.left_out]


def test_a_preview_of_the_report_says_it(clinic: Library, ids: Ids, nobody: str) -> None:
    content = report.report_of_visit(clinic, case_of(clinic, nobody), None, None, software="test")
    assert content.notes == (report.UNASSIGNED,)
    assert content.patient_identifier.startswith("Unassigned ")
    assert (
        report.UNASSIGNED
        not in report.report_of_visit(clinic, case_of(clinic, ids.second), None, None, software="test").notes
    )
