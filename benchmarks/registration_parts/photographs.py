"""AnnoCerv's frames of one woman, and of two: how well the way there fits the way back, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.registration_parts.moved import LIGHTS, Motion, Points, moved
from benchmarks.shares import share
from benchmarks.unlike_parts.women import in_its_own_shape
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.io import read_picture
from pfm_desktop.imaging.registration import register
from pfm_desktop.jobs import Context

Pixels = NDArray[np.uint8]
HEIGHT = 512  # pixels of a photograph; the files are 384 x 384 and squashed
EDGE, STEP = 20, 12  # pixels: of the border that is left out, and between points
CLOSE, WILD = 3.0, 10.0
NEAR, FAR = Motion(0.05, 5, 0.05, 4), Motion(0.25, 20, 0.2, 4)
REFUSED, OK = RegistrationStatus.REFUSED, RegistrationStatus.OK


@dataclass(frozen=True)
class Women:
    """`frames`: the files of each woman, in order, with what shape they had."""

    folder: Path
    frames: Sequence[Sequence[dict[str, str]]]

    def picture(self, woman: int, frame: int) -> Pixels:
        """In its own shape."""
        row = self.frames[woman][frame]
        return in_its_own_shape(read_picture(self.folder / "images" / row["file"]).pixels, row, HEIGHT)


def women_of(folder: Path, part: int) -> Women:
    """`part` 0: women with an odd number, for development; 1: with an even one."""
    frames: dict[int, list[dict[str, str]]] = {}
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if int(row["case"]) % 2 == 1 - part:
                frames.setdefault(int(row["case"]), []).append(row)
    return Women(folder, [rows for _, rows in sorted(frames.items())])


def lines_of_frames(ctx: Context, women: Women) -> Iterator[str]:
    """First and last frame of each woman, both ways; and the first frames of two women."""
    errors, several, refused = [], 0, 0
    for number, frames in enumerate(women.frames):
        ctx.progress(number, len(women.frames), "Frames of one woman")
        if len(frames) < 2:
            continue
        several += 1
        first, last = women.picture(number, 0), women.picture(number, len(frames) - 1)
        there, back = register(first, last), register(last, first)
        if REFUSED in (there.status, back.status):
            refused += 1
            continue
        points = _inside(first, there.white_to_fluorescence, last.shape)
        errors.append(_median(back.white_to_fluorescence(there.white_to_fluorescence(points)), points))
    close = sum(error < CLOSE for error in errors)
    yield (
        f"photographs, first and last frame of one woman, {HEIGHT} px high: there and back under {CLOSE:g} px in "
        f"{share(close, several)}; refused {refused} of {several}; median of the others {np.median(errors):.2f} px"
    )
    through = 0
    for number in range(len(women.frames)):
        ctx.progress(number, len(women.frames), "Frames of two women")
        other = (number + 1) % len(women.frames)
        through += register(women.picture(number, 0), women.picture(other, 0)).status is not REFUSED
    count = len(women.frames)
    yield f"photographs, frames of two women: refused {share(count - through, count)}"


def lines_of_moved(ctx: Context, women: Women) -> Iterator[str]:
    """A photograph and the same one moved by a known map, in another light."""
    for words, motion, largest in (
        ("up to 5 % and 5 degrees", NEAR, False), ("by 25 % and 20 degrees, 20 % larger or smaller", FAR, True)
    ):  # fmt: skip
        for light, seen in LIGHTS.items():
            errors, refused, wild = [], 0, 0
            for number in range(len(women.frames)):
                ctx.progress(number, len(women.frames), f"{light}, moved {words}")
                picture, random = women.picture(number, 0), np.random.default_rng([7, number])
                second = moved(picture, motion, random, largest=largest)
                found = register(picture, seen(second.pixels, random))
                if found.status is REFUSED:
                    refused += 1
                    continue
                points = _inside(picture, second.truth, picture.shape)
                errors.append(_median(found.white_to_fluorescence(points), second.truth(points)))
                wild += found.status is OK and errors[-1] > WILD
            close = sum(error < CLOSE for error in errors)
            yield (
                f"photographs and the same moved {words}, as {light}: under {CLOSE:g} px "
                f"{share(close, len(women.frames))}; refused {refused}, over {WILD:g} px accepted as ok {wild}; median "
                f"of those not refused {np.median(errors) if errors else np.nan:.2f} px"
            )


def _inside(picture: Pixels, map_: Callable[[Points], Points], other: tuple[int, ...]) -> Points:
    """Points of the picture that the other one shows as well."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[EDGE : height - EDGE : STEP, EDGE : width - EDGE : STEP]
    points = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    there = map_(points)
    shown = (there > 3).all(axis=1) & (there < [other[1] - 4, other[0] - 4]).all(axis=1)
    return np.asarray(points[shown], np.float64)


def _median(one: Points, other: Points) -> float:
    return float(np.median(np.linalg.norm(one - other, axis=1)))
