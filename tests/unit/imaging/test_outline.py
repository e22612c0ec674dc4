"""Reading outlines of lesions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.outline import read_outline
from pfm_desktop.support.errors import BadInputError

MASK = np.zeros((40, 60), np.bool_)
MASK[10:20, 30:50] = True


def drawn(folder: Path, colour: tuple[int, int, int] = (255, 255, 255)) -> Path:
    file = folder / "outline.png"
    file.write_bytes(encode_png(np.where(MASK[..., None], np.array(colour), 0).astype(np.uint8)))
    return file


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 200), (1, 0, 0)])
def test_whatever_is_not_black_is_lesion(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    np.testing.assert_array_equal(read_outline(drawn(tmp_path, colour), MASK.shape), MASK)


def test_the_truth_of_a_phantom_is_an_outline(tmp_path: Path) -> None:
    np.savez(tmp_path / "truth.npz", lesion=MASK, cervix=~MASK)
    np.testing.assert_array_equal(read_outline(tmp_path / "truth.npz", MASK.shape), MASK)


def test_another_size_than_that_of_the_picture_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"60 x 40 and 61 x 40. draw it at the size of that picture"):
        read_outline(drawn(tmp_path), (40, 61))


@pytest.mark.parametrize("arrays", [{"cervix": MASK}, {"lesion": MASK.astype(float)}, {"lesion": MASK[0]}])
def test_a_truth_without_an_outline_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "truth.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(BadInputError, match=r"truth\.npz holds no outline of a lesion"):
        read_outline(tmp_path / "truth.npz", MASK.shape)


def test_damaged_and_dangerous_files_are_refused(tmp_path: Path) -> None:
    torn = tmp_path / "torn.npz"
    torn.write_bytes(b"PK\3\4 torn")
    with pytest.raises(BadInputError, match=r"torn\.npz holds no outline"):
        read_outline(torn, MASK.shape)
    np.savez(tmp_path / "pickle.npz", lesion=np.array([{"run": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadInputError, match=r"pickle\.npz holds no outline"):
        read_outline(tmp_path / "pickle.npz", MASK.shape)
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(BadInputError):
        read_outline(tmp_path / "no.png", MASK.shape)


def test_the_picture_itself_or_an_inverted_outline_is_refused(tmp_path: Path) -> None:
    pixels = np.full((20, 30, 3), 120, np.uint8)
    pixels[5:8, 5:8] = 0
    (tmp_path / "white.png").write_bytes(encode_png(pixels))
    with pytest.raises(BadInputError, match=r"marks 98% of its picture.*inverted, or like the picture itself"):
        read_outline(tmp_path / "white.png", (20, 30))
