"""One woman's cervix: facts drawn once, and the smooth geometry of a view of it."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pfm_desktop.imaging.phantom.fields import Canvas, Field, as_field, noise, smooth, stream
from pfm_desktop.imaging.phantom.parameters import PARAMETERS


@dataclass(frozen=True, slots=True)
class Cyst:
    """A Nabothian cyst: centre in mm from the os, radius in mm."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Woman:
    """What stays the same from visit to visit."""

    seed: int
    age: float
    menopausal: bool
    parous: bool
    radius_mm: float
    oval: float
    os_half_width: float
    os_half_height: float
    os_curve: float
    os_angle: float
    os_shift: tuple[float, float]
    zone_type: int
    scj_mm: float
    """Distance from os to SCJ; negative when the SCJ lies in the canal."""
    blood: float
    glow: float
    """Fluorescence level over the median woman."""
    vessels: float
    cysts: tuple[Cyst, ...]
    strings: bool


def draw_woman(seed: int) -> Woman:
    """The woman of this seed."""
    p = PARAMETERS.women
    rng = stream(seed, "woman")
    age = float(np.clip(p.age[0] + p.age[1] * rng.standard_normal(), p.age[2], p.age[3]))
    menopausal = age > p.menopause_age
    parous = bool(rng.random() < p.parous)
    radius = float(rng.uniform(*p.radius_mm))
    round_mm, slit, gape = rng.uniform(*p.os_round_mm), rng.uniform(*p.os_slit_mm), rng.uniform(*p.os_gape_mm)
    zone = 1 + int(rng.choice(3, p=p.zone_types_after if menopausal else p.zone_types))
    ectopy = rng.uniform(*p.ectopy_mm)
    scj = {1: ectopy, 2: rng.uniform(0.0, 0.8), 3: -1.5}[zone]
    glow = float(np.exp(p.fluorescence_log_sd * rng.standard_normal())) * (p.menopause_gain if menopausal else 1.0)
    cysts = tuple(
        Cyst(float(d * np.cos(a)), float(d * np.sin(a)), float(rng.uniform(*p.cyst_mm)))
        for a, d in (
            (rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.75) * radius) for _ in range(int(rng.poisson(p.cyst_mean)))
        )
    )
    return Woman(
        seed=seed,
        age=age,
        menopausal=menopausal,
        parous=parous,
        radius_mm=radius,
        oval=float(rng.uniform(0.88, 1.02)),
        os_half_width=float(slit if parous else 0.25 * round_mm),
        os_half_height=float(gape if parous else round_mm),
        os_curve=float(rng.normal(0, 0.035)) if parous else 0.0,
        os_angle=float(rng.normal(0, 0.16)),
        os_shift=(float(rng.normal(0, 0.8)), float(rng.normal(0, 1.0))),
        zone_type=zone,
        scj_mm=float(scj),
        blood=float(np.exp(p.blood_log_sd * rng.standard_normal())),
        glow=glow,
        vessels=float(rng.uniform(0.3, 1.0) * (0.6 if menopausal else 1.0)),
        cysts=cysts,
        strings=bool(rng.random() < p.intrauterine_device) and not menopausal,
    )


@dataclass(frozen=True)
class Geometry:
    """Smooth coarse fields of one view, all (height/step, width/step); lengths in mm."""

    canvas: Canvas
    x: Field
    """Right of the os, in the cervix's own upright frame."""
    y: Field
    rim: Field
    """Distance inside the ectocervix's edge, negative on the vaginal wall."""
    os: Field
    """Distance outside the external os, negative in the canal."""
    scj: Field
    """Distance outside the squamocolumnar junction, negative on columnar epithelium."""
    height: Field
    """Towards the camera."""
    fold: Field
    """0-1, depth of the grooves of the wall and the fornix."""

    @cached_property
    def angle(self) -> Field:
        """Around the os, radians, clockwise on screen from the right."""
        out: Field = np.arctan2(self.y, self.x)
        return out

    @cached_property
    def slopes(self) -> tuple[Field, Field]:
        """d height / dx and / dy, without unit."""
        pitch = self.canvas.mm_per_px * self.canvas.step
        height = as_field(cv2.GaussianBlur(self.height, (0, 0), max(0.6, 0.16 / pitch)))
        return _slope(height, 1, pitch), _slope(height, 0, pitch)


def _slope(height: Field, axis: int, pitch: float) -> Field:
    out: Field = np.gradient(height, axis=axis) / np.float32(pitch)
    return out


def _opening(woman: Woman, canvas: Canvas, x: Field, y: Field) -> Field:
    """Distance outside the os."""
    cos, sin = np.float32(np.cos(woman.os_angle)), np.float32(np.sin(woman.os_angle))
    u, v = cos * x + sin * y, cos * y - sin * x
    v = v - np.float32(woman.os_curve) * u * u
    half = np.float32(woman.os_half_width)
    beyond = np.maximum(np.abs(u) - half, 0)
    gape = np.float32(woman.os_half_height) * np.sqrt(np.maximum(1 - (u / (half + woman.os_half_height)) ** 2, 0.0))
    ragged = noise(stream(woman.seed, "os:fine"), canvas, 0.9, coarse=True) * np.float32(0.16 if woman.parous else 0.07)
    ragged += noise(stream(woman.seed, "os:wide"), canvas, 2.2, coarse=True) * np.float32(
        0.22 if woman.parous else 0.10
    )
    out: Field = np.hypot(beyond, v) - gape + ragged
    return out


def _folds(woman: Woman, canvas: Canvas, angle: Field, rim: Field) -> Field:
    """Rugae of the vaginal wall, 0 on ridges and 1 in grooves: long around the cervix, short across."""
    rng = stream(woman.seed, "folds")
    period = 24
    lattice = rng.standard_normal((16, period), dtype=np.float32)
    # Wrapped twice around and enlarged smoothly, so that the fold runs on through the cut of the angle
    wide = cv2.resize(np.hstack([lattice, lattice, lattice]), (period * 36, 16 * 24), interpolation=cv2.INTER_CUBIC)
    wander = noise(rng, canvas, 5.0, coarse=True)
    column = (angle / np.float32(2 * np.pi) + 1.5) * np.float32(period * 12) + 8 * wander
    row = (-rim + 0.6 * wander) * np.float32(14.0) + 40
    field = cv2.remap(
        wide, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    groove = smooth(0.42 - 0.62 * field) ** 2
    deep = smooth(0.55 + 0.5 * noise(rng, canvas, 6.0, coarse=True))
    fornix = np.exp(-((rim / 1.3 + 0.7) ** 2)) * (0.2 + 0.8 * deep)
    out: Field = np.maximum(groove * smooth(-rim / 2.0), fornix).astype(np.float32)
    return out


def build(woman: Woman, canvas: Canvas, centre_mm: tuple[float, float]) -> Geometry:
    """The view with the cervix's centre at `centre_mm` from the white-light picture's centre."""
    px = canvas.axis_x(coarse=True)[None, :] - np.float32(centre_mm[0])
    py = canvas.axis_y(coarse=True)[:, None] - np.float32(centre_mm[1])
    # Noise is tied to the tissue, so the lattice moves with the cervix
    tied = _tied(canvas, centre_mm)
    outline = 1 + 0.045 * noise(stream(woman.seed, "outline"), tied, 7.0, coarse=True)
    from_middle = np.hypot(px, py / np.float32(woman.oval)) * outline
    rim = np.float32(woman.radius_mm) - from_middle
    x = np.broadcast_to(px - np.float32(woman.os_shift[0]), from_middle.shape)
    y = np.broadcast_to(py - np.float32(woman.os_shift[1]), from_middle.shape)
    os = _opening(woman, tied, x, y)
    scj = os - np.float32(woman.scj_mm) - 0.9 * noise(stream(woman.seed, "scj"), tied, 3.5, coarse=True)
    scj -= 0.22 * noise(stream(woman.seed, "scj:fine"), tied, 1.0, coarse=True)
    fold = _folds(woman, tied, np.arctan2(py, px), rim)
    relative = from_middle / np.float32(woman.radius_mm)
    dome = -0.30 * np.float32(woman.radius_mm) * np.minimum(relative, 1.25) ** 2
    lumps = 0.30 * noise(stream(woman.seed, "lumps"), tied, 5.0, coarse=True) + 0.05 * noise(
        stream(woman.seed, "lumps:fine"), tied, 1.4, coarse=True
    )
    lips = -1.6 * np.exp(-np.maximum(os, 0) / 1.3) - 2.2 * smooth(-os / 1.2)
    height = dome + lumps + lips - 1.1 * fold
    for cyst in woman.cysts:
        away = ((x - cyst.x) ** 2 + (y - cyst.y) ** 2) / np.float32(cyst.radius**2)
        height = height + np.float32(0.42 * cyst.radius) * np.exp(-1.2 * away)
    return Geometry(tied, x, y, rim, os, scj, height.astype(np.float32), fold)


def _tied(canvas: Canvas, centre_mm: tuple[float, float]) -> "TiedCanvas":
    return TiedCanvas(
        canvas.width,
        canvas.height,
        canvas.left,
        canvas.top,
        canvas.size,
        canvas.mm_per_px,
        canvas.step,
        centre_mm=centre_mm,
    )


@dataclass(frozen=True, slots=True)
class TiedCanvas(Canvas):
    """A canvas whose axes count from the cervix's centre, so that random fields stick to the tissue."""

    centre_mm: tuple[float, float] = (0.0, 0.0)

    def axis_x(self, *, coarse: bool = False) -> Field:
        """Millimetres right of the cervix's centre."""
        return Canvas.axis_x(self, coarse=coarse) - np.float32(self.centre_mm[0])

    def axis_y(self, *, coarse: bool = False) -> Field:
        """Millimetres below the cervix's centre."""
        return Canvas.axis_y(self, coarse=coarse) - np.float32(self.centre_mm[1])
