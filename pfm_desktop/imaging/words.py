"""Finds words that are drawn into a picture: a name, a number, a date, what a device says of itself.

The text detector of PP-OCRv6 (`resources/words/words.toml` says from where), run by OpenCV. It finds where words are
and never reads them. What it is worth and what it misses: `docs/export.md`.
"""

from __future__ import annotations

import hashlib
import math
import threading
import tomllib
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import resources_dir

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Mask = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; right and bottom are not part of it
FILE = "words.onnx"
SCALE = 0.6  # of the picture's own size at which small words are looked for at least
AREA = 720_000  # pixels: a smaller picture is looked at closer, as long as it has no more
TILE = 672  # pixels of the longest side that the network sees at once: in larger ones it overlooks a single small word
OVERLAP = 128  # pixels by which neighbouring tiles overlap
FAR = 0.3  # where all of a picture in one tile is smaller than that, it is looked at so as well, for very large words
MAYBE, SURE = 0.3, 0.8  # of a pixel to belong to a word, and of a word's pixels on average (0..1)
FULL, FULL_LINE = 0.6, 0.4  # of its tightest rectangle that a word fills at least, and a line of several words
LINE = 3  # times longer than high is a line; mucosa and glints that look like words are rounder
TALLEST = 0.14  # of the shorter side of what the network sees; what is taller is no line of words
LARGE, LONG = 0.05, 1.6  # what is higher than this part of the shorter side is a word only if it is that much longer
THINNEST = 3  # pixels of what the network sees
GROWN = 0.8  # the network draws words thinner than they are: by this part of area over half the outline
BESIDE = 3  # pixels of what the network sees that a box reaches farther still
_STEP = 32  # the network takes sides that are multiples of it
_MEAN, _DEVIATION = np.array((0.485, 0.456, 0.406), np.float32), np.array((0.229, 0.224, 0.225), np.float32)
_one_at_a_time = threading.Lock()  # a network of OpenCV keeps what it works on within itself


def find_words(picture: Pixels) -> tuple[Box, ...]:
    """Where words are drawn into a picture (H x W x 3 uint8 RGB, or H x W grey), from the top; none overlap.

    Raises `ModelError` where the network's file is missing or damaged: then nobody looked.
    """
    colour = picture if picture.ndim == 3 else np.dstack((picture, picture, picture))
    height, width = colour.shape[:2]
    found = [box for scale in _scales(height, width) for box in _at_scale(colour, scale)]
    inside = ((max(0, x), max(0, y), min(width, right), min(height, low)) for x, y, right, low in found)
    return tuple(sorted(_joined([box for box in inside if box[0] < box[2] and box[1] < box[3]]), key=_from_the_top))


def check_words() -> None:
    """Raise `ModelError` where words could not be found, before long work begins."""
    with _one_at_a_time:
        _network()


def _scales(height: int, width: int) -> Iterator[float]:
    whole = min(1.0, TILE / max(height, width))
    closer = min(1.0, max(SCALE, math.sqrt(AREA / (height * width))))
    if whole >= closer or whole < FAR:
        yield whole
    if whole < closer:
        yield closer


def _at_scale(picture: Pixels, scale: float) -> Iterator[Box]:
    height, width = picture.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = picture if scale == 1.0 else np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = width / size[0], height / size[1]
    for rows in _tiles(size[1]):
        for columns in _tiles(size[0]):
            for x, y, right, bottom in _seen(small[rows, columns]):
                yield (
                    math.floor((columns.start + x) * across), math.floor((rows.start + y) * down),
                    math.ceil((columns.start + right) * across), math.ceil((rows.start + bottom) * down),
                )  # fmt: skip


def _tiles(length: int) -> list[slice]:
    """A side in as few parts as may be, all of a length."""
    count = max(1, math.ceil((length - OVERLAP) / (TILE - OVERLAP)))
    part = math.ceil((length + (count - 1) * OVERLAP) / count)
    starts = (round(number * (length - part) / max(1, count - 1)) for number in range(count))
    return [slice(start, start + part) for start in starts]


def _seen(tile: Pixels) -> Iterator[tuple[float, float, float, float]]:
    """Boxes of words on a tile, in its pixels from its corner."""
    likely = _likely(tile)
    count, labels, facts, _ = cv2.connectedComponentsWithStats((likely > MAYBE).astype(np.uint8))
    shorter = max(min(tile.shape[:2]), TILE // 2)
    for number in range(1, count):
        x, y, wide, tall, area = (int(fact) for fact in facts[number])
        part = labels[y : y + tall, x : x + wide] == number
        if min(wide, tall) < THINNEST or float(likely[y : y + tall, x : x + wide][part].mean()) < SURE:
            continue
        points = np.argwhere(part)[:, ::-1].astype(np.float32)
        low, long = sorted(side + 1 for side in cv2.minAreaRect(points)[1])  # pixels have a width
        times = max(wide, tall) / min(wide, tall)  # upright: a large word that leans is mucosa
        blob = low > LARGE * shorter and times < LONG
        if blob or area < (FULL_LINE if times >= LINE else FULL) * low * long or low > TALLEST * shorter:
            continue
        grown = GROWN * low * long / (low + long) + BESIDE
        yield x - grown, y - grown, x + wide + grown, y + tall + grown


def _likely(tile: Pixels) -> Plane:
    """How surely each pixel of a tile belongs to a word, 0..1."""
    height, width = tile.shape[:2]
    below, beside = -height % _STEP, -width % _STEP
    whole = cv2.copyMakeBorder(tile, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    # its makers learned it from blue, green, red
    blob = (whole[..., ::-1].astype(np.float32) / 255 - _MEAN) / _DEVIATION
    with _one_at_a_time:
        network = _network()
        network.setInput(np.ascontiguousarray(blob.transpose(2, 0, 1)[None]))
        return np.array(network.forward()[0, 0, :height, :width], np.float32)


@cache
def _network() -> cv2.dnn.Net:
    folder = resources_dir() / "words"
    try:
        data = (folder / FILE).read_bytes()
        facts = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _damaged(tr("what finds words in pictures cannot be read: {error}", error=error)) from error
    if hashlib.sha256(data).hexdigest() != facts.get("sha256"):
        raise _damaged(tr("what finds words in pictures is not what was shipped"))
    try:
        return cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    except cv2.error as error:  # a version of OpenCV that this was not tried with
        raise _damaged(tr("what finds words in pictures cannot be used by this OpenCV")) from error


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes that overlap become one, until none do."""
    done: list[Box] = []
    for box in boxes:
        while met := [one for one in done if _overlap(one, box)]:
            done = [one for one in done if one not in met]
            lefts, tops, rights, lows = zip(box, *met, strict=True)
            box = min(lefts), min(tops), max(rights), max(lows)  # noqa: PLW2901 - it grows
        done.append(box)
    return done


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _from_the_top(box: Box) -> tuple[int, int]:
    return box[1], box[0]


def _damaged(what: str) -> ModelError:
    return ModelError(
        what,
        safe=tr("pictures and library are not touched"),
        remedy=tr("the program itself is damaged: install it again"),
    )
