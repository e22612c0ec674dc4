"""The two shots of a scene: light through each camera."""

from dataclasses import dataclass

import cv2
import numpy as np

from pfm_desktop.imaging.phantom.anatomy import Geometry
from pfm_desktop.imaging.phantom.blades import Blades
from pfm_desktop.imaging.phantom.camera import Picture, beam, blur, expose, smear
from pfm_desktop.imaging.phantom.defects import Defect, fluorescence_fault, obstruct, white_fault
from pfm_desktop.imaging.phantom.fields import Field, as_field, stream
from pfm_desktop.imaging.phantom.optics import Optics
from pfm_desktop.imaging.phantom.parameters import PARAMETERS
from pfm_desktop.imaging.phantom.visit import Visit
from pfm_desktop.imaging.phantom.white_light import Light


@dataclass(frozen=True, slots=True)
class Scene:
    """The two linear appearances over the canvas."""

    geometry: Geometry
    optics: Optics
    light: Light
    metal: Blades | None
    white: list[Field]
    glow: list[Field]


@dataclass(frozen=True, slots=True)
class GlowShot:
    """Per-pair camera values of the fluorescence shot."""

    exposure_ms: float
    level: float
    """Light on the sensor over healthy tissue of the median woman at the aimed exposure."""
    leak: float
    smear_mm: tuple[float, float]

    @staticmethod
    def of(seed: int, visit: Visit) -> "GlowShot":
        c, m = PARAMETERS.camera, PARAMETERS.motion
        rng = stream(seed, "camera:fluorescence")
        lamp = float(np.exp(c.fluorescence_log_sd * rng.standard_normal()))
        # The camera's automatic exposure sees the woman's level and the lamp, and reaches as far as its range
        exposure = float(np.clip(c.fluorescence_aim_ms / (visit.woman.glow * lamp), *c.fluorescence_ms))
        walk = rng.standard_normal(2) * m.walk_mm * np.sqrt(exposure / 1000) * c.smear_share
        leak = float(rng.uniform(*c.glare_leak))
        return GlowShot(exposure, lamp * exposure / c.fluorescence_aim_ms, leak, (float(walk[0]), float(walk[1])))


def white_picture(seed: int, scene: Scene, defects: frozenset[Defect]) -> Picture:
    c, canvas = PARAMETERS.camera, scene.geometry.canvas
    rng = stream(seed, "camera:white")
    fault = white_fault(defects)
    gain = c.white_gain * np.exp(c.exposure_log_sd * rng.standard_normal()) * fault.light
    balance = np.asarray(c.white_balance) * np.exp(c.balance_log_sd * rng.standard_normal(3))
    psf, quality = rng.uniform(*c.white_blur_px), int(rng.integers(c.jpeg[0], c.jpeg[1] + 1))
    lamp = beam(rng, canvas.size)
    gains = [np.float32(gain * b) for b in balance]
    planes = [canvas.crop(p) * lamp * g + np.float32(c.ambient) for p, g in zip(scene.white, gains, strict=True)]
    image = blur(as_field(cv2.merge(planes)), float(np.hypot(psf, fault.blur_px)), averaged=True)
    image = image + np.float32(rng.uniform(*c.white_sharpening)) * (image - blur(image, c.sharpening_px))
    if Defect.OBSTRUCTED in defects:
        image = obstruct(seed, image, (0.80, 0.78, 0.74))
    return expose(rng, image, electrons=c.white_electrons, read=c.white_read, quality=quality)


def glow_picture(seed: int, scene: Scene, to_white: Field, defects: frozenset[Defect], camera: GlowShot) -> Picture:
    c, canvas = PARAMETERS.camera, scene.geometry.canvas
    rng = stream(seed, "camera:glow")
    fault = fluorescence_fault(defects)
    psf, quality = rng.uniform(*c.fluorescence_blur_px), int(rng.integers(c.jpeg[0], c.jpeg[1] + 1))
    lamp = beam(rng, canvas.size) * np.float32(fault.light * c.fluorescence_signal / c.fluorescence_full)
    at_x, at_y = to_white[..., 0] + np.float32(canvas.left), to_white[..., 1] + np.float32(canvas.top)
    glow = np.asarray(cv2.merge(scene.glow))
    seen = as_field(cv2.remap(glow, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    image = seen * lamp[..., None] + np.float32(0.25 * c.ambient)
    to_full = canvas.size / 1024 * canvas.mm_per_px
    image = smear(image, (camera.smear_mm[0] / to_full, camera.smear_mm[1] / to_full))
    image = blur(image, float(np.hypot(psf, fault.blur_px)))
    if Defect.OBSTRUCTED in defects:
        image = obstruct(seed, image, (0.05, 0.16, 0.22))
    return expose(rng, image, electrons=c.fluorescence_full, read=c.fluorescence_read, quality=quality)
