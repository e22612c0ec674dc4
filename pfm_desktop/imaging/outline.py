"""Outlines of lesions: which pixels of a white-light picture somebody, or the generator, marked as lesion."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.io import read_picture
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

TRUTH = ".npz"  # what the generator writes beside a phantom; its array `lesion` is the outline
MOST = 0.9  # share of the picture that a lesion can cover; the largest of 600 phantoms covers 0.58
DARK = 0  # a pixel as dark as this in all channels is not marked


def read_outline(file: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """H x W bool, True on the lesion. Raises `BadInputError` for what cannot be read, is not of `shape` (H, W), or
    marks nearly all of it."""
    marked = _of_truth(file) if file.suffix.lower() == TRUTH else read_picture(file).pixels.max(axis=2) > DARK
    if marked.shape != shape:
        sizes = with_and(f"{width} x {height}" for height, width in (marked.shape[:2], shape))
        raise BadInputError(
            tr("{file} is no outline of its white-light picture: their sizes are {sizes}", file=file, sizes=sizes),
            remedy=tr("draw it at the size of that picture"),
        )
    if marked.mean() > MOST:
        raise BadInputError(
            tr("{file} marks {share:.0%} of its picture as lesion", file=file, share=marked.mean()),
            remedy=tr("draw the lesion in white on black; it looks inverted, or like the picture itself"),
        )
    return marked


def _of_truth(file: Path) -> NDArray[np.bool_]:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            found = np.asarray(arrays["lesion"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BadInputError(
            tr("{file} holds no outline of a lesion", file=file), remedy=tr("bring it as a PNG")
        ) from error
    if found.ndim != 2 or found.dtype != np.bool_:
        raise BadInputError(tr("{file} holds no outline of a lesion", file=file), remedy=tr("bring it as a PNG"))
    return found
