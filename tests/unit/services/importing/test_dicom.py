"""DICOM in an import: a woman, her visit and her pictures come out of the files' own records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.dicom_parts.files import frames, overlay, plain, smooth, written
from pfm_desktop.imaging.io import decode_picture
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing.dicom import read_dicom
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
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
