"""The finder of words: what is drawn into a picture is covered to its last stroke, whatever the size of the picture."""

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

from benchmarks.words_parts.drawn import with_words
from pfm_desktop.imaging import words
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.words import Box, check_words, find_words
from pfm_desktop.support import paths
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]
SIZE = 512
TEXT = "MUSTER Anna 12.03.1980"


@cache
def mucosa() -> Pixels:
    return render(71_000, size=SIZE).white


def written(picture: Pixels, at: tuple[int, int], scale: float = 0.5, thick: int = 1) -> tuple[Pixels, Pixels]:
    """A picture with white words that begin at (x, y), and where their strokes are."""
    strokes = np.zeros(picture.shape[:2], np.uint8)
    cv2.putText(strokes, TEXT, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thick, cv2.LINE_AA)
    drawn = picture.copy()
    drawn[strokes > 0] = strokes[strokes > 0][..., None] if picture.ndim == 3 else strokes[strokes > 0]
    return drawn, strokes


def left_bare(strokes: Pixels, boxes: tuple[Box, ...]) -> int:
    """How many pixels of strokes no box covers."""
    bare = strokes > 0
    for left, top, right, bottom in boxes:
        bare[top:bottom, left:right] = False
    return int(bare.sum())


@pytest.mark.parametrize("at", [(4, 14), (SIZE - 200, SIZE - 6), (120, 300)], ids=["corner", "other corner", "middle"])
def test_no_stroke_of_a_word_stays_bare_wherever_it_stands(at: tuple[int, int]) -> None:
    drawn, strokes = written(mucosa(), at)
    boxes = find_words(drawn)
    assert left_bare(strokes, boxes) == 0
    assert sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) < 0.06 * SIZE * SIZE


def test_a_picture_without_words_keeps_all_it_shows() -> None:
    assert find_words(mucosa()) == ()
    assert find_words(render(71_000, size=SIZE).fluorescence) == ()


@pytest.mark.parametrize("times", [1, 3])
def test_words_that_are_turned_by_a_quarter_are_found(times: int) -> None:
    drawn, strokes = written(mucosa(), (40, 480), 0.6)
    turned, where = (np.ascontiguousarray(np.rot90(one, times)) for one in (drawn, strokes))
    assert left_bare(where, find_words(turned)) == 0


def test_a_grey_picture_is_looked_at_as_well() -> None:
    drawn, strokes = written(np.full((200, 300), 90, np.uint8), (20, 100))
    assert left_bare(strokes, find_words(drawn)) == 0


@pytest.mark.slow
def test_in_a_very_large_picture_small_words_and_large_ones_are_found() -> None:
    """Ten pixels and two hundred, in 4000 x 3000."""
    picture = cv2.resize(mucosa(), (4000, 3000), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    drawn, small = written(picture, (3500, 2960), 0.45)
    drawn, large = written(drawn, (60, 300), 8.0, 20)
    boxes = find_words(drawn)
    assert left_bare(small, boxes) == 0
    assert left_bare(large, boxes) == 0


def test_what_is_drawn_for_the_benchmark_is_covered_but_for_what_nobody_can_read() -> None:
    found = []
    for number in range(3):
        drawn, there = with_words(mucosa(), np.random.default_rng([3, number]), lines=4)
        blank = np.zeros(drawn.shape[:2], bool)
        for left, top, right, bottom in find_words(drawn):
            blank[top:bottom, left:right] = True
        found += [word.covered(blank) for word in there if word.contrast > 80 and word.height >= 14]
    assert len(found) > 5
    assert all(found)


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (31, 33), (64, 64), (1281, 90)])
def test_any_shape_can_be_looked_at(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (*shape, 3)).astype(np.uint8)
    for left, top, right, bottom in find_words(noise):
        assert 0 <= left < right <= shape[1]
        assert 0 <= top < bottom <= shape[0]


def test_boxes_come_from_the_top_and_none_overlap() -> None:
    drawn, _ = written(mucosa(), (100, 400))
    drawn, _ = written(drawn, (100, 40))
    drawn, _ = written(drawn, (100, 52))
    boxes = find_words(drawn)
    assert [box[1] for box in boxes] == sorted(box[1] for box in boxes)
    for number, one in enumerate(boxes):
        assert not any(words._overlap(one, other) for other in boxes[number + 1 :])


def test_the_same_picture_gives_the_same_boxes_on_several_threads() -> None:
    pictures = [written(mucosa(), (30 * number + 5, 60 * number + 30))[0] for number in range(3)] * 2
    alone = [find_words(picture) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(find_words, pictures)) == alone


def test_the_picture_is_left_as_it_was() -> None:
    picture = mucosa().copy()
    picture.setflags(write=False)
    find_words(picture)
    assert (picture == mucosa()).all()


def test_the_file_is_the_one_whose_source_is_written_beside_it() -> None:
    folder = paths.resources_dir() / "words"
    said = (folder / "words.toml").read_text(encoding="utf-8")
    assert hashlib.sha256((folder / words.FILE).read_bytes()).hexdigest() in said
    assert "Apache-2.0" in said
    assert "PaddleOCR" in said


@pytest.mark.parametrize("damage", ["no folder", "no weights", "other weights", "no toml", "broken toml", "no network"])
@pytest.mark.parametrize("asked", [check_words, lambda: find_words(np.zeros((64, 64, 3), np.uint8))])
def test_without_its_own_file_it_says_what_is_safe_and_what_to_do(
    asked: object, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "words"
    if damage != "no folder":
        shutil.copytree(paths.resources_dir() / "words", folder)
    if damage == "no weights":
        (folder / words.FILE).unlink()
    elif damage == "other weights":
        (folder / words.FILE).write_bytes(b"\x00" * 100)
    elif damage == "no toml":
        (folder / "words.toml").unlink()
    elif damage == "broken toml":
        (folder / "words.toml").write_text("sha256 = ")
    elif damage == "no network":
        data = b"this is no network"
        (folder / words.FILE).write_bytes(data)
        (folder / "words.toml").write_text(f'sha256 = "{hashlib.sha256(data).hexdigest()}"')
    monkeypatch.setattr(words, "resources_dir", lambda: tmp_path)
    words._network.cache_clear()
    try:
        with pytest.raises(ModelError, match="install it again"):
            asked()  # type: ignore[operator]
    finally:
        words._network.cache_clear()
