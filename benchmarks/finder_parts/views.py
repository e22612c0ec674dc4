"""What the finder is shown while it learns: parts of phantoms, turned, bent and disturbed, and what is no cervix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.finder_parts.pictures import Random, as_mucosa, film, foreign_body, in_other_light, laid_over, waves
from benchmarks.finder_parts.truth import CERVIX, FILM, KNOWN, SPECULUM, SWAB, Truth
from pfm_desktop.imaging.finder import GRID, SIDE

Pixels = NDArray[np.uint8]
Values = NDArray[np.float64]
NO_CERVIX = 0.22  # share of the views
QUARTERS = 0.3  # share of the phantoms that are turned by one
UPRIGHT = 12.0  # degrees, standard deviation of the others
ENOUGH, NOTHING = 0.06, 0.008  # share of the view that is cervix: from which there is one, below which there is none
UNKNOWN = float("nan")
NOWHERE = (UNKNOWN, UNKNOWN)


@dataclass(frozen=True, eq=False)
class View:
    """`picture` SIDE x SIDE x 3 uint8. `maps` 4 x GRID x GRID float32: cervix, foreign body, film, and where these are
    known. `os` x and y in cells; `present` and `turned` 0 or 1; each NaN where it is not asked."""

    picture: Pixels
    maps: NDArray[np.float32]
    os: tuple[float, float]
    present: float
    turned: float


@dataclass(frozen=True, eq=False)
class Batch:
    """Views with N before."""

    pictures: Pixels
    maps: NDArray[np.float32]
    os: NDArray[np.float32]
    present: NDArray[np.float32]
    turned: NDArray[np.float32]


def batch(drawn: Truth, free: Sequence[Pixels], count: int, random: Random) -> Batch:
    """`count` views of phantoms, of either source, and of `free` pictures (S x S x 3) that show no cervix."""
    made = [no_cervix(free, random) if random.random() < NO_CERVIX else view(drawn, free, random) for _ in range(count)]
    return Batch(
        np.stack([one.picture for one in made]),
        np.stack([one.maps for one in made]),
        np.array([one.os for one in made], np.float32),
        np.array([one.present for one in made], np.float32),
        np.array([one.turned for one in made], np.float32),
    )


def no_cervix(free: Sequence[Pixels], random: Random) -> View:
    """A part of a free picture, often in the colours of mucosa. Only that there is no cervix is asked."""
    whole = free[int(random.integers(len(free)))]
    side = int(len(whole) * random.uniform(0.35, 1))
    top, left = (int(random.integers(0, len(whole) - side + 1)) for _ in range(2))
    picture = _resized(whole[top : top + side, left : left + side])
    if random.random() < 0.6:
        picture = as_mucosa(random, picture)
    return View(in_other_light(random, picture), np.zeros((4, GRID, GRID), np.float32), NOWHERE, 0.0, UNKNOWN)


def view(drawn: Truth, free: Sequence[Pixels], random: Random) -> View:
    """A phantom as another camera might have taken it."""
    number, source = int(random.integers(len(drawn.os))), int(random.integers(2))
    picture, bits, os = drawn.pictures[number, source], drawn.bits[number, source], drawn.os[number, source]
    turned = random.random() < QUARTERS
    matrix = _placed(random, len(picture), turned=turned)
    shown, bits, inside = _moved(random, picture, bits, matrix, free)
    spot = matrix @ np.array([*os, 1.0])
    if random.random() < 0.6:
        shown, bits, spot = _bent(random, shown, bits, spot)
    if not _within(spot, inside):
        spot = np.array(NOWHERE)
    shown, bits = _disturbed(random, shown, bits, spot, free)
    cervix, known = (bits & CERVIX) > 0, (bits & KNOWN) > 0
    share = float(cervix[known].mean()) if known.any() else 0.0
    present = 1.0 if share > ENOUGH else 0.0 if share < NOTHING else UNKNOWN
    layers = [cervix, (bits & (SPECULUM | SWAB)) > 0, (bits & FILM) > 0, known]
    maps = np.stack([_coarse(one) for one in layers])
    cell = ((spot + 0.5) * GRID / SIDE - 0.5).tolist() if present == 1 else NOWHERE
    return View(
        in_other_light(random, shown),
        maps,
        (cell[0], cell[1]),
        present,
        float(turned) if present == 1 else UNKNOWN,
    )


def _within(spot: Values, inside: NDArray[np.bool_]) -> bool:
    """Whether a point (NaN: none) lies in the picture and on the phantom."""
    if not (np.isfinite(spot).all() and (spot >= 0).all() and (spot <= SIDE - 1).all()):
        return False
    return bool(inside[int(spot[1]), int(spot[0])])


def _placed(random: Random, size: int, *, turned: bool) -> Values:
    """2 x 3, from pixels of the phantom to pixels of the view: turned, nearer or farther, stretched, shifted."""
    angle = np.radians(random.normal(0, UPRIGHT)) + (np.pi / 2 * random.choice([-1, 1]) if turned else 0)
    far = random.random() < 0.25
    scale = np.exp(random.uniform(np.log(0.4), 0) if far else random.uniform(np.log(0.75), np.log(1.7))) * SIDE / size
    stretch = np.exp(random.normal(0, 0.12))
    mirror = [-1 if random.random() < share else 1 for share in (0.5, 0.2)]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([scale * stretch * mirror[0], scale / stretch * mirror[1]]) @ turn
    shift = SIDE / 2 - linear @ np.full(2, size / 2) + random.normal(0, 0.11, 2) * SIDE
    return np.column_stack([linear, shift])


def _moved(
    random: Random, picture: Pixels, bits: Pixels, matrix: Values, free: Sequence[Pixels]
) -> tuple[Pixels, Pixels, NDArray[np.bool_]]:
    """The view, its bits and where it shows the phantom. Around that lies something, and nothing of a cervix."""
    size, scale = (SIDE, SIDE), float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.45 / scale), np.uint8) if scale < 0.75 else picture
    shown = cv2.warpAffine(smooth, matrix, size, flags=cv2.INTER_LINEAR)
    moved = cv2.warpAffine(bits, matrix, size, flags=cv2.INTER_NEAREST)
    inside = cv2.warpAffine(np.ones(bits.shape, np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0
    soft = cv2.GaussianBlur(cv2.erode(inside.astype(np.uint8), np.ones((3, 3))).astype(np.float32), (0, 0), 0.8)
    around = _around(random, smooth, matrix, free)
    if random.random() < 0.15:  # a round field of view
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        middle = SIDE / 2 + random.normal(0, 5, 2)
        disc = np.hypot(x - middle[0], y - middle[1]) < random.uniform(0.38, 0.62) * SIDE
        inside, soft, around = inside & disc, soft * disc, np.zeros_like(around)
    made = (shown * soft[..., None] + around * (1 - soft[..., None])).astype(np.uint8)
    return made, np.where(inside, moved, KNOWN).astype(np.uint8), inside


def _around(random: Random, picture: Pixels, matrix: Values, free: Sequence[Pixels]) -> Pixels:
    kind = random.random()
    if kind < 0.45:
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    if kind < 0.6:
        return np.full((SIDE, SIDE, 3), random.integers(0, 256, 3), np.uint8)
    if kind < 0.8:
        return _resized(free[int(random.integers(len(free)))])
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _bent(random: Random, picture: Pixels, bits: Pixels, spot: Values) -> tuple[Pixels, Pixels, Values]:
    """Smoothly, by some pixels, so that not every cervix is as round as a phantom's."""
    strength = np.float32(random.uniform(0.5, 4))
    dx, dy = strength * waves(random, 5), strength * waves(random, 5)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    border = cv2.BORDER_REPLICATE
    shown = cv2.remap(picture, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=border)
    moved = cv2.remap(bits, x + dx, y + dy, cv2.INTER_NEAREST, borderMode=border)
    if np.isfinite(spot).all():
        start = spot
        for _ in range(4):  # the way back of a small smooth shift
            column, row = (int(at) for at in np.clip(np.round(spot), 0, SIDE - 1))
            spot = start - np.array([dx[row, column], dy[row, column]])
    return np.asarray(shown, np.uint8), np.asarray(moved, np.uint8), spot


def _disturbed(
    random: Random, picture: Pixels, bits: Pixels, spot: Values, free: Sequence[Pixels]
) -> tuple[Pixels, Pixels]:
    """Blood, mucus and things in the way, as bits as well."""
    if random.random() < 0.25:
        at = spot if np.isfinite(spot).all() and random.random() < 0.7 else random.uniform(0, SIDE, 2)
        cover, colours = film(random, at + random.normal(0, 5, 2), float(picture.mean()))
        picture = laid_over(picture, cover, colours)
        lies = (cover > 0.5) & ((bits & CERVIX) > 0)
        bits = np.where(cover > 0.5, bits & ~np.uint8(SPECULUM | SWAB), bits) | (lies * FILM).astype(np.uint8)
    if random.random() < 0.25:
        for _ in range(int(random.integers(1, 3))):
            cover, colours = foreign_body(random, free[int(random.integers(len(free)))])
            picture = laid_over(picture, cover, colours)
            bits = np.where(cover > 0.5, (bits & ~np.uint8(FILM)) | np.uint8(SWAB), bits)
    return picture, np.asarray(bits, np.uint8)


def _coarse(layer: NDArray[np.bool_]) -> NDArray[np.float32]:
    cells = cv2.resize(layer.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(cells, np.float32)


def _resized(picture: Pixels) -> Pixels:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
