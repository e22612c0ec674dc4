"""From which reading on something is wrong with a picture, and what to do about it.

Thresholds lie between development phantoms without and with each defect (seeds from 20000) and were checked on the
AnnoCerv photographs (`benchmarks/quality.py`). On a device of another kind they have to be set again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pfm_desktop.imaging.quality.places import THERE
from pfm_desktop.support.language import tr

Measures = Mapping[str, float]

_BLANK = 0.008  # relief below which there is nothing in a picture; blurred phantoms and photographs have 0.025 and more
_GREY = 1.0  # chroma; the darkest phantoms have 2, photographs 18 and more, a grey picture saved as JPEG below 0.5
PALE = 0.05  # tint of a fluorescence picture; 720 phantoms with and without defects have 0.21 and more, grey ones 0.00


@dataclass(frozen=True)
class Rule:
    """A problem and when it is there: `unusable` must not be used, `limited` with care."""

    problem: str
    unusable: Callable[[Measures], bool]
    limited: Callable[[Measures], bool]
    advice: str


def _never(_: Measures) -> bool:
    return False


def _lit(m: Measures) -> bool:
    """Darkness is the cause only where a cervix or tissue is seen in it, or nothing at all; a dark cavity is
    `no_cervix`."""
    return m["present"] >= THERE or m["tissue"] >= 0.3 or m["bright"] < 12


def _drawn_on(m: Measures) -> bool:
    """Bright, and not of one colour: that is the cap on the lens, or too much light."""
    return m["bright"] > 42 and m["relief"] >= _BLANK


def glows(m: Measures) -> bool:
    return m["green"] > 0.6 and m["tissue"] < 0.1


def in_white_light(m: Measures) -> bool:
    """A part of it is enough where hardly anything glows."""
    return (m["tissue"] > 0.5 and m["green"] < 0.1) or (m["tissue"] > 0.15 and m["green"] < 0.03)


_TOO_SMALL = Rule(
    "too_small",
    lambda m: m["side"] < 160,
    lambda m: m["side"] < 300,
    tr("Use a picture of at least 1000 pixels a side."),
)

_SHAPE = Rule(
    "odd_shape",
    lambda m: m["shape"] > 2.1,
    _never,
    tr("No camera takes pictures of this shape: give the picture as the camera took it, neither cut nor squeezed."),
)

_BLACK_AND_WHITE = tr(
    "This picture is black and white: use the colour picture, or switch the camera to colour, then retake."
)

_NOISY = Rule(
    "noisy",
    lambda m: m["speckle"] > 4.0,
    lambda m: m["speckle"] > 2.5,
    tr("Add light and lower the camera's gain (ISO), then retake."),
)
_BANDED = Rule(
    "banded",
    lambda m: m["bands"] > 0.2,
    lambda m: m["bands"] > 0.1,
    tr("Set the exposure to 1/50 or 1/60 s, as the lamp flickers, or use the colposcope's own light, then retake."),
)

_OVEREXPOSED = Rule(
    "overexposed",
    lambda m: m["blown"] > 0.42,
    lambda m: m["blown"] > 0.28,
    tr("Lower the light or the exposure, retake."),
)

# before noise and glare, which letters on paper feign
_PAPER = Rule(
    "no_cervix",
    lambda m: m["present"] < 0.1 and max(m["tissue"], m["green"]) < 0.1 and m["colour"] < 12 and _drawn_on(m),
    _never,
    tr("This shows no tissue: choose the picture of the cervix."),
)
# after a text page; and a picture of one colour has no cervix
_SCREEN = Rule(
    "screenshot",
    lambda m: m["flat"] > 0.13 and m["present"] >= THERE,
    lambda m: m["flat"] > 0.08 and m["present"] >= THERE,
    tr(
        "Give the picture as the camera took it: no picture of a screen, no panels beside it, not saved at low quality."
    ),
)
# by what the finder saw, in either light
_WHOLE = tr("Bring the whole cervix into view and into the light, then retake.")
_NO_CERVIX = Rule(
    "no_cervix",
    lambda m: m["present"] < THERE or m["relief"] < _BLANK,
    _never,
    _WHOLE,
)
_UNSURE = Rule("cervix_unsure", _never, lambda m: m["present"] < 0.65, _WHOLE)
_OBSTRUCTED = Rule(
    "obstructed",
    lambda m: m["blocked"] > 0.3,
    lambda m: m["blocked"] > 0.15,
    tr("Take the swab or instrument out of the view, then retake."),
)
_OFF_CENTRE = Rule(
    "off_centre",
    _never,
    lambda m: m["off"] > 0.65 or m["aside"] > 0.5,
    tr("Bring the os into the middle of the picture, then retake."),
)
_FAR_AWAY = Rule(
    "far_away",
    lambda m: 0 < m["cervix"] < 0.25,
    lambda m: 0 < m["cervix"] < 0.5,
    tr("Move closer or zoom in until the cervix fills most of the picture, then retake."),
)
_TURNED = Rule(
    "turned",
    lambda m: m["off"] < 0.65 and not 0.4 < m["stretch"] < 2.5,
    lambda m: m["turned"] > 0.7 or (m["off"] < 0.65 and not 0.6 < m["stretch"] < 1.6),
    tr(
        "It seems to lie on its side or to be squeezed: hold the camera upright, give the picture as the camera took "
        "it."
    ),
)
_WIPE = tr("Wipe mucus or blood off the os, then retake.")
_OS_COVERED = Rule("os_covered", _never, lambda m: m["film"] > 0.6, _WIPE)
_OS_COVERED_GLOW = Rule("os_covered", _never, lambda m: m["film"] > 0.85, _WIPE)  # an open os is as dark as blood there
_VIEW = (_NO_CERVIX, _UNSURE, _OBSTRUCTED, _FAR_AWAY, _OFF_CENTRE, _TURNED)

WHITE = (
    _TOO_SMALL,
    _SHAPE,
    _PAPER,
    _SCREEN,
    # before the brightness: a dim fluorescence picture needs a swap, no wider aperture
    Rule(
        "wrong_source",
        glows,
        _never,
        tr("This looks like a fluorescence picture: give it as that, and of two pictures swap them."),
    ),
    Rule(
        "too_dark",
        lambda m: m["bright"] < 34 and _lit(m),
        lambda m: m["bright"] < 42 and _lit(m),
        tr("Open the aperture or raise the light, then retake."),
    ),
    # before what is judged by structure, which noise and bars feign
    _NOISY,
    _BANDED,
    _OVEREXPOSED,
    # before what is judged by colours, all of which a picture without any would fail
    Rule(
        "no_colour",
        lambda m: m["colour"] < _GREY and m["relief"] >= _BLANK,
        _never,
        _BLACK_AND_WHITE,
    ),
    Rule(
        "out_of_focus",
        lambda m: m["focus"] < 0.46,
        lambda m: m["focus"] < 0.5,
        tr("Focus on the os, hold still, retake."),
    ),
    *_VIEW,
    _OS_COVERED,
    Rule("glare", lambda m: m["glare"] > 0.3, lambda m: m["glare"] > 0.1, tr("Tilt the light or dab the surface dry.")),
)

FLUORESCENCE = (
    _TOO_SMALL,
    _SHAPE,
    _PAPER,
    _SCREEN,
    Rule(
        "wrong_source",
        in_white_light,
        _never,
        tr("This looks like a white-light picture: give it as that, and of two pictures swap them."),
    ),
    Rule(
        "too_dark",
        lambda m: m["bright"] < 13 or (m["bright"] < 22 and m["noise"] > 0.6),
        lambda m: m["bright"] < 20,
        tr("Lengthen the exposure, darken the room, then retake."),
    ),
    _BANDED,
    Rule(
        "overexposed",
        lambda m: m["blown"] > 0.1 or m["bright"] > 84,
        lambda m: m["blown"] > 0.02 or m["bright"] > 77,
        tr("Shorten the exposure, then retake."),
    ),
    # by the ratio of the colours and not by chroma, of which a dark glow has little however green it is
    Rule("no_colour", lambda m: m["tint"] < PALE and m["relief"] >= _BLANK, _never, _BLACK_AND_WHITE),
    Rule(
        "out_of_focus",
        lambda m: m["detail"] < 0.24,
        lambda m: m["detail"] < 0.29,
        tr("Focus on the os, hold still, retake."),
    ),
    *_VIEW,
    _OS_COVERED_GLOW,
    Rule(
        "unusual_colours",
        _never,
        lambda m: m["green"] < 0.35,
        tr("The colours are unlike the fluorescence this model knows: check filter and white balance."),
    ),
)
# Second pictures through a green filter or after Lugol's iodine: by light, noise and sharpness, never by colours, nor
# by what the finder saw, which learned from neither. No photographs of such pairs are here: thresholds are the laxer
# ones of the two lights above, so that only what nobody could read is refused.
FILTERED = (
    _TOO_SMALL,
    _SHAPE,
    Rule(
        "too_dark",
        lambda m: m["bright"] < 13,
        lambda m: m["bright"] < 20,
        tr("Open the aperture or raise the light, then retake."),
    ),
    _NOISY,
    _BANDED,
    _OVEREXPOSED,
    Rule("no_structure", lambda m: m["relief"] < _BLANK, _never, tr("There is nothing to be seen in it: retake.")),
    Rule(
        "out_of_focus",
        lambda m: m["focus"] < 0.46,
        lambda m: m["focus"] < 0.5,
        tr("Focus on the os, hold still, retake."),
    ),
)
# what makes the later readings meaningless, so that one cause gives one problem
MASKING = (
    "too_small",
    "odd_shape",
    "screenshot",
    "too_dark",
    "noisy",
    "banded",
    "overexposed",
    "wrong_source",
    "no_colour",
    "no_cervix",
    "no_structure",
)
