"""What goes out of a visit's other pair, and of a visit of which the day alone is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from pfm_desktop.domain.case import DAY_ONLY, Visit
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services import cases, pairing, report, review
from pfm_desktop.services.export import facts
from pfm_desktop.storage.library import Library

from .conftest import Ids, case_of, everything, noted_png, phantom
from .test_dicom_visit import exported, objects, paired_visit
from .test_research import exported as research
from .test_research import rows

DAY = date(2026, 3, 4)
MIDNIGHT = {"UTC": 0, "America/Los_Angeles": 8, "Pacific/Honolulu": 10, "Asia/Kolkata": -5.5, "Pacific/Auckland": -13}


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


def day_only(lib: Library, ids: Ids) -> str:
    """A visit of hers of that day, as an import of a computer in Munich keeps it."""
    began = datetime(2026, 3, 3, 23, tzinfo=UTC)
    visit = cases.add_visit(lib, ids.patient, started_at=began, note=f"{DAY_ONLY} From a folder.").id
    cases.add_picture(lib, visit, noted_png(phantom().white), stage=Stage.ACETIC_ACID)
    return visit


def two_pairs(lib: Library, ids: Ids) -> str:
    """A visit with pins A and B and the os on its first pair, and C on the one that opens."""
    visit, first = paired_visit(lib, ids)
    x, y = phantom().os
    review.mark_os(lib, first, Source.WHITE, x, y)
    review.place_pin(lib, first, Source.WHITE, x + 40, y)
    review.place_pin(lib, first, Source.FLUORESCENCE, x, y - 50)
    white = cases.add_picture(lib, visit, noted_png(phantom().white[:, ::-1].copy()), stage=Stage.LUGOL).id
    tinted = noted_png(np.ascontiguousarray(phantom().fluorescence[:, ::-1]))
    fluorescence = cases.add_picture(lib, visit, tinted, stage=Stage.FLUORESCENCE_AFTER_ACID).id
    second = pairing.make_pair(lib, visit, white, fluorescence).key
    review.place_pin(lib, second, Source.WHITE, 50.0, 50.0)
    assert pairing.default_pair(case_of(lib, visit)).id == second  # type: ignore[union-attr]
    return visit


def referred(found: Dataset) -> str:
    return str(found.to_json())


def test_pins_of_the_other_pair_stand_in_the_structured_report_on_their_own_pictures(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    visit = two_pairs(clinic, ids)
    exported(clinic, tmp_path / "out", visit)
    found = objects(tmp_path / "out")
    said = referred(found["structured-report"])
    assert [letter for letter in "ABCD" if f"Biopsy {letter}" in said] == ["A", "B", "C"]
    pictures = {name: str(one.SOPInstanceUID) for name, one in found.items() if "Rows" in one}
    assert len(pictures) == 4
    evidence = referred(found["structured-report"].CurrentRequestedProcedureEvidenceSequence[0])
    assert all(uid in evidence for uid in pictures.values()), "each picture has a pin, or is of the pair that opens"


def test_a_pin_of_the_other_pair_has_its_hour_where_the_os_is_marked_on_the_same_picture(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    case = case_of(clinic, two_pairs(clinic, ids))
    marks = {mark.pin.letter: mark.hour for mark in facts.pin_marks(case, pairing.default_pair(case), None)}
    assert marks == {"A": 3, "B": None, "C": None}
    printed = report.report_of_visit(clinic, case, None, None, software="test")
    assert [pin.place.startswith("3 o'clock") for pin in printed.pins] == [True, False, False]
    research(clinic, tmp_path / "set")
    hours = {(pin["letter"], pin["hour"]) for pin in rows(tmp_path / "set", "pins.csv")}
    assert {("A", "3"), ("B", ""), ("C", "")} <= hours


def test_a_visit_of_a_day_goes_out_with_that_day_and_no_time_wherever_the_computer_stands(
    clinic: Library, ids: Ids, tmp_path: Path, zone: Callable[[str], None]
) -> None:
    visit = day_only(clinic, ids)
    review.set_impression(clinic, visit, Grade.LOW)
    for name in ("Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"):
        zone(name)
        exported(clinic, tmp_path / name, visit)
        found = objects(tmp_path / name)
        assert found, "a visit with a picture goes out"
        for made in found.values():
            assert (made.StudyDate, made.StudyTime) == ("20260304", "")
            assert (made.SeriesDate, made.SeriesTime) == ("20260304", "")
        picture = next(one for one in found.values() if "Rows" in one)
        assert "ContentTime" not in picture, "nobody said when it was taken, and of type 1C it may not be empty"
        case = case_of(clinic, visit)
        assert report.report_of_visit(clinic, case, None, None, software="test").visit_day == DAY


def test_objects_of_a_day_pass_the_standards_checker(
    clinic: Library, ids: Ids, tmp_path: Path, verify: Callable[[bytes, Path], list[str]]
) -> None:
    for visit in (day_only(clinic, ids), two_pairs(clinic, ids)):
        exported(clinic, tmp_path / visit, visit)
        for name, data in everything(tmp_path / visit).items():
            assert verify(data, tmp_path) == [], name


@pytest.mark.parametrize("kept_in", MIDNIGHT)
@pytest.mark.parametrize("read_in", MIDNIGHT)
def test_the_day_that_was_said_is_the_same_in_every_zone(
    kept_in: str, read_in: str, zone: Callable[[str], None]
) -> None:
    zone(kept_in)
    began = datetime(2026, 3, 4).astimezone().astimezone(UTC)
    assert (began - datetime(2026, 3, 4, tzinfo=UTC)).total_seconds() == MIDNIGHT[kept_in] * 3600
    zone(read_in)
    visit = Visit("v", "p", began, note=DAY_ONLY)
    assert visit.day_only
    assert visit.day == DAY


def test_a_visit_with_a_time_has_the_day_of_this_computer(zone: Callable[[str], None]) -> None:
    visit = Visit("v", "p", datetime(2026, 3, 4, 3, tzinfo=UTC))
    zone("America/Los_Angeles")
    assert (visit.day_only, visit.day) == (False, date(2026, 3, 3))
    zone("Europe/Berlin")
    assert visit.day == DAY
