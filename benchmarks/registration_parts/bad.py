"""Pairs that can have no map: one picture is spoiled, turned, mirrored, of another woman, or shows no cervix at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality_parts.spoiled import text_page
from benchmarks.unlike_parts import pictures as unlike
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import register
from pfm_desktop.jobs import Context

Pixels = NDArray[np.uint8]
Random = np.random.Generator
Spoil = Callable[[Pixels, Random], Pixels]
STRIP_KIND = "a strip of an eighth"
STRIP = 8  # times as long as high
TINY = 24  # pixels a side
WILD = 10.0  # pixels


def _filled(value: int) -> Spoil:
    return lambda picture, _: np.full_like(picture, value)


def _turned(quarters: int) -> Spoil:
    return lambda picture, _: np.ascontiguousarray(np.rot90(picture, quarters))


def _drawn(kind: str) -> Spoil:
    def draw(picture: Pixels, random: Random) -> Pixels:
        made = getattr(unlike, kind)(random, "white")
        return np.asarray(cv2.resize(made, picture.shape[1::-1]), np.uint8)

    return draw


def squeezed(picture: Pixels, _: Random) -> Pixels:
    """To an eighth of its height."""
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (width, height // STRIP), interpolation=cv2.INTER_AREA), np.uint8)


def strip(picture: Pixels, _: Random) -> Pixels:
    """An eighth of its height, from above the middle: a part of the same view, so there is a map."""
    top = strip_top(len(picture))
    return np.ascontiguousarray(picture[top : top + len(picture) // STRIP])


def strip_top(height: int) -> int:
    """First row of `strip`."""
    return 3 * (height // STRIP)


def tiny(picture: Pixels, _: Random) -> Pixels:
    """Too small to see anything."""
    return np.asarray(cv2.resize(picture, (TINY, TINY), interpolation=cv2.INTER_AREA), np.uint8)


KINDS: Mapping[str, Spoil] = MappingProxyType(
    {
        "blank": _filled(128),
        "black": _filled(0),
        "noise": lambda picture, random: random.integers(0, 256, picture.shape, np.uint8),
        "mirrored": lambda picture, _: np.ascontiguousarray(picture[:, ::-1]),
        "upside down": _turned(2),
        "turned left": _turned(1),
        "turned right": _turned(3),
        "tiny": tiny,
        "squeezed to an eighth": squeezed,
        STRIP_KIND: strip,
        "screenshot": _drawn("screen"),
        "document": _drawn("document"),
        "text page": text_page,
    }
)


@dataclass(frozen=True)
class Tried:
    """Status, seconds, and whether a map was given as ok that is wrong (a strip has a right one)."""

    status: RegistrationStatus
    seconds: float
    wild: bool


def lines_of_bad(ctx: Context, first: int, count: int, size: int) -> Iterator[str]:
    """Each kind with either picture spoiled, and pictures of two women, all of fresh phantoms."""
    made: dict[str, list[Tried]] = {kind: [] for kind in (*KINDS, "another woman")}
    random = np.random.default_rng(first)
    before = render(first + count, size=size)
    for number in range(count):
        ctx.progress(number, count, "Pairs that have no map")
        phantom = render(first + number, size=size)
        for kind, spoil in KINDS.items():
            made[kind].append(tried(phantom, spoil(phantom.white, random), phantom.fluorescence, kind, Source.WHITE))
            spoiled = spoil(phantom.fluorescence, random)
            made[kind].append(tried(phantom, phantom.white, spoiled, kind, Source.FLUORESCENCE))
        made["another woman"].append(tried(phantom, phantom.white, before.fluorescence, "another woman", Source.WHITE))
        before = phantom
    for kind, found in made.items():
        refused = sum(one.status is RegistrationStatus.REFUSED for one in found)
        yield (
            f"on phantoms, {kind}: refused {refused} of {len(found)}, wrong and given as ok "
            f"{sum(one.wild for one in found)}, slowest {max(one.seconds for one in found):.2f} s"
        )


def tried(phantom: Phantom, white: Pixels, fluorescence: Pixels, kind: str, spoiled: Source) -> Tried:
    """Register a pair of which the picture of `spoiled` is of this kind."""
    begun = time.perf_counter()
    found = register(white, fluorescence)
    seconds = time.perf_counter() - begun
    if found.status is not RegistrationStatus.OK:
        return Tried(found.status, seconds, wild=False)
    if kind != STRIP_KIND:
        return Tried(found.status, seconds, wild=True)
    size, top = len(phantom.white), strip_top(len(phantom.white))
    rows, columns = np.mgrid[top + 4 : top + size // STRIP - 4 : 8, 4 : size - 4 : 8]
    rows, columns = rows.ravel(), columns.ravel()
    points = np.column_stack([columns, rows]).astype(np.float64)
    if spoiled is Source.WHITE:
        truth = phantom.white_to_fluorescence[rows, columns]
        error = found.white_to_fluorescence(points - [0, top]) - truth
    else:
        truth = phantom.fluorescence_to_white[rows, columns]
        error = found.fluorescence_to_white(points - [0, top]) - truth
    return Tried(found.status, seconds, wild=bool(np.median(np.linalg.norm(error, axis=1)) > WILD))
