"""An answer sees the very squares that the network learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.pfm import preprocess
from pfm_desktop.pfm.colours import colours_of, moments, products
from pfm_desktop.pfm.letterbox import (
    LEVEL_FLOOR,
    Letterbox,
    Normalisation,
    covered_cells,
    fluorescence_level,
    squared,
    squared_mask,
)
from pfm_desktop.pfm.nets.model import cell_coverage
from pfm_desktop.support.errors import BadInputError

SIZES = [(90, 160), (160, 90), (64, 64), (1080, 1920), (33, 1000), (20, 31), (1, 1)]
SIZE = 64


def _picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_an_answer_reduces_a_picture_as_training_does_to_one_level(height: int, width: int) -> None:
    picture = _picture(height, width)
    mine, box = squared(picture, SIZE)
    trained, other = preprocess.letterbox(picture, SIZE)
    assert box == other
    difference = np.abs(mine.astype(int) - trained.astype(int))
    assert difference.max() <= 1, "a level of 255 is what rounding may make"
    assert (difference > 0).mean() < 0.05


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_an_answer_sees_the_overlap_that_training_sees(height: int, width: int) -> None:
    mask = np.zeros((height, width), np.bool_)
    mask[: max(1, height // 2), : max(1, 2 * width // 3)] = True
    box = Letterbox.fit(height, width, SIZE)
    np.testing.assert_array_equal(squared_mask(mask, box), preprocess.letterbox_mask(mask, box))


@pytest.mark.parametrize("source", PLACES)
def test_an_answer_normalises_as_training_does(source: Source) -> None:
    square = _picture(SIZE, SIZE)
    seen = np.zeros((SIZE, SIZE), np.bool_)
    seen[10:50, :40] = True
    normalisation = Normalisation.default()
    level = torch.tensor([fluorescence_level(square, seen)])
    planes = preprocess.intensities(source, torch.from_numpy(square)[None], level)
    trained = normalisation.apply(source, planes, torch.from_numpy(seen)[None].float())[0].numpy()
    mine = normalisation.picture(source, square, seen)
    assert mine.dtype == np.float32
    np.testing.assert_allclose(mine, trained, rtol=1e-5, atol=1e-6)
    assert not mine[:, ~seen].any()


@pytest.mark.parametrize("source", PLACES)
def test_an_answer_matches_colours_as_training_does(source: Source) -> None:
    square, seen = _picture(SIZE, SIZE), np.zeros((SIZE, SIZE), np.bool_)
    seen[10:50, :40] = True
    level = torch.tensor([fluorescence_level(square, seen)])
    planes = preprocess.intensities(source, torch.from_numpy(square)[None], level)
    shown = torch.from_numpy(seen)[None].float()
    said = np.concatenate((moments(planes, shown), products(planes, shown)), axis=1).repeat(2, axis=0)
    own = colours_of(said, np.ones(2))
    first = replace(own, about=(0.9, 0.2, 0.5, 0.1, 0.1, 0.1))
    plain = Normalisation.default()
    matched = replace(plain, devices={str(source): (first, own)})
    trained = matched.apply(source, planes, shown)[0].numpy()
    mine = matched.picture(source, square, seen)
    assert mine.dtype == np.float32
    np.testing.assert_allclose(mine, trained, rtol=1e-4, atol=1e-5)
    assert not mine[:, ~seen].any()
    assert not np.allclose(mine, plain.picture(source, square, seen))
    alone = replace(plain, devices={str(source): (own, first)})
    np.testing.assert_array_equal(alone.picture(source, square, seen), plain.picture(source, square, seen))


def test_cells_are_covered_as_in_training() -> None:
    seen = np.random.default_rng(0).random((SIZE, SIZE)) > 0.4
    trained = cell_coverage(torch.from_numpy(seen)[None], 2)[0].numpy()
    np.testing.assert_allclose(covered_cells(seen, 2), trained, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(90, 160), (160, 90), (64, 64), (1080, 1920), (20, 31)])
def test_a_map_is_cut_out_as_torch_would(height: int, width: int) -> None:
    box = Letterbox.fit(height, width, SIZE)
    square = np.random.default_rng(3).normal(size=(4, 4)).astype(np.float32)
    big = F.interpolate(torch.from_numpy(square)[None, None], size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    inner = big[..., box.rows, box.columns]
    shape = box.map_shape(128)
    torchs = F.interpolate(inner, size=shape, mode="bilinear", align_corners=False, antialias=True)[0, 0].numpy()
    mine = box.cut(square, longest=128)
    assert mine.shape == shape
    np.testing.assert_allclose(mine, torchs, atol=1e-5)


def test_nothing_of_a_picture_is_cropped_and_padding_is_not_seen() -> None:
    square, box = squared(np.full((50, 100, 3), 200, np.uint8), SIZE)
    assert (square[box.inside()] == 200).all()
    assert not square[~box.inside()].any()
    assert box.inside().sum() == SIZE * SIZE // 2


def test_a_dark_picture_is_not_amplified_without_end() -> None:
    dark = np.ones((8, 8, 3), np.uint8)
    assert fluorescence_level(dark, np.ones((8, 8), np.bool_)) == LEVEL_FLOOR
    assert fluorescence_level(dark, np.zeros((8, 8), np.bool_)) == LEVEL_FLOOR


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((4, 4), np.uint8), "rows x columns x 3"),
        (np.zeros((4, 4, 4), np.uint8), "rows x columns x 3"),
        (np.full((4, 4, 3), np.nan, np.float32), "in 8 bits"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_to_do(picture: np.ndarray, said: str) -> None:
    with pytest.raises(BadInputError, match=said) as error:
        squared(picture, SIZE)
    assert error.value.remedy


def test_an_overlap_of_another_size_is_refused() -> None:
    with pytest.raises(BadInputError, match="the overlap mask is 4 x 3, the picture 8 x 8"):
        squared_mask(np.ones((3, 4), np.bool_), Letterbox.fit(8, 8, SIZE))
