"""What lies on top of the tissue: mucus, blood, keratin, strings, cream."""

import numpy as np

from pfm_desktop.imaging.phantom import marks
from pfm_desktop.imaging.phantom.anatomy import Geometry
from pfm_desktop.imaging.phantom.fields import as_field, inside, noise, smooth, stream
from pfm_desktop.imaging.phantom.optics import Optics
from pfm_desktop.imaging.phantom.parameters import PARAMETERS
from pfm_desktop.imaging.phantom.visit import Visit


def cover(o: Optics, visit: Visit, g: Geometry) -> None:
    """Lay this visit's surface on the tissue."""
    if visit.mucus > 0:
        _mucus(o, visit, g)
    if visit.bleeding > 0:
        _blood(o, visit, g)
    if visit.keratin is not None:
        _keratin(o, visit.seed, visit.keratin, g)
    if visit.woman.strings:
        o.thread = marks.threads(visit.seed, visit.woman, g)
    if visit.medication > 0:
        _cream(o, visit, g)


def _mucus(o: Optics, visit: Visit, g: Geometry) -> None:
    canvas, seed = g.canvas, visit.seed
    wide = noise(stream(seed, "mucus"), canvas, 1.8, coarse=True)
    streak = noise(stream(seed, "mucus:streak"), canvas, 0.9, coarse=True, stretch=(0.6, 2.2))
    coarse = smooth((visit.mucus * 1.7 - g.os) / 1.6 + 0.45 * wide + 0.2 * streak) * np.float32(0.9)
    o.mucus = canvas.grow(coarse) * (0.85 + 0.12 * o.grain)
    o.dark *= 1 - 0.75 * o.mucus
    o.scatter = np.maximum(o.scatter, 0.0) + 0.16 * o.mucus


def _blood(o: Optics, visit: Visit, g: Geometry) -> None:
    canvas = g.canvas
    wide = noise(stream(visit.seed, "bleeding"), canvas, 1.5, coarse=True, stretch=(0.8, 1.7))
    away = np.hypot((g.x - visit.bleeding_at[0]) / 2.4, (g.y - visit.bleeding_at[1]) / 3.6)
    coarse = as_field(wide - away + visit.bleeding)
    o.film = smooth(canvas.grow(coarse) * 1.1 + 0.06 * o.grain) * np.float32(0.97)
    o.mucus = o.mucus * (1 - 0.7 * o.film)


def _keratin(o: Optics, seed: int, patch: tuple[float, float, float], g: Geometry) -> None:
    canvas = g.canvas
    x, y, radius = patch
    wide = noise(stream(seed, "keratin"), canvas, 1.4, coarse=True)
    coarse = np.float32(radius) - np.hypot(g.x - x, g.y - y) + 0.6 * wide
    coarse = as_field(np.minimum(coarse, np.minimum(g.os, g.rim)))
    o.keratin = inside(canvas.grow(coarse) + 0.1 * o.grain, 0.1, canvas.mm_per_px)
    thick = o.keratin * np.float32(PARAMETERS.tissue.keratin) * (1 + 0.15 * o.grain)
    o.scatter = np.maximum(o.scatter, thick)
    o.relief += 0.10 * o.keratin


def _cream(o: Optics, visit: Visit, g: Geometry) -> None:
    canvas, seed = g.canvas, visit.seed
    wide = noise(stream(seed, "cream"), canvas, 2.5, coarse=True)
    clumps = noise(stream(seed, "cream:clumps"), canvas, 0.7, coarse=True)
    o.medication = canvas.grow(smooth(as_field(0.6 * wide + 0.45 * clumps - 0.9 + 0.7 * visit.medication)))
    o.scatter += 0.10 * o.medication
