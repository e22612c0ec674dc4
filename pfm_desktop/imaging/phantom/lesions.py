"""Lesions of one visit: what they are, how strong, and where."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.phantom.anatomy import Geometry, Woman
from pfm_desktop.imaging.phantom.fields import Field, as_field, log_normal, noise, stream
from pfm_desktop.imaging.phantom.parameters import LESIONS, PARAMETERS


@dataclass(frozen=True, slots=True)
class Lesion:
    """One drawn lesion. Ratios are to the woman's own normal; `whitening` is the value when the picture was taken."""

    kind: str
    angle: float
    """Middle of the lesion around the os, radians, clockwise on screen from the right."""
    half_along: float
    """mm along the SCJ."""
    half_across: float
    whitening_full: float
    whitening: float
    collagen: float
    blood: float
    invisible: bool
    pattern: str
    """none, punctation, mosaic or atypical."""
    tile_mm: float
    relief_mm: float

    def record(self) -> Mapping[str, object]:
        """As plain values."""
        return asdict(self)


def _time_gain(kind: str, seconds: float) -> float:
    """Share of the full whitening that shows `seconds` after acid: rises after the first sign, then fades."""
    row, p = LESIONS[kind], PARAMETERS.visits
    rise = 1 - np.exp(-max(seconds - row.first_white_s, 0.0) / p.rise_s)
    return float(rise * np.exp(-max(seconds - p.hold_s, 0.0) / row.fade_s))


def _draw(seed: int, name: str, kind: str, woman: Woman, seconds: float, visit_gain: float) -> Lesion:
    row, p = LESIONS[kind], PARAMETERS.visits
    rng = stream(seed, f"lesion:{name}")
    full = min(log_normal(rng, *row.whitening) * visit_gain, 1.6)
    collagen, blood = log_normal(rng, *row.collagen), log_normal(rng, *row.blood)
    size = float(np.clip(log_normal(rng, *row.size_mm), 2.0, 1.7 * woman.radius_mm))
    aspect = float(rng.uniform(1.2, 2.4))
    invisible = bool(rng.random() < row.invisible)
    pattern = "none"
    if rng.random() < row.pattern:
        pattern = "atypical" if kind == "cancer" else ("punctation", "mosaic")[int(rng.random() < 0.5)]
        if kind == "inflammation":
            pattern = "punctation"
    tile = float(rng.uniform(*row.tile_mm))
    angle = float(rng.uniform(-np.pi, np.pi))
    relief = float(row.relief_mm * rng.random())
    if invisible:
        full, blood, pattern = full * p.faint_share, blood**p.faint_blood, "none"
    half = size / 2
    across = float(min(half / np.sqrt(aspect), 0.55 * woman.radius_mm))
    return Lesion(
        kind=kind,
        angle=angle,
        half_along=half * half / across,
        half_across=across,
        whitening_full=full,
        whitening=full * _time_gain(kind, seconds),
        collagen=collagen,
        blood=blood,
        invisible=invisible,
        pattern=pattern,
        tile_mm=tile,
        relief_mm=0.0 if invisible else relief,
    )


def draw_lesions(seed: int, grade: Grade, woman: Woman, seconds: float) -> tuple[Lesion | None, tuple[Lesion, ...]]:
    """The graded lesion (None for normal) and the benign ones that any grade may have."""
    p = PARAMETERS.visits
    rng = stream(seed, "visit:lesions")
    visit_gain = float(np.exp(p.whitening_log_sd * rng.standard_normal()))
    metaplasia, inflammation, cin3 = rng.random(3) < (p.metaplasia, p.inflammation, p.high_is_cin3)
    kinds = {Grade.LOW: "cin1", Grade.HIGH: "cin3" if cin3 else "cin2", Grade.CANCER: "cancer"}
    benign = [kind for kind, there in (("metaplasia", metaplasia), ("inflammation", inflammation)) if there]
    main = _draw(seed, "main", kinds[grade], woman, seconds, visit_gain) if grade in kinds else None
    return main, tuple(_draw(seed, kind, kind, woman, seconds, visit_gain) for kind in benign)


def level(lesion: Lesion, seed: int, woman: Woman, geometry: Geometry) -> Field:
    """Coarse level in mm, positive inside the lesion, which hugs the squamocolumnar junction on its outer side."""
    row, canvas = LESIONS[lesion.kind], geometry.canvas
    rng = stream(seed, f"outline:{lesion.kind}")
    base = max(woman.scj_mm, 0.0) + 0.5 * (woman.os_half_width + woman.os_half_height)
    turn = np.mod(geometry.angle - np.float32(lesion.angle) + np.pi, 2 * np.pi) - np.pi
    radius = np.maximum(np.hypot(geometry.x, geometry.y), np.float32(0.5 * base + 1.0))
    along = turn * radius / np.float32(lesion.half_along)
    start = max(woman.scj_mm, 0.0) - woman.scj_mm
    out_of = geometry.scj - np.float32(start)
    across = (out_of - np.float32(0.75 * lesion.half_across)) / np.float32(lesion.half_across)
    # A power between ellipse and box gives the bean and map shapes of real lesions
    shape = 1 - (np.abs(along) ** 2.6 + np.abs(across) ** 2.6) ** np.float32(1 / 2.6)
    amplitude, length = row.irregular_mm
    wide = noise(rng, canvas, length, coarse=True) * np.float32(amplitude)
    wide += noise(rng, canvas, max(length * 0.4, 0.5), coarse=True) * np.float32(0.35 * amplitude)
    out: Field = shape * np.float32(min(lesion.half_across, 4.5)) + wide * np.float32(
        min(1.0, lesion.half_across / 3.0)
    )
    if lesion.kind != "inflammation":
        # The junction itself is a sharp inner border
        out = np.minimum(out, geometry.scj + 0.35)
    return as_field(np.minimum(out, np.minimum(geometry.os + 0.1, geometry.rim - 0.3)))
