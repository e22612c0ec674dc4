"""Fluorescence appearance under 405 nm: stromal glow that escapes past blood and epithelium, plus what glows on top."""

import numpy as np

from pfm_desktop.imaging.phantom.anatomy import Geometry
from pfm_desktop.imaging.phantom.blades import Blades
from pfm_desktop.imaging.phantom.fields import Field, smooth, spread
from pfm_desktop.imaging.phantom.optics import Optics
from pfm_desktop.imaging.phantom.parameters import PARAMETERS
from pfm_desktop.imaging.phantom.white_light import Light

_EXCITATION = 405.0
_EMISSION = np.array([480.0, 520.0, 620.0])
_REFERENCE = 460.0


def _attenuation(extinction: float, wavelength: float, blood: Field | np.float32) -> Field:
    """Diffuse attenuation sqrt(K (K + 2 S)) in units of S, from Kubelka-Munk."""
    t = PARAMETERS.tissue
    k = np.float32(t.absorption * extinction * (wavelength / _REFERENCE) ** t.scatter_power) * blood + np.float32(
        t.background
    )
    out: Field = np.sqrt(k * (k + 2))
    return out


def escape(blood: Field | np.float32) -> list[Field]:
    """Share of stromal light that leaves, one field for each emission band; 1 at the median woman's normal blood."""
    t = PARAMETERS.tissue
    one = np.float32(1.0)
    into = _attenuation(t.hemoglobin_405 * t.packaging, _EXCITATION, blood)
    into_one = _attenuation(t.hemoglobin_405 * t.packaging, _EXCITATION, one)
    out = []
    for wavelength, extinction in zip(_EMISSION, t.hemoglobin_emission, strict=True):
        back, back_one = _attenuation(extinction, wavelength, blood), _attenuation(extinction, wavelength, one)
        out.append((into_one + back_one) / (into + back))
    return out


def paint(g: Geometry, optics: Optics, light: Light, metal: Blades | None, *, leak: float, level: float) -> list[Field]:
    """Linear RGB, three fields over the canvas, in units of healthy tissue of the median woman.

    `leak` is the share of specular excitation that passes the filter; `level` the visit's lamp and distance factor.
    """
    t, canvas = PARAMETERS.tissue, g.canvas
    veil = 1 / (1 + np.float32(t.acid_dims) * optics.scatter)
    veil *= (1 - 0.45 * optics.mucus) * (1 - 0.93 * optics.film) * (1 - 0.5 * optics.keratin)
    sd = t.glow_diffusion_mm / canvas.mm_per_px
    bands = [spread(optics.collagen * out, sd) * veil for out in escape(optics.blood)]
    skin = np.float32(t.epithelium_glow) * optics.epithelium * (1 - optics.film)
    on_top = np.float32(t.mucus_glow) * optics.mucus + np.float32(t.keratin_glow) * optics.keratin
    if optics.medication is not None:
        on_top = on_top + np.float32(t.medication_glow) * optics.medication
    deep = canvas.grow((1 - 0.6 * g.fold) * (0.40 + 0.60 * smooth(1 + g.rim / 7.0)))
    lit = (0.25 + 0.75 * light.shade) * deep * (1 - optics.dark) * np.float32(level)
    rgb: list[Field] = [np.zeros_like(lit) for _ in range(3)]
    for band in range(3):
        emitted = np.float32(t.emission[band]) * bands[band] + (skin + on_top) * np.float32((0.55, 0.40, 0.05)[band])
        emitted *= lit
        for channel in range(3):
            rgb[channel] += np.float32(t.emission_to_rgb[channel][band]) * emitted
    for channel, tint in enumerate((0.25, 0.15, 1.0)):
        if optics.thread is not None:
            rgb[channel] += optics.thread * (
                np.float32((0.12, 0.45, 0.70)[channel] * level) * light.shade - rgb[channel]
            )
        if metal is not None:
            rgb[channel] *= 1 - 0.985 * metal.cover
            rgb[channel] += metal.cover * metal.bright * np.float32(0.3 * leak * tint)
        rgb[channel] += light.glint * np.float32(leak * tint * level)
    return rgb
