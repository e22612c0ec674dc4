"""The test pictures and their variations: reducing equals preparing, and a shift is what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evidence_parts import cases
from benchmarks.evidence_parts.arms import Plan
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet, PreparedWriter
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

SIZE = 64


def written(folder: Path, size: int, count: int = 3) -> PreparedSet:
    random = np.random.default_rng(5)
    with PreparedWriter(folder, size) as writer:
        for index in range(count):
            white, fluorescence = (random.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8) for _ in range(2))
            overlap = random.random((SIZE, SIZE)) < 0.8
            writer.append(
                white, fluorescence, overlap, grade=GRADES[index], patient=f"w{index}", case=f"c{index}"
            )  # fmt: skip
    return PreparedSet(folder)


def same(first: PreparedSet, second: PreparedSet) -> bool:
    one, other = (data.batch(np.arange(len(first))) for data in (first, second))
    parts = [(one.squares[name], other.squares[name]) for name in (WHITE, FLUORESCENCE)]
    parts += [(one.seen[FLUORESCENCE], other.seen[FLUORESCENCE]), (one.level, other.level), (one.grade, other.grade)]
    return all(bool((a == b).all()) for a, b in parts)


def test_reducing_prepared_pictures_gives_the_bytes_of_preparing_them_at_the_smaller_size(tmp_path: Path) -> None:
    whole, small = written(tmp_path / "whole", SIZE), written(tmp_path / "small", 32)
    found = cases.reduced(whole, tmp_path / "reduced", 32)
    assert found.size == 32
    assert found.cases == small.cases
    assert same(found, small)


def test_what_is_reduced_already_is_used_again_and_half_a_folder_is_made_anew(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", SIZE)
    first = cases.reduced(whole, tmp_path / "reduced", 32)
    before = (tmp_path / "reduced" / "white.u8").stat().st_mtime_ns
    cases.reduced(whole, tmp_path / "reduced", 32)
    assert (tmp_path / "reduced" / "white.u8").stat().st_mtime_ns == before
    lines = (tmp_path / "reduced" / "cases.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "reduced" / "cases.jsonl").write_text("".join(lines[:1]))
    assert same(cases.reduced(whole, tmp_path / "reduced", 32), first)


def test_pictures_are_moved_by_the_pixels_asked_for_and_what_comes_in_is_not_seen() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[8, 5] = 200
    moved, there = cases.moved_by(picture, np.ones((20, 20), np.bool_), (4.0, -3.0))
    assert moved[5, 9, 0] == 200
    assert moved.sum() == picture.sum()
    assert there[:17, 4:].all()
    assert not there[17:].any()
    assert not there[:, :4].any()


def test_half_a_pixel_is_shared_by_two() -> None:
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[4, 4] = 100
    moved, _ = cases.moved_by(picture, np.ones((9, 9), np.bool_), (0.5, 0.0))
    assert moved[4, 4:6, 0].tolist() == [50, 50]


def test_no_shift_changes_nothing() -> None:
    picture, overlap = np.full((4, 4, 3), 9, np.uint8), np.eye(4, dtype=bool)
    moved, there = cases.moved_by(picture, overlap, (0.0, 0.0))
    assert moved is picture
    assert there is overlap


def test_a_woman_s_picture_goes_the_same_way_whatever_the_length_and_women_go_different_ways() -> None:
    short, long = (np.array([cases._shift(index, pixels) for index in range(40)]) for pixels in (1.0, 10.0))
    np.testing.assert_allclose(long, 10 * short)
    np.testing.assert_allclose(np.hypot(*short.T), 1.0)
    assert len(np.unique(np.sign(short), axis=0)) == 4  # all four quarters


def test_more_phantoms_than_asked_for_are_left_alone(tmp_path: Path) -> None:
    from pfm_desktop.services.phantoms import write_phantoms

    manifest = write_phantoms(SilentContext(), tmp_path / "phantoms-5", 3, 5, None, 64, workers=1)
    before = manifest.read_bytes()
    rows = cases._rows(SilentContext(), tmp_path / "phantoms-5", 2, 5, 64)
    assert [row.case for row in rows] == ["case_00000", "case_00001"]
    assert manifest.read_bytes() == before


def test_phantoms_of_other_settings_are_refused(tmp_path: Path) -> None:
    from pfm_desktop.services.phantoms import write_phantoms

    write_phantoms(SilentContext(), tmp_path / "phantoms-5", 1, 6, None, 64, workers=1)
    with pytest.raises(BadInputError, match="other settings"):
        cases._rows(SilentContext(), tmp_path / "phantoms-5", 2, 5, 64)


def test_the_shift_is_measured_at_the_size_in_which_registration_is() -> None:
    plan = replace(Plan(), drawn=320)
    pixels = 20 * plan.drawn / cases.REFERENCE
    assert np.hypot(*cases._shift(0, pixels)) == pytest.approx(6.25)
