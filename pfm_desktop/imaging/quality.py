"""Whether a picture, or a pair, can carry an answer; and if not, what to retake.

Measured on the picture reduced to 400 pixels, where sensor noise is averaged away and readings do not depend on the
camera's resolution. Thresholds lie between development phantoms without and with each defect (seeds from 20000) and
were checked on the AnnoCerv photographs (`benchmarks/quality.py`). On a device of another kind they have to be set
again.

Known misses: smooth, evenly lit walls pass for a cervix, more often in fluorescence. A cervix that is merely off centre
is not looked for, nor a photograph that was turned. How often: README, `benchmarks/quality.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import Agreement, RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import fit

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Measures = Mapping[str, float]

SIDE = 400  # pixels
LEAST_OVERLAP, ENOUGH_OVERLAP = 0.35, 0.6
PLACED_WRONG = (
    "Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots "
    "that are sharp in both. The pictures can be looked at together meanwhile."
)
_SAME = 3.0  # mean difference of 255 at which two pictures are one, saved twice
_BLANK = 0.008  # relief below which there is nothing in a picture; blurred phantoms and photographs have 0.025 and more
_GREY = 1.0  # chroma; the darkest phantoms have 2, photographs 18 and more, a grey picture saved as JPEG below 0.5
_PALE = 0.05  # tint of a fluorescence picture; 720 phantoms with and without defects have 0.21 and more, grey ones 0.00
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_CLIPPED = 240  # of 255
_BLOCK = 16  # pixels
_LEAST = 40  # pixels a side, from which a picture can be looked at in quarters
_SLOW = 0.06  # of the side: what changes more slowly is light that falls off
_BLOB = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # smaller than a lesion, larger than a glint


@dataclass(frozen=True)
class _Rule:
    """A problem and when it is there: `poor` must not be used, `limited` with care."""

    problem: str
    poor: Callable[[Measures], bool]
    limited: Callable[[Measures], bool]
    advice: str


def _never(_: Measures) -> bool:
    return False


def _lit(m: Measures) -> bool:
    """Darkness is the cause only where tissue is seen in it, or nothing at all; a dark cavity is `no_cervix`."""
    return m["tissue"] >= 0.3 or m["bright"] < 12


def _hidden(m: Measures, least: float) -> bool:
    """Whether something that is no tissue lies over the middle of a view of tissue; without tissue it is no cervix."""
    return m["middle"] < least and m["tissue"] >= 0.3


def _glows(m: Measures) -> bool:
    return m["green"] > 0.6 and m["tissue"] < 0.1


_TOO_SMALL = _Rule(
    "too_small", lambda m: m["side"] < 160, lambda m: m["side"] < 300, "Use a picture of at least 1000 pixels a side."
)

_BLACK_AND_WHITE = (
    "This picture is black and white: use the colour picture, or switch the camera to colour, then retake."
)

_NOISY = _Rule(
    "noisy",
    lambda m: m["speckle"] > 4.0,
    lambda m: m["speckle"] > 2.5,
    "Add light and lower the camera's gain (ISO), then retake.",
)
_BANDED = _Rule(
    "banded",
    lambda m: m["bands"] > 0.2,
    lambda m: m["bands"] > 0.1,
    "Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope's own light, then retake.",
)

_WHITE = (
    _TOO_SMALL,
    # before the brightness: a dim fluorescence picture needs a swap, no wider aperture
    _Rule(
        "wrong_source",
        _glows,
        _never,
        "This looks like a fluorescence picture: give it as that, and of two pictures swap them.",
    ),
    _Rule(
        "too_dark",
        lambda m: m["bright"] < 34 and _lit(m),
        lambda m: m["bright"] < 42 and _lit(m),
        "Open the aperture or raise the light, then retake.",
    ),
    # before what is judged by structure, which noise and bars feign
    _NOISY,
    _BANDED,
    _Rule(
        "overexposed",
        lambda m: m["blown"] > 0.42,
        lambda m: m["blown"] > 0.28,
        "Lower the light or the exposure, retake.",
    ),
    # before what is judged by colours, all of which a picture without any would fail
    _Rule(
        "no_colour",
        lambda m: m["colour"] < _GREY and m["relief"] >= _BLANK,
        _never,
        _BLACK_AND_WHITE,
    ),
    _Rule(
        "out_of_focus", lambda m: m["focus"] < 0.46, lambda m: m["focus"] < 0.5, "Focus on the os, hold still, retake."
    ),
    _Rule(
        "obstructed",
        lambda m: m["white"] > 0.32 or _hidden(m, 0.5),
        lambda m: m["white"] > 0.26 or _hidden(m, 0.75),
        "Take the swab or instrument out of the view, then retake.",
    ),
    _Rule(
        "no_cervix",
        lambda m: m["tissue"] < 0.3 or (m["folds"] > 1.15 and m["grain"] > 0.045) or m["relief"] < _BLANK,
        lambda m: m["tissue"] < 0.45,
        "Bring the whole cervix into view and into the light, then retake.",
    ),
    _Rule("glare", lambda m: m["glare"] > 0.3, lambda m: m["glare"] > 0.1, "Tilt the light or dab the surface dry."),
)

_FLUORESCENCE = (
    _TOO_SMALL,
    _Rule(
        "wrong_source",
        lambda m: m["tissue"] > 0.5 and m["green"] < 0.1,
        _never,
        "This looks like a white-light picture: give it as that, and of two pictures swap them.",
    ),
    _Rule(
        "too_dark",
        lambda m: m["bright"] < 13 or (m["bright"] < 22 and m["noise"] > 0.6),
        lambda m: m["bright"] < 20,
        "Lengthen the exposure, darken the room, then retake.",
    ),
    _BANDED,
    _Rule(
        "overexposed",
        lambda m: m["blown"] > 0.1 or m["bright"] > 84,
        lambda m: m["blown"] > 0.02 or m["bright"] > 77,
        "Shorten the exposure, then retake.",
    ),
    # by the ratio of the colours and not by chroma, of which a dark glow has little however green it is
    _Rule("no_colour", lambda m: m["tint"] < _PALE and m["relief"] >= _BLANK, _never, _BLACK_AND_WHITE),
    _Rule(
        "out_of_focus",
        lambda m: m["detail"] < 0.24,
        lambda m: m["detail"] < 0.29,
        "Focus on the os, hold still, retake.",
    ),
    _Rule(
        "obstructed",
        lambda m: m["blue"] > 0.25,
        lambda m: m["blue"] > 0.12,
        "Take the swab or instrument out of the view, then retake.",
    ),
    _Rule(
        "no_cervix",
        lambda m: m["folds"] > 0.9 or m["relief"] < _BLANK,
        _never,
        "Bring the whole cervix into view, then retake.",
    ),
    _Rule(
        "unusual_colours",
        _never,
        lambda m: m["green"] < 0.35,
        "The colours are unlike the fluorescence this model knows: check filter and white balance.",
    ),
)
# what makes the later readings meaningless, so that one cause gives one problem
_MASKING = ("too_small", "too_dark", "noisy", "banded", "overexposed", "wrong_source", "no_colour")


def assess(pixels: Pixels, source: Source) -> Quality:
    """Quality of one picture (H x W x 3 uint8 RGB) as a picture of `source`."""
    measures = measure(pixels)
    poor: list[_Rule] = []
    limited: list[_Rule] = []
    for rule in _WHITE if source is Source.WHITE else _FLUORESCENCE:
        if any(found.problem in _MASKING for found in poor):
            break
        if rule.poor(measures):
            poor.append(rule)
        elif rule.limited(measures):
            limited.append(rule)
    verdict = Verdict.POOR if poor else Verdict.LIMITED if limited else Verdict.GOOD
    found = poor or limited
    advice = " ".join(dict.fromkeys(rule.advice for rule in found))
    return Quality(verdict, tuple(rule.problem for rule in found), advice, measures)


def looks_fluorescent(pixels: Pixels) -> bool:
    """Whether the colours (H x W x 3 uint8 RGB) are those of a fluorescence picture, not of one in white light."""
    return _glows(measure(pixels))


def measure(pixels: Pixels) -> dict[str, float]:
    """Readings behind a verdict; shares are of the picture's area.

    `side` shorter side in pixels; `bright` 95th percentile of L*; `colour` 95th percentile of chroma; `tint` by how
    much the strongest channel exceeds the weakest in the brightest quarter, of the strongest (0: grey, 1: pure);
    `blown` share of clipped blobs; `glare` share of clipped white; `white` share of colourless bright blobs; `tissue`
    share of mucosal colours, `middle` the same in the middle of the picture, clipped white left out; `green`, `blue`
    shares of fluorescence colours; `focus` finest over next structure, `detail` finer over coarse, `noise` finest over
    coarse, `grain` finest structure, `folds` finer over coarse in the strongest 3 %, `relief` coarse structure (all of
    log intensity); `speckle` noise in 255ths where the picture is smoothest; `bands` strength of bars that run across
    the whole picture, in log intensity.
    """
    small = fit(pixels, SIDE)
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    light, a, b = lab[:, :, 0], lab[:, :, 1], lab[:, :, 2]
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a))
    mucosal = (hue > -35) & (hue < 70) & (chroma > 6) & (light > 6)
    planes = cv2.split(small)
    # a tenth of the time of small.max(axis=2)
    most, least = (np.asarray(reduce(choose, planes), np.uint8) for choose in (np.maximum, np.minimum))
    red, green, blue = (plane.astype(np.int16) for plane in planes)
    return {
        "side": float(min(pixels.shape[:2])),
        "bright": float(np.percentile(light, 95)),
        "blown": _opened(most >= 250),
        "glare": float((least >= 245).mean()),
        "colour": float(np.percentile(chroma, 95)),
        "tint": _tint(most, least),
        "white": _opened((chroma < 10) & (light > 65)),
        "tissue": float(mucosal.mean()),
        "middle": _in_the_middle(mucosal, least < _CLIPPED),
        "green": float(((green > 1.15 * red) & (green > 8)).mean()),
        "blue": float(((blue > 1.1 * green) & (blue > 20)).mean()),
        "speckle": _speckle(small),
        **_structure(small),
    }


def identical(white: Pixels, fluorescence: Pixels) -> Quality | None:
    """The verdict when one picture was given twice (also resized or saved anew), else None."""
    first, second = (cv2.resize(fit(picture, 512), (128, 128)).astype(np.float32) for picture in (white, fluorescence))
    difference = float(np.abs(first - second).mean())
    if difference >= _SAME:
        return None
    glows = looks_fluorescent(fit(white, SIDE))
    kept, missing = ("fluorescence", "white-light") if glows else ("white-light", "fluorescence")
    advice = f"Choose the {missing} picture that belongs to this {kept} picture."
    return Quality(Verdict.POOR, ("identical",), advice, {"difference": difference})


def assess_pair(white: Pixels, fluorescence: Pixels, registration: Registration) -> Quality:
    """Quality of a pair: two different pictures of one cervix that overlap enough.

    A registration by hand that the structures do not bear out may join two women: poor. One that they cannot be
    compared under is limited.
    """
    twice = identical(white, fluorescence)
    if twice is not None:
        return twice
    measures = {"overlap": float(registration.overlap)}
    if registration.error_px is not None:
        measures["error_px"] = float(registration.error_px)
    if registration.status is RegistrationStatus.REFUSED:
        return _unregistered(registration, measures)
    agreed = _agreed(white, fluorescence, registration) if registration.by_hand else Agreement.YES
    if agreed is Agreement.NO:  # before the overlap, which is only as good as the points
        return Quality(Verdict.POOR, _disagreeing(registration.reason), PLACED_WRONG, measures)
    if registration.overlap < LEAST_OVERLAP:
        advice = "Retake both with the cervix in the middle."
        return Quality(Verdict.POOR, ("too_little_overlap",), advice, measures)
    limited, advices = [], []
    if registration.overlap < ENOUGH_OVERLAP:
        limited.append("little_overlap")
        advices.append("The fluorescence picture shows only a part of this view.")
    if agreed is Agreement.UNKNOWN:
        limited.append("structures_not_compared")
        advices.append(
            "Check that both pictures show the same woman at this visit: they have too few structures to compare."
        )
    if registration.status is RegistrationStatus.CHECK:
        limited.append("registration_uncertain")
        advices.append("Look whether both pictures meet under the cursor; place points by hand if they do not.")
    verdict = Verdict.LIMITED if limited else Verdict.GOOD
    return Quality(verdict, tuple(limited), " ".join(advices), measures)


def _unregistered(registration: Registration, measures: Mapping[str, float]) -> Quality:
    from pfm_desktop.imaging.registration.shapes import shapes_differ

    shapes = shapes_differ(registration.white_size, registration.fluorescence_size)
    if "overlap" in registration.reason.lower():
        problem, advice = "too_little_overlap", "Retake both with the cervix in the middle"
        advice += ", neither cut nor squeezed, or" if shapes else ", or"
    else:
        problem, advice = "wrong_pair", "Check that both pictures show the same woman at this visit"
        advice += " and are as the camera took them, neither cut nor squeezed; if so," if shapes else "; if they do,"
    return Quality(Verdict.POOR, (problem,), f"{advice} place four points by hand.", measures)


def _agreed(white: Pixels, fluorescence: Pixels, registration: Registration) -> Agreement:
    from pfm_desktop.imaging.registration import structures_agree

    return structures_agree(white, fluorescence, registration)


def _disagreeing(reason: str) -> tuple[str, ...]:
    """Points that do not fit take nothing back of what the pictures said without them."""
    return ("structures_disagree", *(("too_little_overlap",) if "overlap" in reason.lower() else ()))


def _opened(mask: NDArray[np.bool_]) -> float:
    """Share of a mask after specks smaller than a lesion are taken away."""
    return float(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _BLOB).mean())


def _tint(most: Pixels, least: Pixels) -> float:
    """Where a picture is darker, the channels say little."""
    bright = most >= np.percentile(most, 75)
    return 1.0 - float(least[bright].sum(dtype=np.int64)) / max(1, int(most[bright].sum(dtype=np.int64)))


def _structure(small: Pixels) -> dict[str, float]:
    """Strength of structure in four octaves of log intensity (sd 0.7-1.4, 1.4-2.8, 2.8-5.6, 5.6-11 pixels)."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    log = np.log(grey + np.float32(0.02))
    smooth = [cv2.GaussianBlur(log, (0, 0), 0.7 * 2**octave) for octave in range(5)]
    bands = [fine - coarse for fine, coarse in itertools.pairwise(smooth)]
    rms = [float(np.sqrt(np.mean(band**2))) + 1e-6 for band in bands]
    strong = [float(np.percentile(np.abs(band), 97)) + 1e-6 for band in (bands[1], bands[3])]
    return {
        "focus": rms[1] / rms[2],
        "detail": rms[1] / rms[3],
        "noise": rms[0] / rms[2],
        "grain": rms[0],
        "folds": strong[0] / strong[1],
        "relief": rms[3],
        "bands": max(_bands(log, axis) for axis in (0, 1)),
    }


def _in_the_middle(mucosal: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    """Share of `mucosal` of what is `seen` in a disc of 60 % of the shorter side; 0 where nothing is."""
    height, width = mucosal.shape
    y, x = np.ogrid[:height, :width]
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (0.3 * min(height, width)) ** 2
    count = int((disc & seen).sum())
    return float((mucosal & disc & seen).sum()) / count if count else 0.0


def _speckle(small: Pixels) -> float:
    """Standard deviation of noise by Immerkaer (1996), in the fifth of the blocks that have the least of it.

    What is smooth there is tissue between vessels and glints, so that fine structure is not taken for noise.
    """
    if min(small.shape[:2]) < _BLOCK:
        return 0.0
    grey = cv2.transform(small.astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    response = np.abs(cv2.filter2D(grey, -1, _NOISE_KERNEL))
    blocks = cv2.blur(response, (_BLOCK, _BLOCK))[_BLOCK // 2 :: _BLOCK, _BLOCK // 2 :: _BLOCK]
    return float(np.sqrt(np.pi / 2) * np.percentile(blocks, 20))


def _bands(log: Plane, axis: int) -> float:
    """Strength of bars along `axis` that all four quarters of the picture show alike: a lamp, not tissue."""
    if min(log.shape) < _LEAST:
        return 0.0
    whole, *quarters = (_fast(part, axis) for part in (log, *np.array_split(log, 4, axis=axis)))
    alike = np.array([(one - one.mean()) / (one.std() + 1e-6) for one in quarters])
    return float(whole.std()) * max(0.0, float((alike @ alike.T / len(whole)).min()))


def _fast(log: Plane, axis: int) -> Plane:
    """The middle 80 % of the profile across bars along `axis`, without the light that falls off slowly."""
    profile = np.median(log, axis=axis).astype(np.float32)[:, None]
    slow = cv2.GaussianBlur(profile, (0, 0), _SLOW * len(profile), borderType=cv2.BORDER_REFLECT)
    edge = len(profile) // 10
    return np.asarray((profile - slow)[edge : len(profile) - edge, 0], np.float32)
