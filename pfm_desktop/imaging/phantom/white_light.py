"""White-light appearance: two-layer Kubelka-Munk reflectance in four bands, shading, glints, to linear camera RGB."""

from dataclasses import dataclass

import numpy as np

from pfm_desktop.imaging.phantom.anatomy import Geometry
from pfm_desktop.imaging.phantom.blades import Blades
from pfm_desktop.imaging.phantom.fields import Field, noise, smooth, spread, stream
from pfm_desktop.imaging.phantom.optics import Optics
from pfm_desktop.imaging.phantom.parameters import PARAMETERS
from pfm_desktop.imaging.phantom.visit import Visit

_BANDS = np.array([460.0, 530.0, 570.0, 620.0])


def reflectance(blood: Field, scatter: Field) -> list[Field]:
    """Linear camera RGB reflectance, three fields: stroma under a scattering epithelium (Kubelka-Munk, 1931)."""
    t = PARAMETERS.tissue
    falls = (_BANDS / _BANDS[0]) ** -t.scatter_power
    rgb: list[Field] = [np.zeros_like(blood) for _ in range(3)]
    for band in range(4):
        k = np.float32(t.absorption * t.hemoglobin[band] / falls[band]) * blood + np.float32(t.background)
        stroma = 1 + k - np.sqrt(k * (k + 2))
        sd = scatter * np.float32(falls[band] / falls[1])
        layer = sd / (1 + sd)
        through = 1 - layer
        band_light = layer + through * through * stroma / (1 - layer * stroma)
        for channel in range(3):
            share = t.to_rgb[channel][band]
            if share:
                rgb[channel] += np.float32(share) * band_light
    return rgb


@dataclass(frozen=True, slots=True)
class Light:
    """Shading 0-1 and specular light, (height, width), in linear units of full scale."""

    shade: Field
    glint: Field
    polarised: bool


def lighting(visit: Visit, g: Geometry, optics: Optics) -> Light:
    """Lamp near the lens: relief shading, and glints where a wet surface mirrors the lamps into the lens."""
    camera, canvas = PARAMETERS.camera, g.canvas
    rng = stream(visit.seed, "light")
    polarised = bool(rng.random() < camera.polariser)
    zx, zy = (canvas.grow(s) for s in g.slopes)
    lamp = rng.normal(0, 0.10, 2) + np.array((0.0, -0.12))
    pitch = np.float32(canvas.mm_per_px)
    film = 0.036 * noise(stream(visit.seed, "film"), canvas, 0.62) + 0.085 * noise(
        stream(visit.seed, "film:wide"), canvas, 1.7
    )
    film += 0.8 * optics.relief
    fx, fy = np.gradient(film, axis=1) / pitch, np.gradient(film, axis=0) / pitch
    # Tissue shades by its relief; the wet film above only mirrors
    nodules = optics.nodules
    nx, ny = np.gradient(nodules, axis=1) / pitch, np.gradient(nodules, axis=0) / pitch
    zx, zy = zx + nx, zy + ny
    ex, ey = zx + 0.35 * fx, zy + 0.35 * fy
    shade = (1 + np.float32(lamp[0]) * ex + np.float32(lamp[1]) * ey) / np.sqrt(1 + 0.8 * (ex * ex + ey * ey))
    shade = np.clip(shade, 0.05, 1.6)
    gx, gy = zx + fx, zy + fy
    glint = np.zeros_like(shade)
    wet = canvas.grow(smooth(0.62 + 0.5 * noise(stream(visit.seed, "wet"), canvas, 4.5, coarse=True)))
    lamps = [(rng.normal(0, 0.05) + side * rng.uniform(0.06, 0.16), rng.normal(0.14, 0.12)) for side in (-1, 1)]
    for at_x, at_y in lamps:
        away = (gx - np.float32(at_x)) ** 2 + (gy - np.float32(at_y)) ** 2
        glint += np.maximum(1 - away * np.float32(1 / 0.0085), 0)
    glint = np.minimum(glint * glint * 3.0, 1.0) * wet * (1 - 0.8 * smooth(optics.dark * 1.6 - 0.3))
    if polarised:
        glint *= np.float32(camera.polariser_leak)
    return Light(shade.astype(np.float32), glint.astype(np.float32), polarised)


def paint(g: Geometry, optics: Optics, light: Light, metal: Blades | None) -> list[Field]:
    """Linear RGB, three fields over the canvas, before the camera."""
    canvas = g.canvas
    rgb = reflectance(optics.blood, optics.scatter)
    if optics.film.any():
        for channel, thickness in enumerate((0.55, 3.6, 3.2)):
            rgb[channel] *= np.exp(np.float32(-thickness) * optics.film)
    if optics.medication is not None:
        for channel in range(3):
            rgb[channel] += 0.25 * optics.medication * (0.8 - rgb[channel])
    deep = canvas.grow((1 - 0.55 * g.fold) * (0.42 + 0.58 * smooth(1 + g.rim / 7.0)))
    lit = light.shade * deep * (1 - optics.dark)
    for channel in range(3):
        rgb[channel] = spread(rgb[channel], PARAMETERS.tissue.diffusion_mm[channel] / canvas.mm_per_px) * lit
        if optics.thread is not None:
            rgb[channel] += optics.thread * (np.float32((0.42, 0.52, 0.60)[channel]) * light.shade - rgb[channel])
        rgb[channel] += light.glint * 1.1
        if metal is not None:
            rgb[channel] *= 1 - metal.cover
            rgb[channel] += metal.cover * metal.bright * np.float32((0.98, 1.0, 0.97)[channel])
    return rgb
