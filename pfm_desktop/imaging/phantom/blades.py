"""Speculum blades at the edge of the view."""

from dataclasses import dataclass

import numpy as np

from pfm_desktop.imaging.phantom.anatomy import Geometry
from pfm_desktop.imaging.phantom.fields import Field, noise, smooth, stream
from pfm_desktop.imaging.phantom.visit import Visit


@dataclass(frozen=True, slots=True)
class Blades:
    """Coverage 0-1 and brightness in white light, both (height, width)."""

    cover: Field
    bright: Field


def blades(visit: Visit, g: Geometry) -> Blades | None:
    """Two opposed curved metal edges; None where the view shows none."""
    if not visit.speculum:
        return None
    rng = stream(visit.seed, "blades")
    canvas, radius = g.canvas, visit.woman.radius_mm
    cos, sin = np.float32(np.cos(visit.speculum_turn)), np.float32(np.sin(visit.speculum_turn))
    x, y = canvas.axis_x(coarse=True)[None, :], canvas.axis_y(coarse=True)[:, None]
    u, v = cos * x + sin * y, cos * y - sin * x
    level = np.full(u.shape, -9.0, np.float32)
    for side in (-1.0, 1.0):
        edge = radius * rng.uniform(0.82, 1.15)
        curve = rng.uniform(0.008, 0.03)
        level = np.maximum(
            level, side * u - np.float32(edge) + np.float32(curve) * v * v * np.float32(rng.choice([-0.4, 1.0]))
        )
    wobble = 0.12 * noise(rng, canvas, 4.0, coarse=True)
    depth = np.maximum(level, 0)
    # A rolled bright lip, then brushed metal that reflects the dark room with one soft streak
    lip = np.exp(-(((depth - 0.55) / 0.30) ** 2)) * 0.75
    streak = np.exp(-(((depth - rng.uniform(2.0, 4.5)) / rng.uniform(0.5, 1.2)) ** 2)) * rng.uniform(0.1, 0.5)
    along = 0.55 + 0.45 * np.sin(v * np.float32(rng.uniform(0.10, 0.25)) + np.float32(rng.uniform(0, 6)))
    bright = (0.04 + (lip + streak) * along + 0.03 * wobble).astype(np.float32)
    full = canvas.grow(level + wobble * 0.3)
    cover = smooth(full / np.float32(2 * max(0.06, canvas.mm_per_px)) + 0.5)
    return Blades(cover, canvas.grow(np.maximum(bright, 0.01)))
