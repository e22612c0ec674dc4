"""What is added by hand is looked at as the import looks: another woman and another day are said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.jobs.context import CallbackContext
from pfm_desktop.services import cases
from pfm_desktop.services.file_says import FileSays, doubts, look_at
from pfm_desktop.services.importing.plan import Person
from pfm_desktop.storage.library import Library

from .importing.conftest import jpeg, put

BORN = date(1980, 3, 2)
NOON = datetime(2026, 3, 11, 12, 0).astimezone()


@pytest.fixture
def visit(lib: Library) -> str:
    """Lang, Eva on 11 March 2026; Müller, Anna and K-18 are others."""
    cases.add_patient(lib, identifier="K-18", family_name="Müller", given_name="Anna")
    her = cases.add_patient(lib, identifier="K-17", family_name="Lang", given_name="Eva", birth_date=BORN).id
    return cases.add_visit(lib, her, started_at=NOON).id


def says(path: Path, data: bytes | None = None) -> FileSays:
    put(path, data if data is not None else jpeg(1))
    return look_at(SilentContext(), [path])[path]


def doubted(lib: Library, visit: str, path: Path, data: bytes | None = None) -> tuple[str, ...]:
    return doubts(lib, says(path, data), visit)


@pytest.mark.parametrize(
    "name",
    ["acetic 60s.jpg", "IMG_0001.jpg", "case 1 white.jpg", "K-17 acetic.jpg", "Eva Lang 2026-03-11 acetic.jpg",
     "2026-03-11 Lang fluo.jpg", "Colpo Export 3.jpg", "New Image.jpg", "Lugol Left.jpg"],
)  # fmt: skip
def test_names_that_say_nothing_or_hers_raise_no_doubt(lib: Library, visit: str, tmp_path: Path, name: str) -> None:
    assert doubted(lib, visit, tmp_path / "DCIM" / name) == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("K-18/acetic 60s.jpg", "K-18 is Müller, Anna in this library."),
        ("K-99/acetic 60s.jpg", "K-99, and hers is K-17."),
        ("x/K-99 acetic 60s.jpg", "K-99, and hers is K-17."),
        ("x/Müller Anna acetic 60s.jpg", "The file's name says Müller, Anna (ID K-18)."),
        ("x/anna_muller_acetic.jpg", "The file's name says Müller, Anna (ID K-18)."),
        ("Muller Anna/1.jpg", "Its folder says Müller, Anna (ID K-18)."),
        ("x/Schmidt Berta acetic 60s.jpg", "The file's name says Schmidt Berta."),
        ("x/Lang Berta acetic 60s.jpg", "The file's name says Lang Berta."),
        ("K-17 Lang Berta/acetic 60s.jpg", "Its folder says Lang Berta."),
        ("x/Lang geb 01.02.1950 acetic 60s.jpg", "Its name says born 01.02.1950, and she is born 02 Mar 1980."),
    ],
)
def test_another_woman_is_said(lib: Library, visit: str, tmp_path: Path, name: str, said: str) -> None:
    (found,) = doubted(lib, visit, tmp_path / name)
    assert found.endswith(said)


def test_another_woman_of_the_same_name_is_no_doubt_about_her_own(lib: Library, visit: str, tmp_path: Path) -> None:
    cases.add_patient(lib, identifier="K-19", family_name="Lang", given_name="Eva")
    assert doubted(lib, visit, tmp_path / "x" / "Lang Eva acetic 60s.jpg") == ()


@pytest.mark.parametrize("folder", ["Downloads", "test_of_files_go_to0", "100CANON", "Room3"])
def test_folders_that_look_like_no_number_of_this_clinic_are_no_reason_to_ask(
    lib: Library, visit: str, tmp_path: Path, folder: str
) -> None:
    assert doubted(lib, visit, tmp_path / folder / "white.jpg") == ()


def test_the_finding_both_woman_and_day(lib: Library, visit: str, tmp_path: Path) -> None:
    woman, day = doubted(lib, visit, tmp_path / "stick" / "Müller Anna 2026-03-04 acetic 60s.jpg")
    assert "Müller, Anna (ID K-18)" in woman
    assert day.startswith("Taken on 04 Mar 2026 (")
    assert day.endswith("; this visit is of 11 Mar 2026.")


def test_another_day_by_exif_is_said_and_the_same_one_is_not(lib: Library, visit: str, tmp_path: Path) -> None:
    (day,) = doubted(lib, visit, tmp_path / "a.jpg", jpeg(2, "2026:03:04 10:00:00"))
    assert "04 Mar 2026 (the picture says so" in day
    assert doubted(lib, visit, tmp_path / "b.jpg", jpeg(3, "2026:03:11 10:00:00")) == ()


def test_the_time_of_the_file_alone_is_no_reason_to_ask(lib: Library, visit: str, tmp_path: Path) -> None:
    found = says(tmp_path / "acetic.jpg")
    assert (found.day, found.taken_at) == (None, None)


def test_time_and_seconds_are_taken_from_the_picture_and_its_name(tmp_path: Path) -> None:
    found = says(tmp_path / "acetic 60s.jpg", jpeg(4, "2026:03:11 10:00:07"))
    assert found.taken_at == datetime(2026, 3, 11, 10, 0, 7).astimezone()
    assert found.seconds == 60
    assert found.when_why
    assert found.seconds_why
    assert says(tmp_path / "2026-03-11 fluo.jpg").taken_at is None, "a day is no time"


def test_what_is_no_picture_says_what_its_name_does(lib: Library, visit: str, tmp_path: Path) -> None:
    assert doubted(lib, visit, tmp_path / "K-18" / "acetic.jpg", b"no picture")
    missing = tmp_path / "K-18" / "gone.jpg"
    assert look_at(SilentContext(), [missing])[missing].number == "K-18"


def said_by_record(**said: object) -> FileSays:
    return FileSays("x", "1", **said)  # type: ignore[arg-type]


def test_a_record_in_the_file_counts_whatever_it_looks_like(lib: Library, visit: str) -> None:
    (number,) = doubts(
        lib, said_by_record(number="D 9", number_said=True, number_why="the file's own record says so"), visit
    )
    assert number == "the file's own record says so: D 9, and hers is K-17."
    other = Person("Other", "Clinic", datetime(1980, 1, 2, tzinfo=UTC).date())
    (name,) = doubts(lib, said_by_record(number="k-17", number_said=True, person=other), visit)
    assert name == "The file's own record says Other, Clinic, born 02 Jan 1980."
    assert doubts(lib, said_by_record(number="K-17", person=Person("LANG", "eva")), visit) == ()


def test_a_dicom_file_is_looked_at_too(lib: Library, visit: str, tmp_path: Path) -> None:
    from pfm_desktop.domain.source import Stage
    from pfm_desktop.interop.dicom.content import PictureInfo, StudyInfo
    from pfm_desktop.interop.dicom.header import to_bytes
    from pfm_desktop.interop.dicom.picture import picture_object
    from pfm_desktop.services.cases import visit_case
    from pfm_desktop.services.export import facts

    lib.who = "Dr. Test"
    stranger = cases.add_patient(lib, identifier="D-9", family_name="Other", given_name="Clinic").id
    hers = cases.add_visit(lib, stranger, started_at=NOON).id
    picture = cases.add_picture(lib, hers, jpeg(5), stage=Stage.ACETIC_ACID, taken_at=NOON)
    pixels = np.full((48, 64, 3), 90, np.uint8)
    info: PictureInfo = facts.picture_info(picture, pixels, None, 1, burned_in=None)
    study: StudyInfo = facts.study_of(visit_case(lib, hers))
    found = doubted(lib, visit, tmp_path / "x" / "1.dcm", to_bytes(picture_object(study, info, pixels)))
    assert found[0].endswith("D-9 is Other, Clinic in this library.")


def test_of_a_woman_who_is_not_on_record_yet_nothing_is_said(lib: Library, tmp_path: Path) -> None:
    assert doubted(lib, "", tmp_path / "K-18" / "acetic.jpg") == ()
    assert doubted(lib, "gone", tmp_path / "K-18" / "b.jpg") == ()


def test_looking_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        look_at(CallbackContext(lambda *_: None, lambda: True), [tmp_path / "a.jpg"])
