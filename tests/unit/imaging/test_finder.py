"""The finder: where it says cervix and os are, whatever the shape of the picture, and what happens without its file."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.finder_parts.truth import CERVIX, KNOWN, truth_of
from pfm_desktop.imaging import finder
from pfm_desktop.imaging.finder import FINE, GRID, find
from pfm_desktop.imaging.phantom import Defect, Phantom, render
from pfm_desktop.imaging.quality.places import anatomy_of
from pfm_desktop.support import paths
from pfm_desktop.support.errors import ModelError

Pixels = NDArray[np.uint8]
SIZE = 320
SEEDS = (23000, 23001, 23002, 23003)  # not learned from


@cache
def phantom(seed: int, *defects: Defect) -> Phantom:
    return render(seed, size=SIZE, defects=frozenset(defects))


def overlap(mask: NDArray[np.bool_], bits: Pixels) -> float:
    said = cv2.resize(mask.astype(np.uint8), bits.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    true, known = (bits & CERVIX) > 0, (bits & KNOWN) > 0
    return float((said & true & known).sum() / ((said | true) & known).sum())


@pytest.mark.parametrize("source", [0, 1], ids=["white", "fluorescence"])
@pytest.mark.parametrize("seed", SEEDS)
def test_cervix_and_os_are_found_in_both_lights(seed: int, source: int) -> None:
    truth = truth_of(phantom(seed), seed, frozenset())
    found = find(truth.pictures[source])
    os = anatomy_of(found, (SIZE, SIZE)).os
    assert found.present > 0.5
    assert overlap(found.cervix, truth.bits[source]) > 0.8
    assert os is not None
    assert np.hypot(*(np.array(os) - truth.os[source])) < 0.1 * SIZE


@pytest.mark.parametrize(("before", "after"), [((0, 140), (0, 0)), ((0, 0), (60, 100)), ((90, 50), (0, 0))])
def test_what_is_found_moves_with_the_picture_when_its_shape_is_another(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    """Black bars (above, left) and (below, right): a picture is never squeezed or cut to be looked at."""
    picture = phantom(SEEDS[0]).white
    wider = np.pad(picture, ((before[0], after[0]), (before[1], after[1]), (0, 0)))
    plain, shifted = anatomy_of(find(picture), (SIZE, SIZE)), find(wider)
    height, width = wider.shape[:2]
    os = anatomy_of(shifted, (width, height)).os
    assert max(shifted.cervix.shape) == GRID * FINE
    assert shifted.cervix.shape[0] / shifted.cervix.shape[1] == pytest.approx(height / width, rel=0.02)
    assert os is not None
    assert plain.os is not None
    assert (os[0] - before[1], os[1] - before[0]) == pytest.approx(plain.os, abs=0.06 * SIZE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_view_without_a_cervix_has_none(seed: int) -> None:
    white = phantom(seed, Defect.NO_CERVIX).white
    assert find(white).present < 0.5
    assert anatomy_of(find(white), (SIZE, SIZE)).cervix == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (64, 64)])
def test_any_shape_can_be_looked_at(shape: tuple[int, int]) -> None:
    found = find(np.full((*shape, 3), 90, np.uint8))
    assert np.isfinite([found.present, found.turned, found.os_sure, *found.os]).all()
    assert min(found.cervix.shape) >= 1


def test_several_threads_see_the_same() -> None:
    pictures = [phantom(seed).white for seed in SEEDS] * 2
    alone = [find(picture).os for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda picture: find(picture).os, pictures)) == alone


def test_the_picture_is_left_as_it_was() -> None:
    picture = phantom(SEEDS[0]).white.copy()
    picture.setflags(write=False)
    find(picture)


@pytest.mark.parametrize("damage", ["no folder", "no weights", "other weights", "no toml", "broken toml", "no network"])
def test_without_its_own_file_it_says_what_is_safe_and_what_to_do(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "finder"
    if damage != "no folder":
        shutil.copytree(paths.resources_dir() / "finder", folder)
    if damage == "no weights":
        (folder / finder.FILE).unlink()
    elif damage == "other weights":
        (folder / finder.FILE).write_bytes(b"\x00" * 100)
    elif damage == "no toml":
        (folder / "finder.toml").unlink()
    elif damage == "broken toml":
        (folder / "finder.toml").write_text("sha256 = ")
    elif damage == "no network":
        data = b"this is no network"
        (folder / finder.FILE).write_bytes(data)
        (folder / "finder.toml").write_text(f'sha256 = "{hashlib.sha256(data).hexdigest()}"')
    monkeypatch.setattr(finder, "resources_dir", lambda: tmp_path)
    finder._network.cache_clear()
    try:
        with pytest.raises(ModelError, match="install it again"):
            find(np.zeros((64, 64, 3), np.uint8))
    finally:
        finder._network.cache_clear()
