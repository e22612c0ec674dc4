"""Meters for the live screen: focus, exposure, glare, and where the cervix lies.

By the readings and the limits of the quality gate (`imaging.quality`), so that what the meters call good is what the
gate lets through once it is taken. On a frame reduced to `SIDE` pixels, which is all that they look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.imaging.colour import lightness
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.field import lit_box
from pfm_desktop.imaging.finder import find
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.quality.measures import measure
from pfm_desktop.imaging.quality.places import OS_SURE, THERE, readings
from pfm_desktop.imaging.quality.rules import FLUORESCENCE, WHITE, Rule
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_and

Pixels = NDArray[np.uint8]

SIDE = 480  # pixels of the longer side
# a reading of focus within the lit field: out of it, and as sharp as phantoms and photographs mostly are
_FOCUS = {Light.WHITE: ("focus", 0.40, 0.75), Light.FLUORESCENCE: ("detail", 0.20, 0.45)}
_RULES: Mapping[Light, Mapping[str, Rule]] = {
    Light.WHITE: {rule.problem: rule for rule in WHITE},
    Light.FLUORESCENCE: {rule.problem: rule for rule in FLUORESCENCE},
}
_DARK = 15.0  # L* below which nothing can be told
_FLAT = 0.008  # relief below which there is nothing in a picture, as in the gate
_LITTLE, _MUCH = 0.04, 0.10  # share of glare: from where on it is said, and where the gate limits
_NEAR, _OFF = 0.25, 0.50  # of half of the shorter side
_SMALL, _FAR = 0.50, 0.25  # diameter of the cervix, of the shorter side
_FOCUS_WORDS = {
    Verdict.GOOD: tr("sharp"),
    Verdict.LIMITED: tr("a little soft"),
    Verdict.UNUSABLE: tr("out of focus"),
}
_GLARE_WORDS = {
    Verdict.GOOD: tr("little glare"),
    Verdict.LIMITED: tr("some glare: tilt the light"),
    Verdict.UNUSABLE: tr("much glare: tilt the light or dab the surface dry"),
}


@dataclass(frozen=True)
class Meter:
    """`value` 0..1 for a bar, `level`, and `words` for a person."""

    value: float
    level: Verdict
    words: str


@dataclass(frozen=True)
class Meters:
    """Of one frame.

    `focus` 0 out of focus to 1 as sharp as it mostly gets; `focus_raw` is the reading behind it: the best of a session
    is kept by whoever shows it, and `against_best` compares. `exposure` is 0.5 where it is right, 0 black, 1 burnt out;
    `dark` and `clipped` are shares of the lit field and of the picture. `glare` is the share of clipped white.
    """

    focus: Meter
    exposure: Meter
    glare: Meter
    focus_raw: float
    dark: float
    clipped: float


@dataclass(frozen=True)
class Centring:
    """Where the cervix (its os, where one is sure) lies from the middle of the frame: `x` right and `y` down, in halves
    of the shorter side, 0 where no cervix is seen. `arrow`: where to swing the colposcope, "" for nowhere; `diameter`
    of the cervix, of the shorter side."""

    x: float
    y: float
    diameter: float
    arrow: str
    level: Verdict
    words: str


def meters(pixels: Pixels, *, light: Light) -> Meters:
    """Of a frame (H x W x 3 uint8 RGB of any size) in this light. About ten milliseconds of one core; where the cervix
    lies is asked less often (`centring`)."""
    small = fit(checked_pixels(pixels, "live"), SIDE)
    if light is Light.OFF:
        off = Meter(0.0, Verdict.UNUSABLE, tr("the light is off"))
        return Meters(off, off, Meter(0.0, Verdict.GOOD, tr("no glare")), 0.0, 1.0, 0.0)
    # the rules of light and focus ask whether there is a cervix only to say what is to blame
    read = {**measure(small), "present": 1.0}
    left, top, right, bottom = lit_box(small)
    lit = np.ascontiguousarray(small[top:bottom, left:right])
    dark = float((lightness(lit[::2, ::2]) < _DARK).mean())
    exposure = _exposure(read, _RULES[light])
    raw = measure(lit)[_FOCUS[light][0]]
    unseen = tr("there is nothing to focus on") if read["relief"] < _FLAT else ""
    if _of_rule(_RULES[light]["too_dark"], read) is Verdict.UNUSABLE:  # noise is as sharp as can be
        unseen = tr("too dark to tell")
    focus = Meter(0.0, Verdict.UNUSABLE, unseen) if unseen else _focus(raw, read, light)
    return Meters(focus, exposure, _glare(read, light), 0.0 if unseen else raw, dark, read["blown"])


def against_best(raw: float, best: float) -> float:
    """A reading of focus as a share, 0..1, of the way from out of focus to the best of the session."""
    least = 0.5 * best
    return float(np.clip((raw - least) / (best - least), 0, 1)) if best > 0 else 0.0


def centring(pixels: Pixels) -> Centring:
    """Of a frame (H x W x 3 uint8 RGB), by the finder: about 20 ms, so ask once or twice a second. Raises `ModelError`
    where the finder's file is missing or damaged."""
    small = fit(checked_pixels(pixels, "live"), SIDE)
    found = find(small)
    read = readings(found)
    if read["present"] < THERE or read["cervix"] <= 0:
        return Centring(0.0, 0.0, 0.0, "", Verdict.UNUSABLE, tr("no cervix is seen: bring it into view"))
    rows, columns = np.nonzero(found.cervix)
    height, width = found.cervix.shape
    x, y = float(columns.mean()), float(rows.mean())
    if found.os_sure >= OS_SURE:
        x, y = found.os[0] * width - 0.5, found.os[1] * height - 0.5
    half = min(width, height) / 2
    across, down = (x - (width - 1) / 2) / half, (y - (height - 1) / 2) / half
    arrow, level = _way(across, down), _level(float(np.hypot(across, down)), _NEAR, _OFF)
    near = _level(-read["cervix"], -_SMALL, -_FAR)
    words = tr("in the middle") if level is Verdict.GOOD else arrow
    if near is not Verdict.GOOD:
        words = tr("move closer") if level is Verdict.GOOD else tr("{arrow}, and closer", arrow=arrow)
    worse = max(level, near, key=list(Verdict).index)
    return Centring(across, down, read["cervix"], "" if level is Verdict.GOOD else arrow, worse, words)


def _focus(raw: float, read: Mapping[str, float], light: Light) -> Meter:
    _, least, most = _FOCUS[light]
    value = float(np.clip((raw - least) / (most - least), 0, 1))
    level = _of_rule(_RULES[light]["out_of_focus"], read)
    return Meter(value, level, _FOCUS_WORDS[level])


def _exposure(read: Mapping[str, float], rules: Mapping[str, Rule]) -> Meter:
    dark, bright = _of_rule(rules["too_dark"], read), _of_rule(rules["overexposed"], read)
    # the 95th percentile of L*; where much is burnt out that says nothing more
    value = float(np.clip(read["bright"] / 140 + read["blown"], 0, 1))
    if bright is not Verdict.GOOD:
        return Meter(
            max(value, 0.75), bright, tr("too bright") if bright is Verdict.UNUSABLE else tr("a little bright")
        )
    if dark is not Verdict.GOOD:
        return Meter(min(value, 0.3), dark, tr("too dark") if dark is Verdict.UNUSABLE else tr("a little dark"))
    return Meter(float(np.clip(value, 0.35, 0.7)), Verdict.GOOD, tr("well exposed"))


def _glare(read: Mapping[str, float], light: Light) -> Meter:
    share = read["glare"]
    level = _level(share, _LITTLE, _MUCH) if light is Light.WHITE else Verdict.GOOD
    return Meter(share, level, _GLARE_WORDS[level])


def _of_rule(rule: Rule, read: Mapping[str, float]) -> Verdict:
    return Verdict.UNUSABLE if rule.unusable(read) else Verdict.LIMITED if rule.limited(read) else Verdict.GOOD


def _level(value: float, good: float, fair: float) -> Verdict:
    return Verdict.GOOD if value <= good else Verdict.LIMITED if value <= fair else Verdict.UNUSABLE


_ACROSS = tr("left", "where to swing"), tr("right", "where to swing")
_DOWN = tr("up", "where to swing"), tr("down", "where to swing")


def _way(across: float, down: float) -> str:
    """Where to swing: the axes that count for something."""
    most = max(abs(across), abs(down))
    ways = [
        word
        for value, words in ((across, _ACROSS), (down, _DOWN))
        for word in (words[value > 0],)
        if abs(value) >= 0.4 * most and abs(value) > 0
    ]
    return tr("move {ways}", ways=with_and(ways)) if ways else ""
