"""The pictures that a trunk sees while it learns to see as the teacher does, and the views of them that it is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.io import read_picture
from pfm_desktop.jobs import Context
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.files import sha256_of, write_bytes, write_text

Pixels = NDArray[np.uint8]
Views = NDArray[np.float32]
SIDE = 320
SMALLEST = 200  # shorter side; what is smaller is an icon
COLOURS = 150  # of 32,768, in 96 x 96 pixels; what has fewer is a drawing of flat areas
LONGEST = 4.0  # times the shorter side
ENDS = {".png", ".jpg", ".jpeg", ".webp"}
PARTS = ((900, 6), (500, 3))  # shorter side from which so many square parts are cut, besides the middle
# shares of the side that a view shows, area; half-widths and limits of what is done to its light
LEAST_AREA, LOG_ASPECT = 0.15, 0.25
GAIN, CHANNEL_GAIN, OFFSET = (0.7, 1.3), (0.75, 1.3), 0.08
MIXED, PATCHED = 0.25, 0.25  # share of the batches in which two pictures are blended, or one is set into another


@dataclass(frozen=True, eq=False)
class Pool:
    """N x SIDE x SIDE x 3 uint8 of one kind. `share` of the views are of this pool; `digest` changes with its files."""

    name: str
    squares: Pixels
    share: float
    digest: str = ""


def gathered(ctx: Context, name: str, files: Sequence[Path], work: Path, share: float, *, parts: bool) -> Pool:
    """The pool of the squares of the files; they are kept in `work`, and taken from there when the files are the same.

    With `parts` large pictures give more than one, and a file that is no photograph by its size and colours is left
    out, as is one that cannot be read. Raises `BadInputError` when nothing is left.
    """
    facts = [(str(file), file.stat()) for file in files]
    listed = "\n".join(f"{path} {fact.st_size} {fact.st_mtime_ns}" for path, fact in facts)
    digest = hashlib.sha256(f"{parts} {listed}".encode()).hexdigest()[:12]
    kept = work / f"{name}-{digest}.u8"
    if not kept.is_file():
        random = np.random.default_rng(len(files))
        made = list(_squares(ctx, name, files, random, parts=parts))
        if not made:
            raise BadInputError(f"no picture for {name} can be used", remedy="name a folder with photographs")
        write_bytes(kept, np.stack(made).tobytes())
    return Pool(name, np.memmap(kept, np.uint8, "r").reshape(-1, SIDE, SIDE, 3), share, digest)


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Every picture in the folders and below them, in order of their names; links are not followed."""
    found = (file for folder in folders for file in folder.rglob("*") if file.suffix.lower() in ENDS)
    return sorted(file for file in found if file.is_file() and not file.is_symlink())


def _squares(
    ctx: Context, name: str, files: Sequence[Path], random: np.random.Generator, *, parts: bool
) -> Iterator[Pixels]:
    for number, file in enumerate(files):
        ctx.progress(number, len(files), f"Reading pictures: {name}")
        try:
            pixels = read_picture(file).pixels
        except UserError:
            continue
        if not parts:
            yield _resized(pixels, SIDE)
        elif like_a_photograph(pixels):
            yield from square_parts(pixels, random)


def like_a_photograph(pixels: Pixels) -> bool:
    """By size, shape and number of colours."""
    short, long = sorted(pixels.shape[:2])
    if short < SMALLEST or long > LONGEST * short:
        return False
    coarse = _resized(pixels, 96).astype(np.int64) // 8
    return len(np.unique(coarse @ np.array([1024, 32, 1]))) >= COLOURS


def square_parts(pixels: Pixels, random: np.random.Generator) -> Iterator[Pixels]:
    """A square as large as the picture allows, then smaller ones of a large picture; SIDE x SIDE each."""
    height, width = pixels.shape[:2]
    short = min(height, width)
    more = next((count for least, count in PARTS if short >= least), 0)
    for number in range(1 + more):
        side = int(short * random.uniform(0.25, 0.9)) if number else short
        top, left = (int(random.integers(0, size - side + 1)) for size in (height, width))
        yield _resized(pixels[top : top + side, left : left + side], SIDE)


def views(pools: Sequence[Pool], count: int, side: int, random: np.random.Generator) -> Views:
    """`count` x 3 x side x side, 0..1: parts of pictures, turned, in other light, some of them mixed."""
    shares = np.array([pool.share for pool in pools])
    chosen = random.choice(len(pools), count, p=shares / shares.sum())
    made = np.stack([_view(pools[number].squares, side, random) for number in chosen])
    luck = random.random()
    if luck < MIXED:
        share = np.float32(random.random())
        made = share * made + (1 - share) * made[::-1]
    elif luck < MIXED + PATCHED:
        height, width = (int(side * random.uniform(0.3, 0.8)) for _ in range(2))
        top, left = int(random.integers(0, side - height)), int(random.integers(0, side - width))
        within = np.s_[:, top : top + height, left : left + width]
        made[within] = made[::-1].copy()[within]
    return np.ascontiguousarray(made.transpose(0, 3, 1, 2), np.float32)


def _view(squares: Pixels, side: int, random: np.random.Generator) -> Views:
    picture = squares[random.integers(len(squares))]
    share, aspect = np.sqrt(random.uniform(LEAST_AREA, 1.0)), np.exp(random.uniform(-LOG_ASPECT, LOG_ASPECT))
    height, width = (min(SIDE, int(SIDE * share * factor)) for factor in (aspect, 1 / aspect))
    top, left = int(random.integers(0, SIDE - height + 1)), int(random.integers(0, SIDE - width + 1))
    part = _resized(picture[top : top + height, left : left + width], side)
    if random.random() < 0.5:
        part = part[:, ::-1]
    if random.random() < 0.5:
        part = part[::-1]
    if random.random() < 0.5:
        part = part.transpose(1, 0, 2)
    shown = part.astype(np.float32) / np.float32(255)
    if random.random() < 0.8:
        light = random.uniform(*CHANNEL_GAIN, 3) * random.uniform(*GAIN)
        shown = shown * light.astype(np.float32) + np.float32(random.uniform(-OFFSET, OFFSET))
    if random.random() < 0.15:
        shown = shown[:, :, random.permutation(3)]
    light_in_range: Views = np.clip(shown, 0, 1)
    return light_in_range


def _resized(pixels: Pixels, side: int) -> Pixels:
    smaller = max(pixels.shape[:2]) > side
    return cv2.resize(
        np.ascontiguousarray(pixels),
        (side, side),
        interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR,
    ).astype(np.uint8)


def save_list(file: Path, files: Sequence[Path]) -> str:
    """Write name and SHA-256 of each file; returns the SHA-256 of the list."""
    write_text(file, "".join(f"{sha256_of(one)}  {one.name}\n" for one in files))
    return sha256_of(file)
