"""From linear light to an 8-bit picture: beam, blur, smear, noise, sRGB, JPEG. Defined at 1024 pixels a side."""

import cv2
import numpy as np
import numpy.typing as npt

from pfm_desktop.imaging.phantom.fields import Field, as_field
from pfm_desktop.imaging.phantom.parameters import PARAMETERS

Picture = npt.NDArray[np.uint8]
_FULL = 1024
_LEVELS = 4096
_PIXEL_SD = 0.35


def _srgb_table() -> Picture:
    x = np.arange(_LEVELS) / (_LEVELS - 1)
    y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.round(255 * y).astype(np.uint8)


_SRGB = _srgb_table()


def beam(rng: np.random.Generator, size: int) -> Field:
    """Fall-off of lamp and lens over the picture, 1 where the beam is centred."""
    strength = rng.uniform(*PARAMETERS.camera.fall_off)
    at = rng.normal(0, 0.10, 2)
    axis = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    rr = (axis[None, :] - np.float32(at[0])) ** 2 + (axis[:, None] - np.float32(at[1])) ** 2
    return as_field(1 / (1 + np.float32(strength) * rr) ** 2 * np.float32(1.0 + 0.12 * strength))


def blur(image: Field, sd_at_full: float, *, averaged: bool = False) -> Field:
    """Gaussian point spread; sd in pixels of the 1024 picture.

    With `averaged`, a smaller picture also gets the blur of its larger pixels, which sample what the 1024 ones average.
    """
    scale = image.shape[0] / _FULL
    sd = sd_at_full * scale
    if averaged:
        sd = float(np.hypot(sd, _PIXEL_SD * np.sqrt(max(1 - scale * scale, 0.0))))
    if sd < 0.18:
        return image
    return as_field(cv2.GaussianBlur(image, (0, 0), sd, borderType=cv2.BORDER_REFLECT_101))


def smear(image: Field, vector_px: tuple[float, float]) -> Field:
    """Straight motion smear; vector in pixels of the 1024 picture."""
    scale = image.shape[0] / _FULL
    dx, dy = vector_px[0] * scale, vector_px[1] * scale
    length = float(np.hypot(dx, dy))
    if length < 0.7:
        return image
    half = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for s in np.linspace(-0.5, 0.5, 4 * half + 1):
        x, y = half + s * dx, half + s * dy
        ix, iy = int(np.floor(x)), int(np.floor(y))
        for ox, wx in ((0, 1 - (x - ix)), (1, x - ix)):
            for oy, wy in ((0, 1 - (y - iy)), (1, y - iy)):
                if ix + ox < kernel.shape[1] and iy + oy < kernel.shape[0]:
                    kernel[iy + oy, ix + ox] += wx * wy
    return as_field(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101))


def expose(rng: np.random.Generator, linear: Field, *, electrons: float, read: float, quality: int) -> Picture:
    """Sensor and file: linear light (H, W, 3), full scale 1, to 8-bit sRGB.

    Noise per pixel shrinks with the picture as averaging the 1024 picture would.
    """
    size = linear.shape[0]
    averaging = min(1.0, size / _FULL)
    light = np.maximum(linear, 0)
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    noise *= np.sqrt(light * np.float32(electrons) + np.float32(read * read)) * np.float32(averaging / electrons)
    light = light + noise
    index = np.clip(light * (_LEVELS - 1) + 0.5, 0, _LEVELS - 1).astype(np.uint16)
    picture = _SRGB[index]
    q = round(100 - (100 - quality) * averaging)
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, q])
    if not done:
        raise ValueError("the phantom's picture could not be coded as JPEG")
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])
