"""Pictures unlike anything a model for the cervix learned from, drawn or changed from phantoms.

Most have the colours of mucosa or of fluorescence and are sharp and well lit, so that the quality check has little to
hold them back by. Each function draws one picture, SIDE x SIDE x 3 uint8 RGB unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.io import read_picture
from pfm_desktop.support.errors import UserError

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]
Random = np.random.Generator
SIDE = 512
WORDS = ("visit", "acid", "biopsy", "result", "patient", "cervix", "normal", "date", "signed", "grade", "page", "note")


def tint(random: Random, light: str) -> Plane:
    """A colour of 0..255 as mucosa (`white`) or its fluorescence has."""
    if light == "white":
        return np.array([random.uniform(170, 235), random.uniform(90, 150), random.uniform(95, 155)])
    return np.array([random.uniform(20, 60), random.uniform(90, 160), random.uniform(80, 150)])


def spectrum(random: Random, slope: float) -> Plane:
    """Noise whose amplitude falls with frequency ** -slope; mean 0, standard deviation 1."""
    fy, fx = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1
    spread = np.fft.rfft2(random.standard_normal((SIDE, SIDE))) / frequency**slope
    spread[0, 0] = 0
    plane = np.fft.irfft2(spread, s=(SIDE, SIDE))
    return np.asarray(plane / plane.std())


def coloured(plane: Plane, colour: Plane, strength: float = 0.18) -> Pixels:
    """A plane of mean 0 as brightness around a colour."""
    return np.clip(colour * (1 + strength * plane[..., None]), 0, 255).astype(np.uint8)


def noise(random: Random, light: str) -> Pixels:
    """White to brown noise: of one colour, or a colour each."""
    slope = random.choice([0.0, 0.5, 1.0, 1.5, 2.0])
    if random.random() < 0.5:
        return coloured(spectrum(random, slope), tint(random, light))
    planes = np.stack([spectrum(random, slope) for _ in range(3)], axis=-1)
    return np.clip(tint(random, light) * (1 + 0.2 * planes), 0, 255).astype(np.uint8)


def gradient(random: Random, light: str) -> Pixels:
    """From one colour to another, straight or round, with a little sensor noise."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    turn = random.uniform(0, 2 * np.pi)
    plane = x * np.cos(turn) + y * np.sin(turn) if random.random() < 0.5 else 1 - 2 * np.hypot(x, y)
    share = np.clip(0.5 + 0.5 * plane, 0, 1)[..., None]
    picture = tint(random, light) * share + tint(random, light) * random.uniform(0.2, 0.7) * (1 - share)
    return np.clip(picture + random.normal(0, random.uniform(0, 4), picture.shape), 0, 255).astype(np.uint8)


def near_constant(random: Random, light: str) -> Pixels:
    """One colour, alone or with sensor noise."""
    colour = tint(random, light) * random.uniform(0.6, 1.05)
    return np.clip(colour + random.normal(0, random.choice([0, 1, 3]), (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def document(random: Random, light: str) -> Pixels:
    """A page of text on white or coloured paper, under uneven light."""
    paper = np.array([245.0, 243, 238]) if random.random() < 0.4 else tint(random, light)
    page = np.full((SIDE, SIDE, 3), paper).astype(np.uint8)
    step, size = int(random.integers(14, 34)), random.uniform(0.35, 0.8)
    ink = tuple(float(value) for value in paper * random.uniform(0.05, 0.4))
    for row in range(step + 10, SIDE - 8, step):
        line = " ".join(random.choice(WORDS, 9))
        left = int(random.integers(8, 40))
        cv2.putText(page, line, (left, row), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    lit = 1 - 0.25 * np.linspace(0, 1, SIDE)[None, :, None] * random.random()
    return np.clip(page * lit + random.normal(0, 2, page.shape), 0, 255).astype(np.uint8)


def screen(random: Random, light: str) -> Pixels:
    """A drawn window with panels, buttons, text and a small picture of noise in it."""
    dark = random.random() < 0.5
    base = (np.full((SIDE, SIDE, 3), 30.0 if dark else 240.0) + random.uniform(-8, 8, 3)).astype(np.uint8)
    for _ in range(int(random.integers(6, 14))):
        x, y = random.integers(0, SIDE - 60, 2).tolist()
        w, h = random.integers(40, 260, 2).tolist()
        colour = tint(random, light) if random.random() < 0.4 else np.full(3, random.uniform(20, 230))
        cv2.rectangle(base, (x, y), (x + w, y + h), tuple(float(value) for value in colour), -1)
        ink = (230.0,) * 3 if colour.mean() < 120 else (20.0,) * 3
        cv2.putText(
            base, str(random.choice(WORDS)), (x + 8, y + 22), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1, cv2.LINE_AA
        )
    return base


def shapes(random: Random, light: str) -> Pixels:
    """Overlapping discs, boxes and lines in the colours of the source."""
    picture = np.full((SIDE, SIDE, 3), tint(random, light))
    for _ in range(int(random.integers(8, 40))):
        colour = tuple(float(value) for value in tint(random, light) * random.uniform(0.3, 1.1))
        at = tuple(random.integers(0, SIDE, 2).tolist())
        kind, size = random.integers(3), int(random.integers(10, 140))
        if kind == 0:
            cv2.circle(picture, at, size, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(picture, at, (at[0] + size, at[1] + size // 2 + 5), colour, -1)
        else:
            cv2.line(picture, at, tuple(random.integers(0, SIDE, 2).tolist()), colour, 1 + size // 12, cv2.LINE_AA)
    return np.clip(picture + random.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def skin(random: Random, light: str) -> Pixels:
    """Outer skin: fine pores, moles, hairs."""
    picture = coloured(0.5 * spectrum(random, 1.0) + 0.5 * spectrum(random, 0.3), tint(random, light), 0.1).astype(
        float
    )
    for _ in range(int(random.integers(2, 12))):
        at, size = tuple(random.integers(0, SIDE, 2).tolist()), int(random.integers(3, 26))
        cv2.circle(picture, at, size, tuple(float(v) for v in tint(random, light) * 0.4), -1, cv2.LINE_AA)
    for _ in range(int(random.integers(0, 30))):
        start = random.integers(0, SIDE, 2)
        end = start + random.integers(-90, 90, 2)
        cv2.line(picture, tuple(start.tolist()), tuple(end.tolist()), (40.0, 30.0, 28.0), 1, cv2.LINE_AA)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.7), 0, 255).astype(np.uint8)


def gut(random: Random, light: str) -> Pixels:
    """Down a tube: rings of folds, a dark middle, glints; as an endoscope sees it."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j] - random.uniform(-0.3, 0.3, (2, 1, 1))
    away, angle = np.hypot(x, y), np.arctan2(y, x)
    wave = 0.06 * np.sin(3 * angle + random.uniform(0, 6)) + 0.04 * spectrum(random, 2.0)
    folds = np.sin(random.uniform(10, 22) * (away + wave))
    plane = np.clip(away / 0.7, 0.03, 1.1) * (1 + 0.22 * folds) * (1 + 0.04 * spectrum(random, 1.0))
    picture = tint(random, light) * plane[..., None]
    picture[(folds > 0.9) & (spectrum(random, 1.2) > 1.8)] = 255 if light == "white" else 200
    return np.clip(picture, 0, 255).astype(np.uint8)


def fundus(random: Random, light: str) -> Pixels:
    """The back of an eye: an even disc, a bright spot, branching vessels."""
    colour = tint(random, light)
    picture = coloured(spectrum(random, 1.6), colour, 0.05).astype(float)
    spot = random.integers(120, SIDE - 120, 2)
    cv2.circle(
        picture, tuple(spot.tolist()), 34, tuple(float(v) for v in np.minimum(colour * 1.35, 250)), -1, cv2.LINE_AA
    )
    for _ in range(14):
        at, turn = spot.astype(float), random.uniform(0, 2 * np.pi)
        for step in range(70):
            turn += random.normal(0, 0.16)
            on = at + 7 * np.array([np.cos(turn), np.sin(turn)])
            ends = [tuple(int(value) for value in point) for point in (at, on)]
            cv2.line(picture, *ends, tuple(float(v) for v in colour * 0.55), max(1, 5 - step // 14), cv2.LINE_AA)
            at = on
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    picture *= (np.hypot(x, y) < 0.97)[..., None]
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.0), 0, 255).astype(np.uint8)


DRAWN: dict[str, Callable[[Random, str], Pixels]] = {
    "noise of five spectra": noise,
    "gradients": gradient,
    "one colour": near_constant,
    "pages of text": document,
    "drawn windows": screen,
    "shapes": shapes,
    "skin, drawn": skin,
    "gut, drawn": gut,
    "fundus, drawn": fundus,
}


def other_device(picture: Pixels, light: str, random: Random) -> Pixels:
    """A phantom as another camera or filter would give it: channels exchanged, a red filter, iodine, a green filter."""
    values = picture.astype(np.float64)
    grey = values.mean(axis=-1, keepdims=True)
    choice = int(random.integers(3))
    if light == "white":
        brown = np.array([1.0, 0.62, 0.22]) * values * np.array([0.75, 1.0, 1.0])
        changed = (brown, grey * np.array([0.25, 1.0, 0.3]), values[..., [2, 0, 1]])[choice]
    else:
        changed = (grey * np.array([1.6, 0.7, 0.4]), values[..., [1, 2, 0]], grey * np.array([0.35, 0.5, 1.7]))[choice]
    return np.clip(changed, 0, 255).astype(np.uint8)


def degraded(picture: Pixels, random: Random) -> Pixels:
    """A phantom as a somewhat worse camera gives it: one to three of blur, light, cast, noise, JPEG, another aspect."""
    steps = [_blurred, _lit, _cast, _grainy, _packed, _cut, _smaller]
    for number in random.choice(len(steps), int(random.integers(1, 4)), replace=False):
        picture = steps[number](picture, random)
    return picture


def _blurred(picture: Pixels, random: Random) -> Pixels:
    return cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.4) * picture.shape[0] / SIDE).astype(np.uint8)


def _lit(picture: Pixels, random: Random) -> Pixels:
    return np.clip(picture * random.uniform(0.75, 1.2), 0, 255).astype(np.uint8)


def _cast(picture: Pixels, random: Random) -> Pixels:
    return np.clip(picture * random.uniform(0.93, 1.07, 3), 0, 255).astype(np.uint8)


def _grainy(picture: Pixels, random: Random) -> Pixels:
    return np.clip(picture + random.normal(0, random.uniform(1, 6), picture.shape), 0, 255).astype(np.uint8)


def _packed(picture: Pixels, random: Random) -> Pixels:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(35, 85))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.uint8)


def _cut(picture: Pixels, random: Random) -> Pixels:
    """To 4:3, 3:2 or 16:9, from the middle."""
    height = round(picture.shape[1] / random.choice([4 / 3, 3 / 2, 16 / 9]))
    top = (picture.shape[0] - height) // 2
    return np.ascontiguousarray(picture[top : top + height])


def _smaller(picture: Pixels, random: Random) -> Pixels:
    scale = random.uniform(0.65, 1.0)
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def photographs(folder: Path) -> Iterator[tuple[str, Pixels]]:
    """Name and pixels of every picture that can be read in a folder and those below it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".png", ".jpg", ".jpeg"}:
            try:
                yield path.name, read_picture(path).pixels
            except UserError:
                continue


def crops(picture: Pixels, count: int, random: Random) -> Iterator[Pixels]:
    """The whole picture first, then square parts of it, mirrored by chance."""
    yield picture
    for _ in range(count - 1):
        side = int(min(picture.shape[:2]) * random.uniform(0.5, 1.0))
        top, left = (int(random.integers(0, size - side + 1)) for size in picture.shape[:2])
        part = picture[top : top + side, left : left + side]
        part = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC)
        yield np.ascontiguousarray(part[:, ::-1] if random.random() < 0.5 else part).astype(np.uint8)
