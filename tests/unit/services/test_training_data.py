from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import training_data
from pfm_desktop.services.phantoms import write_phantoms
from pfm_desktop.services.training_data import BOTH, LEFT_OUT, SamePictureError, digest_of, in_manifest, prepare
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow  # trains, or draws many pictures

SIZE = 64


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six phantoms at 320 pixels."""
    return write_phantoms(SilentContext(), tmp_path_factory.mktemp("phantoms"), 6, 5, None, 320, workers=1)


@pytest.fixture
def rows(manifest: Path, tmp_path: Path) -> list[ManifestRow]:
    """The cases, copied so that a test may damage them."""
    for file in manifest.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return list(read_manifest(tmp_path / manifest.name))


def ready(rows: list[ManifestRow], folder: Path, **options: object):  # type: ignore[no-untyped-def]
    return prepare(SilentContext(), rows, folder, size=SIZE, workers=1, **options)  # type: ignore[arg-type]


def test_every_usable_case_is_prepared_in_the_order_of_the_manifest(rows: list[ManifestRow], tmp_path: Path) -> None:
    made = ready(rows, tmp_path / "prepared")
    left = {item.case for item in made.left_out}
    assert made.data.cases == [row.case for row in rows if row.case not in left]
    assert len(made.data) >= 4
    assert made.data.size == SIZE


def test_a_picture_the_engine_would_refuse_is_left_out_and_named(rows: list[ManifestRow], tmp_path: Path) -> None:
    assert rows[2].white is not None
    rows[2].white.write_bytes(encode_png(np.full((320, 320, 3), 3, np.uint8)))
    made = ready(rows, tmp_path / "prepared")
    reasons = {item.case: item.reason for item in made.left_out}
    assert "white: too_dark" in reasons[rows[2].case]
    assert rows[2].case not in made.data.cases
    with (tmp_path / "prepared" / LEFT_OUT).open(encoding="utf-8", newline="") as stream:
        assert {row["case"]: row["reason"] for row in csv.DictReader(stream)} == reasons


def test_a_damaged_file_is_left_out_and_the_rest_goes_on(rows: list[ManifestRow], tmp_path: Path) -> None:
    assert rows[0].fluorescence is not None
    rows[0].fluorescence.write_bytes(rows[0].fluorescence.read_bytes()[:200])
    made = ready(rows, tmp_path / "prepared")
    assert "damaged" in next(item.reason for item in made.left_out if item.case == rows[0].case)
    assert len(made.data) >= 3


def test_two_women_in_one_pair_are_left_out(tmp_path: Path) -> None:
    rows = list(read_manifest(write_phantoms(SilentContext(), tmp_path, 4, 5, None, 512, workers=1)))
    first, second = rows[0].fluorescence, rows[3].fluorescence
    assert first is not None
    assert second is not None
    first.write_bytes(second.read_bytes())
    made = ready([rows[0], rows[1]], tmp_path / "prepared")
    assert [item.case for item in made.left_out] == [rows[0].case]
    assert made.left_out[0].reason.startswith("pair:")


def test_what_was_prepared_before_a_stop_is_not_done_again(
    rows: list[ManifestRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "prepared"
    whole = ready(rows, tmp_path / "whole").data
    ready(rows[:3], folder)
    again: list[str] = []
    really = training_data._ready
    monkeypatch.setattr(training_data, "_ready", lambda task: again.append(task[0].case) or really(task))
    made = ready(rows, folder).data
    assert again == [row.case for row in rows[3:]]
    assert made.cases == whole.cases
    for name in ("white.u8", "fluorescence.u8", "overlap.u8"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_case_that_was_left_out_is_tried_again_when_its_picture_was_replaced(
    rows: list[ManifestRow], tmp_path: Path
) -> None:
    assert rows[0].white is not None
    good = rows[0].white.read_bytes()
    rows[0].white.write_bytes(good[:200])
    assert rows[0].case in {item.case for item in ready(rows, tmp_path / "prepared").left_out}
    rows[0].white.write_bytes(good)
    made = ready(rows, tmp_path / "prepared")
    assert rows[0].case in made.data.cases
    assert rows[0].case not in {item.case for item in made.left_out}


def test_grades_and_patients_come_from_the_manifest_also_where_pictures_are_prepared(
    rows: list[ManifestRow], tmp_path: Path
) -> None:
    before = ready(rows, tmp_path / "prepared").data
    flipped = [replace(row, grade=Grade.CANCER, patient=f"corrected {row.patient}") for row in rows]
    after = ready(flipped, tmp_path / "prepared").data
    assert after.counts() == {"normal": 0, "low": 0, "high": 0, "cancer": len(after)}
    assert all(patient.startswith("corrected") for patient in after.patients)
    assert before.digest != after.digest


def test_a_folder_prepared_for_one_source_is_refused_for_two(rows: list[ManifestRow], tmp_path: Path) -> None:
    ready(rows, tmp_path / "prepared", sources=(Source.WHITE,))
    with pytest.raises(BadInputError, match=r"other cases, pictures or sources.*delete this one"):
        ready(rows, tmp_path / "prepared")


@pytest.mark.parametrize("patient", ["another woman", "the same"])
def test_one_picture_in_two_lines_is_refused_under_any_name(
    rows: list[ManifestRow], tmp_path: Path, patient: str
) -> None:
    first, last = rows[0], replace(rows[5], patient=rows[0].patient if patient == "the same" else "another woman")
    assert first.white is not None
    assert last.fluorescence is not None
    last.fluorescence.write_bytes(first.white.read_bytes())
    said = (
        rf"m\.csv: one picture stands twice: line 2 \(.*{first.white.name}\) and line 7 \(.*{last.fluorescence.name}\)"
    )
    with pytest.raises(SamePictureError, match=said), in_manifest(Path("m.csv")):
        ready([*rows[:5], last], tmp_path / "prepared")


def test_empty_and_missing_files_are_no_picture_that_stands_twice(rows: list[ManifestRow], tmp_path: Path) -> None:
    for row in rows[:2]:
        assert row.white is not None
        row.white.write_bytes(b"")
    for row in rows[2:4]:
        assert row.white is not None
        row.white.unlink()
    assert {row.case for row in rows[:4]} <= {item.case for item in ready(rows, tmp_path / "prepared").left_out}


def test_one_source_alone_needs_no_registration(rows: list[ManifestRow], tmp_path: Path) -> None:
    for row in rows:
        assert row.fluorescence is not None
        row.fluorescence.write_bytes(f"not a picture of {row.case}".encode())
    made = ready(rows, tmp_path / "prepared", sources=(Source.WHITE,))
    assert made.data.present["white"].all()
    assert not made.data.present["fluorescence"].any()


def test_nothing_usable_is_an_error_with_the_first_reason(rows: list[ManifestRow], tmp_path: Path) -> None:
    for level, row in enumerate(rows):
        assert row.white is not None
        row.white.write_bytes(encode_png(np.full((320, 320, 3), level, np.uint8)))
    with pytest.raises(BadInputError, match=f"none of the 6 cases.*{rows[0].case}"):
        ready(rows, tmp_path / "prepared")
    with pytest.raises(BadInputError, match=f"the only case cannot be used: {rows[0].case}"):
        ready(rows[:1], tmp_path / "one")


def test_the_digest_changes_with_files_size_and_sources(rows: list[ManifestRow]) -> None:
    before = digest_of(rows, 224, BOTH)
    assert before == digest_of(rows, 224, BOTH)
    assert before != digest_of(rows, 256, BOTH)
    assert before != digest_of(rows, 224, (Source.WHITE,))
    assert rows[0].white is not None
    rows[0].white.write_bytes(b"other")
    assert before != digest_of(rows, 224, BOTH)


def outlined(rows: list[ManifestRow]) -> list[ManifestRow]:
    assert rows[0].white is not None
    folder = rows[0].white.parent
    return [replace(row, lesion=folder / f"{row.case}_truth.npz") for row in rows]


def test_outlines_come_with_their_cases(rows: list[ManifestRow], tmp_path: Path) -> None:
    made = ready(outlined(rows), tmp_path / "prepared").data
    assert made.outlined.all()
    batch = made.batch(np.arange(len(made), dtype=np.int64))
    assert batch.lesion is not None
    by_case = {row.case: row.lesion for row in outlined(rows)}
    for case, square in zip(made.cases, batch.lesion.numpy(), strict=True):
        file = by_case[case]
        assert file is not None
        with np.load(file) as truth:
            share = truth["lesion"].mean()
        assert square.mean() == pytest.approx(share, abs=0.01)


def test_an_outline_of_another_size_leaves_its_case_out_and_names_it(rows: list[ManifestRow], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(encode_png(np.zeros((32, 32, 3), np.uint8)))
    made = ready([replace(rows[0], lesion=wrong), *rows[1:]], tmp_path / "prepared")
    reasons = {item.case: item.reason for item in made.left_out}
    assert "wrong.png is no outline of its white-light picture" in reasons[rows[0].case]


def test_another_outline_is_another_set(rows: list[ManifestRow], tmp_path: Path) -> None:
    assert digest_of(outlined(rows), SIZE, BOTH) != digest_of(rows, SIZE, BOTH)
    ready(rows, tmp_path / "prepared")
    with pytest.raises(BadInputError, match="was prepared from other cases, pictures or sources"):
        ready(outlined(rows), tmp_path / "prepared")
