from __future__ import annotations

import csv
import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.imaging import phantom
from pfm_desktop.imaging.io import read_picture, write_png
from pfm_desktop.imaging.phantom.signature import generator_of
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import phantoms
from pfm_desktop.services.evaluation import where_of
from pfm_desktop.services.training import phantoms_of
from pfm_desktop.support import files
from pfm_desktop.support.errors import BadInputError, StorageError

CTX = SilentContext()
Drawn = list[tuple[int, Grade | None, int]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Replaces the generator by one that draws nothing much; returns what it was asked for."""
    asked: Drawn = []

    def render(seed: int, *, grade: Grade | None = None, size: int = 1024) -> SimpleNamespace:
        asked.append((seed, grade, size))
        random = np.random.default_rng(seed)
        mask = random.random((size, size)) < 0.5
        return SimpleNamespace(
            white=random.integers(0, 256, (size, size, 3), dtype=np.uint8),
            fluorescence=random.integers(0, 256, (size, size, 3), dtype=np.uint8),
            white_to_fluorescence=random.random((size, size, 2)).astype(np.float32),
            lesion=mask,
            cervix=~mask,
            grade=grade or GRADES[seed % 4],
        )

    monkeypatch.setattr(phantom, "render", render, raising=False)
    monkeypatch.setattr(phantom, "PARAMETERS_SHA256", "f" * 64, raising=False)
    return asked


def rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(out: Path, count: int = 3, seed: int = 5, grade: Grade | None = None, size: int = 64) -> Path:
    return phantoms.write_phantoms(CTX, out, count, seed, grade, size, workers=1)


def test_a_folder_of_phantoms_holds_pictures_truth_and_a_manifest(tmp_path: Path, drawn: Drawn) -> None:
    manifest = write(tmp_path / "out")
    header = manifest.read_text(encoding="utf-8").splitlines()[0]
    assert header == "patient,case,white,fluorescence,grade"
    found = rows(manifest)
    assert [row["case"] for row in found] == ["case_00000", "case_00001", "case_00002"]
    assert len({row["patient"] for row in found}) == 3
    for row, (seed, _, size) in zip(found, drawn, strict=True):
        assert row["grade"] == GRADES[seed % 4]
        for column in ("white", "fluorescence"):
            assert row[column] == f"{row['case']}_{column}.png"
            with Image.open(manifest.parent / row[column]) as picture:
                assert (picture.size, picture.mode) == ((size, size), "RGB")


def test_the_truth_is_exact_and_read_without_pickle(tmp_path: Path, drawn: Drawn) -> None:
    write(tmp_path / "out", count=1)
    truth = phantom.render(drawn[0][0], size=64)
    with np.load(tmp_path / "out" / "case_00000_truth.npz", allow_pickle=False) as arrays:
        assert arrays["white_to_fluorescence"].dtype == np.float32
        assert arrays["white_to_fluorescence"].shape == (64, 64, 2)
        np.testing.assert_array_equal(arrays["white_to_fluorescence"], truth.white_to_fluorescence)
        np.testing.assert_array_equal(arrays["lesion"], truth.lesion)
        np.testing.assert_array_equal(arrays["cervix"], truth.cervix)
        assert str(arrays["grade"]) == truth.grade.value
    with Image.open(tmp_path / "out" / "case_00000_white.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), truth.white)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, drawn: Drawn) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_the_sets_of_two_seeds_share_no_phantom() -> None:
    sets = [{phantoms.case_seed(seed, number) for number in range(500)} for seed in range(4)]
    assert len(set.union(*sets)) == 4 * 500


def test_a_grade_is_handed_on(tmp_path: Path, drawn: Drawn) -> None:
    manifest = write(tmp_path / "out", grade=Grade.CANCER)
    assert {grade for _, grade, _ in drawn} == {Grade.CANCER}
    assert {row["grade"] for row in rows(manifest)} == {"cancer"}


def stop_after(steps: int) -> tuple[CallbackContext, list[float]]:
    told: list[float] = []

    def report(done: float, total: float, text: str) -> None:
        told.append(done)

    return CallbackContext(report, lambda: len(told) > steps), told


def test_a_stopped_run_leaves_no_manifest_and_goes_on_where_it_was(tmp_path: Path, drawn: Drawn) -> None:
    ctx, _ = stop_after(2)
    with pytest.raises(Cancelled):
        phantoms.write_phantoms(ctx, tmp_path / "out", 6, 5, None, 64, workers=1)
    assert not (tmp_path / "out" / "manifest.csv").exists()
    begun = len(drawn)
    assert 0 < begun < 6
    manifest = write(tmp_path / "out", count=6)
    assert len(drawn) == 6
    write(tmp_path / "whole", count=6)
    assert content(manifest.parent) == content(tmp_path / "whole")


def test_a_larger_count_adds_to_what_is_there(tmp_path: Path, drawn: Drawn) -> None:
    first = rows(write(tmp_path / "out", count=2))
    more = rows(write(tmp_path / "out", count=4))
    assert more[:2] == first
    assert len(drawn) == 4


@pytest.mark.parametrize("missing", ["white.png", "fluorescence.png", "truth.npz"])
def test_a_case_that_lost_a_file_is_drawn_again(tmp_path: Path, drawn: Drawn, missing: str) -> None:
    write(tmp_path / "out")
    before = content(tmp_path / "out")
    (tmp_path / "out" / f"case_00001_{missing}").unlink()
    write(tmp_path / "out")
    assert content(tmp_path / "out") == before
    assert len(drawn) == 4


@pytest.mark.parametrize("change", [{"seed": 6}, {"size": 128}, {"grade": Grade.LOW}])
def test_phantoms_of_other_settings_are_never_mixed_in(tmp_path: Path, drawn: Drawn, change: dict[str, object]) -> None:
    write(tmp_path / "out")
    before = content(tmp_path / "out")
    with pytest.raises(BadInputError, match="holds phantoms of other settings"):
        write(tmp_path / "out", **change)
    assert content(tmp_path / "out") == before


def test_phantoms_of_another_generator_are_never_mixed_in(
    tmp_path: Path, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "out")
    monkeypatch.setattr(phantom, "PARAMETERS_SHA256", "0" * 64)
    with pytest.raises(BadInputError, match="other settings"):
        write(tmp_path / "out")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda out: write(out, count=0), "cannot write 0 phantoms"),
        (lambda out: write(out, count=100_000), "1 to 99,999"),
        (lambda out: write(out, seed=-1), "cannot be a seed"),
        (lambda out: write(out, size=32), "64 to 4096"),
        (lambda out: write(out, size=20_000), "64 to 4096"),
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, drawn: Drawn, call: Callable[[Path], Path], match: str
) -> None:
    with pytest.raises(BadInputError, match=match):
        call(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_folder_s_place_is_named(tmp_path: Path, drawn: Drawn) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(BadInputError, match="out is a file"):
        write(tmp_path / "out")


def test_a_full_disk_is_told_and_the_run_goes_on_after_space_is_freed(
    tmp_path: Path, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "out", count=1)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            write(tmp_path / "out", count=3)
    assert len(rows(tmp_path / "out" / "manifest.csv")) == 1
    assert len(rows(write(tmp_path / "out", count=3))) == 3


def flipped(data: bytes) -> bytes:
    """One bit in the middle is another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("end", ["white.png", "fluorescence.png", "truth.npz"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:-1],
        lambda data: data[:200],
        lambda data: data[:10],
        flipped,
        lambda _: b"PK x",
    ],
    ids=["empty", "a byte short", "cut", "head only", "flipped", "other"],
)
def test_a_case_with_a_damaged_file_is_drawn_again(
    tmp_path: Path, drawn: Drawn, end: str, damage: Callable[[bytes], bytes]
) -> None:
    write(tmp_path / "out")
    before = content(tmp_path / "out")
    file = tmp_path / "out" / f"case_00002_{end}"
    file.write_bytes(damage(file.read_bytes()))
    write(tmp_path / "out")
    assert content(tmp_path / "out") == before
    assert len(drawn) == 4


def test_a_truth_of_something_else_is_named(tmp_path: Path, drawn: Drawn) -> None:
    write(tmp_path / "out")
    np.savez(tmp_path / "out" / "case_00002_truth.npz", other=np.zeros(3))
    with pytest.raises(BadInputError, match=r"case_00002_truth\.npz cannot be read"):
        write(tmp_path / "out")


@pytest.mark.slow
def test_the_real_generator_draws_the_same_in_processes_as_in_one(tmp_path: Path) -> None:
    phantoms.write_phantoms(CTX, tmp_path / "two", 4, 5, None, 128, workers=2)
    phantoms.write_phantoms(CTX, tmp_path / "one", 4, 5, None, 128, workers=1)
    assert content(tmp_path / "two") == content(tmp_path / "one")


def test_a_picture_says_that_it_is_a_phantom_and_its_pixels_are_those_drawn(tmp_path: Path, drawn: Drawn) -> None:
    phantoms.write_phantoms(CTX, tmp_path, 1, 5, None, 64, workers=1)
    for name in ("white", "fluorescence"):
        file = tmp_path / f"case_00000_{name}.png"
        assert generator_of(file) == "f" * 64
        with Image.open(file) as image:
            assert image.info["phantom"] == f"computer-drawn, not a patient; generator {'f' * 64}"
            seed, grade, size = drawn[0]
            expected = getattr(phantom.render(seed, grade=grade, size=size), name)
            np.testing.assert_array_equal(np.asarray(image), expected)
        np.testing.assert_array_equal(read_picture(file).pixels, expected)


def test_phantoms_that_were_copied_without_their_settings_are_still_phantoms(tmp_path: Path, drawn: Drawn) -> None:
    manifest = phantoms.write_phantoms(CTX, tmp_path / "drawn", 2, 5, None, 64, workers=1)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (manifest, *manifest.parent.glob("*.png")):
        (copy / file.name).write_bytes(file.read_bytes())
    assert phantoms_of(copy / manifest.name) == {"generator": "f" * 64}
    assert where_of(copy / manifest.name) == "phantoms"


def test_a_photograph_or_a_broken_file_does_not_say_that_it_is_a_phantom(tmp_path: Path) -> None:
    write_png(tmp_path / "photograph.png", np.zeros((64, 64, 3), np.uint8))
    whole = (tmp_path / "photograph.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:40])
    (tmp_path / "text.png").write_bytes(b"phantom")
    for name in ("photograph.png", "cut.png", "text.png", "none.png"):
        assert generator_of(tmp_path / name) is None
