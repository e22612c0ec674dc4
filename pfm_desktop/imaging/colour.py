"""Colour: profiles to sRGB, deep pictures to 8 bits, alpha, lightness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]

STRIP = 4 << 20  # values
OPAQUE, ALPHA = tr("opaque alpha channel left out"), tr("transparency (alpha) composited over black")

_SRGB = ImageCms.createProfile("sRGB")
_SRGB_NAMES = ("srgb", "iec61966", "iec 61966", "c2")  # c2: the compact sRGB profile that phones and web tools embed


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert by an embedded ICC profile to sRGB; None when there is none, it is sRGB already, or it is unusable."""
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L", "LA"):
        return None
    try:
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        if _is_srgb(embedded):
            return None
        space = {"RGB ": "RGB", "CMYK": "CMYK", "GRAY": "L"}.get(embedded.profile.xcolor_space)
        plain = image.convert("RGB") if image.mode == "RGBA" else image
        plain = plain.getchannel("L") if plain.mode == "LA" else plain
        if space != plain.mode:
            return None
        return ImageCms.profileToProfile(plain, embedded, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def profile_note(profile: bytes | None) -> str:
    """What to tell about a conversion from an embedded profile."""
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(profile or b""))).strip()
    except (ImageCms.PyCMSError, OSError):
        name = ""
    if not name:
        return tr("colour profile without a name converted to sRGB")
    return tr("colour profile {name} converted to sRGB", name=name)


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    name = ImageCms.getProfileDescription(profile).strip().lower()
    return any(part in name for part in _SRGB_NAMES[:3]) or name == _SRGB_NAMES[3]


def deep_notes(values: NDArray[Any], notes: list[str]) -> None:
    """What to tell about a 16-bit picture that becomes one of 8 bits."""
    notes.append(tr("16-bit scaled to 8-bit"))
    if 0 < int(values.max(initial=0)) < 2**12:
        notes.append(tr("only the lower 12 of its 16 bits are used, so it looks dark: export it as 8-bit"))


def eight_bit(values: NDArray[Any]) -> Pixels:
    """16-bit values scaled to 8 bits over the full range, whatever the picture's own maximum.

    A stretch would make brightness incomparable between pictures, and the level of fluorescence carries meaning. A
    camera that stores 12 bits in 16 is told about in `deep_notes`.
    """
    return np.round(values.astype(np.float32) / np.float32(257)).astype(np.uint8)


def strips(values: NDArray[Any]) -> Iterator[slice]:
    """Rows of a picture, so many at once that what is made of them in between takes little memory."""
    step = max(1, STRIP // max(1, math.prod(values.shape[1:])))
    for top in range(0, len(values), step):
        yield slice(top, top + step)


def over_black(pixels: Pixels, alpha: Pixels) -> Pixels:
    """H x W x 3 composited over black by an H x W alpha."""
    weighted = pixels.astype(np.uint16) * alpha[:, :, None]
    return ((weighted + 127) // 255).astype(np.uint8)


def lightness(pixels: Pixels) -> NDArray[np.float32]:
    """CIE L* (0-100) of H x W x 3 uint8 sRGB."""
    scaled = np.asarray(pixels, dtype=np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[:, :, 0], dtype=np.float32)
