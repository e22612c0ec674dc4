"""A visit as DICOM: everything that may leave, nothing made anew, and a reason for what is not there."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pypdf import PdfReader

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import Whitening
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import OTHER_PAIR
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.registration.result import Registration, refused
from pfm_desktop.interop.dicom.content import Modality
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.services import cases, documenting, moving, pairing, review
from pfm_desktop.services.capture import records
from pfm_desktop.services.capture.clips import begin_clip
from pfm_desktop.services.capture.records import Shot, keep_shots
from pfm_desktop.services.export import facts
from pfm_desktop.services.export.dicom_visit import (
    NOT_KEPT,
    NOT_REVEALED,
    DicomExport,
    export_dicom,
    visit_folder,
)
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

from ..conftest import put_on_record
from .conftest import (
    MODEL,
    SIZE,
    Ids,
    analysis,
    case_of,
    everything,
    found_in,
    keep_answer,
    keep_registration,
    noted_png,
    phantom,
    stopping_at,
    straight,
)

pytestmark = pytest.mark.slow

CTX = SilentContext()


def exported(lib: Library, out: Path, *visits: str, modality: Modality = Modality.PHOTOGRAPHY) -> DicomExport:
    return export_dicom(CTX, lib, visits, out, modality=modality)


def objects(folder: Path) -> dict[str, Dataset]:
    """By the file's name without its ending."""
    return {Path(name).stem: dcmread(io.BytesIO(data)) for name, data in everything(folder).items()}


def why(made: DicomExport) -> dict[str, str]:
    return {one.what: one.why for one in made.left_out}


def paired_visit(lib: Library, ids: Ids) -> tuple[str, str]:
    """A visit of hers with a pair, not read yet; ids of both."""
    visit = cases.add_visit(lib, ids.patient).id
    for pixels, stage in (
        (phantom().white[::-1, ::-1], Stage.ACETIC_ACID),
        (phantom().fluorescence[::-1], Stage.FLUORESCENCE_AFTER_ACID),
    ):
        cases.add_picture(lib, visit, noted_png(np.ascontiguousarray(pixels)), stage=stage)
    pair = pairing.ensure_pair(lib, visit)
    assert pair is not None
    return visit, pair.id


def test_a_signed_visit_goes_out_with_all_that_is_known_of_it(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    made = exported(clinic, tmp_path / "out", ids.first)
    found = objects(tmp_path / "out")
    assert set(found) == {
        "picture-01-acetic_acid", "picture-02-fluorescence_after_acid", "structured-report", "heatmap", "registration",
        "report",
    }  # fmt: skip
    assert made.left_out == ()
    assert (made.visits, made.files, made.folder) == (1, 6, tmp_path / "out")
    assert {str(one.PatientName) for one in found.values()} == {"Wunderlich^Roswitha"}
    assert len({one.StudyInstanceUID for one in found.values()}) == 1


@pytest.mark.parametrize("modality", list(Modality))
def test_every_file_passes_the_standards_checker(
    clinic: Library, ids: Ids, tmp_path: Path, verify: Callable[[bytes, Path], list[str]], modality: Modality
) -> None:
    exported(clinic, tmp_path / "out", ids.first, ids.second, ids.other, modality=modality)
    files = everything(tmp_path / "out")
    assert len(files) == 6 + 2 + 1
    for data in files.values():
        assert verify(data, tmp_path) == []


def test_highdicom_reads_the_structured_report_back(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    from highdicom.sr import srread

    exported(clinic, tmp_path / "out", ids.first)
    report = srread(tmp_path / "out" / visit_folder(ids.first) / "structured-report.dcm").content
    assert len(report.get_image_measurement_groups()) == 3  # answer, Swede score, impression
    assert len(report.get_planar_roi_measurement_groups()) == 2  # the pins


def test_no_file_or_folder_is_named_after_her(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.first, ids.other)
    names = dict.fromkeys(everything(tmp_path / "out"), b"")
    assert found_in(names, ("wunderlich", "roswitha", "778899", "娜娜", "2026", "1931")) == []


def test_pictures_are_the_upright_pixels_and_say_that_they_were_packed_with_loss(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    exported(clinic, tmp_path / "out", ids.first)
    found = objects(tmp_path / "out")
    white, lit = found["picture-01-acetic_acid"], found["picture-02-fluorescence_after_acid"]
    difference = np.abs(white.pixel_array.astype(int) - phantom().white.astype(int))
    assert difference.mean() < 4
    assert np.array_equal(lit.pixel_array, phantom().fluorescence)
    assert (white.LossyImageCompression, lit.LossyImageCompression) == ("01", "00")
    assert white.ReferencedImageSequence[0].ReferencedSOPInstanceUID == lit.SOPInstanceUID


def test_nobody_looked_for_words_so_nothing_is_said_of_them(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.first)
    found = objects(tmp_path / "out")
    assert "BurnedInAnnotation" not in found["picture-01-acetic_acid"]
    assert "BurnedInAnnotation" not in found["heatmap"]
    assert found["report"].BurnedInAnnotation == "YES"


def test_the_registration_says_how_far_the_whole_map_bends(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    visit, pair = paired_visit(clinic, ids)
    nodes = np.zeros((3, 3, 2), np.float32)
    nodes[1, 1] = (3.0, 4.0)
    keep_registration(clinic, pair, replace(straight(), nodes=nodes))
    exported(clinic, tmp_path / "out", visit)
    moved = objects(tmp_path / "out")["registration"].RegistrationSequence[1].MatrixRegistrationSequence[0]
    assert "bends up to 5.0 px" in moved.FrameOfReferenceTransformationComment
    matrix = np.array(moved.MatrixSequence[0].FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4)
    assert matrix @ [10, 20, 0, 1] == pytest.approx([13, 20, 0, 1])


@pytest.mark.parametrize("turned", [0.0, 0.3])
def test_the_bend_is_the_farthest_departure_from_the_affine_part(turned: float) -> None:
    nodes = np.random.default_rng(1).uniform(-6, 6, (5, 4, 2)).astype(np.float32)
    matrix = np.array([[1.2 * np.cos(turned), -np.sin(turned), 4.0], [np.sin(turned), 0.9, -2.0], [0, 0, 1]])
    found = replace(straight(), nodes=nodes, matrix=matrix)
    x, y = np.meshgrid(np.linspace(0, SIZE - 1, 301), np.linspace(0, SIZE - 1, 301))
    points = np.column_stack([x.ravel(), y.ravel()])
    affine = points @ matrix[:2, :2].T + matrix[:2, 2]
    away = np.hypot(*(found.white_to_fluorescence(points) - affine).T)
    assert facts.bend_px(found) == pytest.approx(away.max(), abs=0.02)


def _by_hand_against_the_structures() -> Registration:
    from pfm_desktop.domain.registration import DISAGREE

    return replace(straight(), by_hand=True, reason=DISAGREE)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: refused("too few structures in common", (SIZE, SIZE), (SIZE, SIZE)), "too few structures"),
        (_by_hand_against_the_structures, "do not agree"),
        (None, "not registered"),
    ],
)
def test_a_registration_that_may_not_be_used_is_left_out_with_its_reason(
    clinic: Library, ids: Ids, tmp_path: Path, made: Callable[[], Registration] | None, words: str
) -> None:
    visit, pair = paired_visit(clinic, ids)
    if made is not None:
        keep_registration(clinic, pair, made())
    result = exported(clinic, tmp_path / "out", visit)
    assert words in why(result)["registration"]
    assert "registration" not in objects(tmp_path / "out")


def test_an_answer_that_nobody_was_shown_stays_in_the_library(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    visit, pair = paired_visit(clinic, ids)
    keep_answer(clinic, pair, analysis())
    result = exported(clinic, tmp_path / "out", visit)
    assert why(result)["AI answer"] == NOT_REVEALED
    assert found_in(everything(tmp_path / "out"), ("Obersee-Modell", "abababab")) == []


@pytest.mark.parametrize(("kept", "said"), [("none", NOT_KEPT), ("of another model", NOT_KEPT), ("pair", OTHER_PAIR)])
def test_an_answer_is_never_made_anew_nor_taken_from_elsewhere(
    clinic: Library, ids: Ids, tmp_path: Path, kept: str, said: str
) -> None:
    visit, pair = paired_visit(clinic, ids)
    if kept == "of another model":
        keep_answer(clinic, pair, replace(analysis(), model=replace(MODEL, sha256="cd" * 32)))
    review.reveal(clinic, visit, "Dr. A", lock=False, model=MODEL, pair_id="f" * 32 if kept == "pair" else pair)
    result = exported(clinic, tmp_path / "out", visit)
    assert why(result)["AI answer"] == said
    assert "heatmap" not in objects(tmp_path / "out")


def test_a_refusal_of_the_engine_is_in_the_report_and_has_no_heatmap(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    visit, pair = paired_visit(clinic, ids)
    said = replace(analysis(), prediction=None, heatmaps={}, refused=Refusal("too blurred", "Focus again."))
    keep_answer(clinic, pair, said)
    review.reveal(clinic, visit, "Dr. A", lock=False, model=MODEL, pair_id=pair)
    result = exported(clinic, tmp_path / "out", visit)
    assert "too blurred" in why(result)["heatmap"]
    report = next(data for name, data in everything(tmp_path / "out").items() if "structured-report" in name)
    assert b"No answer was given: too blurred. Focus again." in report


def test_the_pdf_is_the_signed_report(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.first)
    document = objects(tmp_path / "out")["report"].EncapsulatedDocument
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    assert "Dr. Sigrid Signer" in text
    assert "dense acetowhite" in text


def test_a_visit_that_is_not_signed_has_no_pdf_and_says_why(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    result = exported(clinic, tmp_path / "out", ids.second)
    assert why(result) == {
        "AI answer": NOT_REVEALED,
        "registration": "the pair lacks one source",
        "report as PDF": "the visit is not signed",
    }


def test_pins_have_the_hours_of_the_printed_report(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.first)
    case = case_of(clinic, ids.first)
    registration = facts.kept_registration(clinic, case, case.pairs[0])
    assert [mark.hour for mark in facts.pin_marks(case, case.pairs[0], registration)] == [3, 12]
    assert [mark.hour for mark in facts.pin_marks(case, case.pairs[0], None)] == [3, None]
    assert str(objects(tmp_path / "out")["structured-report"]).count("Biopsy") >= 2


def test_the_same_visit_gives_the_same_uids_again(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(clinic, tmp_path / name, ids.first)
    one, two = ({name: found.SOPInstanceUID for name, found in objects(tmp_path / n).items()} for n in ("one", "two"))
    assert {name for name in one if one[name] != two[name]} <= {"report"}  # it says when it was printed


def test_after_it_was_moved_to_another_woman_a_visit_shares_no_uid_with_what_an_archive_has(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    exported(clinic, tmp_path / "one", ids.second)
    moving.move_visit(clinic, ids.second, case_of(clinic, ids.other).patient.id)
    exported(clinic, tmp_path / "two", ids.second)
    one, two = (
        {uid for found in objects(tmp_path / name).values() for uid in (found.SOPInstanceUID, found.StudyInstanceUID)}
        for name in ("one", "two")
    )
    assert len(one) == len(two) > 1
    assert not one & two


def test_a_visit_that_is_not_signed_gives_the_same_bytes_again(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(clinic, tmp_path / name, ids.second, ids.other)
    assert everything(tmp_path / "one") == everything(tmp_path / "two")


def test_the_structured_report_is_dated_by_the_last_word_on_the_visit(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    signature = case_of(clinic, ids.first).findings.signature
    assert signature is not None
    assert facts.said_at(clinic, case_of(clinic, ids.first)) == signature.signed_at
    review.set_impression(clinic, ids.second, Grade.NORMAL)
    with clinic.read() as session:
        line = journal.last(session, what="findings", key=ids.second)
    assert line is not None
    assert facts.said_at(clinic, case_of(clinic, ids.second)) == line.at
    assert facts.said_at(clinic, case_of(clinic, ids.other)) == case_of(clinic, ids.other).visit.started_at


def test_a_visit_is_found_by_the_beginning_of_its_id(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.second[:8].upper(), ids.second)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [visit_folder(ids.second)]


@pytest.mark.parametrize("name", ["", "abc", "zzzzzzzz", "%", "' OR 1=1"])
def test_a_visit_that_there_is_not_is_named(clinic: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="no visit of this library"):
        exported(clinic, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


def test_without_a_visit_there_is_nothing_to_export(clinic: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no visit was named"):
        exported(clinic, tmp_path / "out")


def test_a_visit_without_anything_gives_no_folder(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    empty = cases.add_visit(clinic, ids.patient).id
    with pytest.raises(BadInputError, match="nothing in these visits"):
        exported(clinic, tmp_path / "out", empty)
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


def test_a_visit_with_a_lost_picture_does_not_go_out_in_part(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    visit, _ = paired_visit(clinic, ids)
    lost = clinic.pictures.find(case_of(clinic, visit).pictures[1].sha256)
    assert lost is not None
    lost.unlink()
    with pytest.raises(StorageError, match="missing"):
        exported(clinic, tmp_path / "out", ids.first, visit)
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


def test_what_is_no_picture_stops_the_visit(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    put_on_record(clinic, ids.second, b"no picture")
    with pytest.raises(BadInputError, match="not a picture"):
        exported(clinic, tmp_path / "out", ids.second)


def test_a_name_that_dicom_cannot_hold_is_not_cut(clinic: Library, tmp_path: Path) -> None:
    patient = cases.add_patient(clinic, identifier="long", family_name="A" * 90)
    visit = cases.add_visit(clinic, patient.id).id
    cases.add_picture(clinic, visit, noted_png(phantom().white[:99]), stage=Stage.SALINE)
    with pytest.raises(BadInputError, match="longer than the 64"):
        exported(clinic, tmp_path / "out", visit)
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


@pytest.mark.parametrize("step", [1, 3, 5, 7])
def test_a_cancelled_export_leaves_no_file_and_its_end_is_on_record(
    clinic: Library, ids: Ids, tmp_path: Path, step: int
) -> None:
    with pytest.raises(Cancelled):
        export_dicom(stopping_at(step), clinic, [ids.first, ids.second], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]
    with clinic.read() as session:
        lines = journal.entries(session, what="export")
    assert [line.text.split(";")[0] for line in lines] in (
        [],  # not one file was written
        ["Export begun: as DICOM, with names", "Export not completed: cancelled"],
    )
    assert not lines or (lines[0].new or {})["visit_ids"] == [ids.first, ids.second]
    assert lines or step < 7


def test_who_went_out_is_on_record_by_id_and_not_by_name_or_path(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "Wunderlich", ids.first, ids.other)
    with clinic.read() as session:
        begun, line = journal.entries(session, what="export")
    assert begun.new == {"format": "dicom", "visits": 2, "visit_ids": [ids.first, ids.other]}
    assert line.new == {"format": "dicom", "visits": 2, "files": 7, "visit_ids": [ids.first, ids.other]}
    assert (
        found_in(
            {"line": f"{begun.key} {begun.text} {begun.new} {line.key} {line.text} {line.new}".encode()},
            ("Wunderlich", "/", "欧阳"),
        )
        == []
    )


def test_a_library_that_takes_no_record_gives_no_export(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    with Library.open(clinic.path) as along, pytest.raises(StorageError, match="cannot be put on record"):
        exported(along, tmp_path / "out", ids.first)
    assert not (tmp_path / "out").exists()


def test_nothing_is_changed_in_the_library_but_its_journal(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    before = case_of(clinic, ids.first), sorted(clinic.pictures.files()), sorted(clinic.derived.files())
    exported(clinic, tmp_path / "out", ids.first)
    assert (case_of(clinic, ids.first), sorted(clinic.pictures.files()), sorted(clinic.derived.files())) == before


def test_the_overlay_refers_to_the_pictures_of_the_answer(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "out", ids.first)
    found = objects(tmp_path / "out")
    used = [item.ReferencedSOPInstanceUID for item in found["heatmap"].SourceImageSequence]
    assert used == [
        found[f"picture-0{n}-{s}"].SOPInstanceUID for n, s in ((1, "acetic_acid"), (2, "fluorescence_after_acid"))
    ]
    assert Source.WHITE is analysis().frame


# ---- other sources in the second place


def green_visit(lib: Library, ids: Ids) -> tuple[str, str, str]:
    """A visit with white light and a picture through a green filter, registered; ids of visit, pair, second picture."""
    visit = cases.add_visit(lib, ids.patient).id
    white = cases.add_picture(lib, visit, noted_png(phantom().white), stage=Stage.ACETIC_ACID).id
    tinted = (phantom().white[..., 1:2] * np.array([0.1, 0.9, 0.15])).astype(np.uint8)
    green = cases.add_picture(lib, visit, noted_png(tinted), stage=Stage.GREEN).id
    pair = pairing.make_pair(lib, visit, white, green).key
    keep_registration(lib, pair, straight())
    review.mark_os(lib, pair, Source.WHITE, 110.0, 110.0)
    review.place_pin(lib, pair, Source.FLUORESCENCE, 150.0, 60.0)
    return visit, pair, green


def test_the_map_onto_a_green_filter_and_its_pins_go_out_under_their_own_names(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    visit, _, _ = green_visit(clinic, ids)
    exported(clinic, tmp_path / "out", visit)
    found = objects(tmp_path / "out")
    assert found["registration"].SeriesDescription.startswith("White light to green filter. ")
    assert found["registration"].ContentLabel == "WHITE_TO_GREEN"
    pictures = {str(one.SeriesDescription): str(one.SOPInstanceUID) for one in found.values() if "Rows" in one}
    report = found["structured-report"].to_json()
    assert pictures["White light, green filter"] in report, "the pin lies in this picture"


def test_a_picture_that_was_taken_live_says_how(
    clinic: Library, ids: Ids, tmp_path: Path, verify: Callable[[bytes, Path], list[str]]
) -> None:
    visit = cases.add_visit(clinic, ids.patient).id
    pixels = np.ascontiguousarray(phantom().fluorescence)
    shot = Shot(
        noted_png(pixels), SIZE, SIZE, "", Stage.FLUORESCENCE_AFTER_ACID, datetime.now(UTC), 60.0,
        acquisition=Acquisition(camera="UVC 1", exposure_ms=33.3, excitation_nm=405.0, filter="LP 430"),
    )  # fmt: skip
    keep_shots(clinic, visit, [shot], pair=False)
    exported(clinic, tmp_path / "out", visit)
    (data,) = everything(tmp_path / "out").values()
    assert verify(data, tmp_path) == []
    picture = dcmread(io.BytesIO(data))
    said = {item.ConceptNameCodeSequence[0].CodeValue for item in picture.AcquisitionContextSequence}
    assert {"112710", "EXPOSURE", "FILTER_NAME", "SECONDS_ACID"} <= said
    assert picture.ManufacturerModelName == "UVC 1"


def test_clips_and_whitening_that_stay_are_named(lib: Library, tmp_path: Path) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-18").id).id
    cases.add_picture(lib, visit, noted_png(phantom().white), stage=Stage.ACETIC_ACID)
    assert set(why(exported(lib, tmp_path / "one", visit))) & {"clips (1)", "whitening of places (1)"} == set()
    begin_clip(lib, visit, ClipKind.VIDEO, size=(8, 8))
    records.keep_whitening(lib, visit, "c" * 32, Whitening((), (0.0,), (0.0,)))
    said = why(exported(lib, tmp_path / "two", visit))
    assert {"clips (1)", "whitening of places (1)"} <= set(said)


def test_what_was_documented_by_forms_is_told_to_stay_here(lib: Library, tmp_path: Path) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-19").id).id
    cases.add_picture(lib, visit, noted_png(phantom().white), stage=Stage.ACETIC_ACID)
    documenting.set_referral(lib, visit, "hpv", "negative")
    documenting.add_lesion(lib, visit)
    said = why(exported(lib, tmp_path / "one", visit))
    assert said["the referral card"] == "it stands in the report alone"
    assert "signs by IFCPC 2011 and scores of each lesion" in said
