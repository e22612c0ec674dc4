"""Draw one paired phantom."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import cv2
import numpy as np

from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.phantom import fluorescence, motion, white_light
from pfm_desktop.imaging.phantom.anatomy import Geometry, build
from pfm_desktop.imaging.phantom.blades import blades
from pfm_desktop.imaging.phantom.camera import Picture, beam, blur, expose, smear
from pfm_desktop.imaging.phantom.defects import Defect, fluorescence_fault, white_fault
from pfm_desktop.imaging.phantom.fields import Canvas, Field, Mask, stream
from pfm_desktop.imaging.phantom.parameters import PARAMETERS, PARAMETERS_SHA256
from pfm_desktop.imaging.phantom.tissue import Optics, compose
from pfm_desktop.imaging.phantom.visit import Visit, draw_visit

_LEAST_SIZE = 64


@dataclass(frozen=True, slots=True)
class Phantom:
    """A drawn pair with its truth. Pictures (H, W, 3) uint8 RGB; masks (H, W) in the white-light frame."""

    white: Picture
    fluorescence: Picture
    white_to_fluorescence: Field
    """(H, W, 2) float32: x and y in the fluorescence picture of every white-light pixel."""
    fluorescence_to_white: Field
    """(H, W, 2) float32: x and y in the white-light picture of every fluorescence pixel."""
    lesion: Mask
    """The graded lesion; empty in a normal phantom even where there is benign whitening."""
    cervix: Mask
    glare: Mask
    overlap: Mask
    """White-light pixels that the fluorescence picture shows too; empty for a wrong pair."""
    grade: Grade
    drawn: Mapping[str, object]
    """Everything drawn, as plain JSON values."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """The two linear appearances over the canvas."""

    geometry: Geometry
    optics: Optics
    light: white_light.Light
    white: list[Field]
    glow: list[Field]


def render(
    seed: int,
    *,
    grade: Grade | None = None,
    size: int = 1024,
    woman: int | None = None,
    defects: frozenset[Defect] = frozenset(),
    seconds_since_acid: float | None = None,
) -> Phantom:
    """Draw the phantom of `seed`; the same arguments give the same bytes on every thread count.

    `woman` is the seed of the anatomy, so that visits of one woman share it; `size` the pixels of a side. Raises ValueError
    for a size under 64.
    """
    if size < _LEAST_SIZE:
        raise ValueError(f"a phantom needs at least {_LEAST_SIZE} pixels a side, not {size}")
    visit = _placed(draw_visit(seed, seed if woman is None else woman, grade, seconds_since_acid), defects)
    mm_per_px = visit.field_mm / size
    move = motion.draw(seed, extra_shift=_apart(visit, defects))
    to_fluorescence, to_white = motion.maps(move, size, mm_per_px)
    canvas = _canvas(size, mm_per_px, to_white)
    camera = _CameraDraw.of(seed, visit)
    scene = _scene(visit, canvas, camera)
    white = _white_picture(seed, scene, defects)
    other = scene
    if Defect.WRONG_PAIR in defects:
        stranger = _placed(
            draw_visit(seed + 7_919_000_000, seed + 7_919_000_000, None, visit.seconds_since_acid), defects
        )
        other = _scene(replace(stranger, field_mm=visit.field_mm), canvas, camera)
    glow = _glow_picture(seed, other, to_white, defects, camera)
    overlap = motion.overlap(to_fluorescence)
    if Defect.WRONG_PAIR in defects:
        overlap = np.zeros_like(overlap)
    crop = _cropper(canvas)
    lesion, cervix, glare = crop(scene.optics.lesion), crop(scene.optics.cervix), crop(scene.light.glint) > 0.30
    if Defect.NO_CERVIX in defects:
        lesion, cervix = np.zeros_like(lesion), np.zeros_like(cervix)
    return Phantom(
        white=white,
        fluorescence=glow,
        white_to_fluorescence=to_fluorescence,
        fluorescence_to_white=to_white,
        lesion=np.ascontiguousarray(lesion),
        cervix=np.ascontiguousarray(cervix),
        glare=glare,
        overlap=overlap,
        grade=visit.grade,
        drawn=_record(visit, move, camera, scene, defects, mm_per_px),
    )


@dataclass(frozen=True, slots=True)
class _CameraDraw:
    """Per-pair camera values of the fluorescence shot."""

    exposure_ms: float
    level: float
    """Light on the sensor over healthy tissue of the median woman at the aimed exposure."""
    leak: float
    smear_mm: tuple[float, float]

    @staticmethod
    def of(seed: int, visit: Visit) -> "_CameraDraw":
        c, m = PARAMETERS.camera, PARAMETERS.motion
        rng = stream(seed, "camera:fluorescence")
        lamp = float(np.exp(c.fluorescence_log_sd * rng.standard_normal()))
        # The camera's automatic exposure sees the woman's level and the lamp, and reaches as far as its range
        exposure = float(np.clip(c.fluorescence_aim_ms / (visit.woman.glow * lamp), *c.fluorescence_ms))
        walk = rng.standard_normal(2) * m.walk_mm * np.sqrt(exposure / 1000) * c.smear_share
        leak = float(rng.uniform(*c.glare_leak))
        return _CameraDraw(exposure, lamp * exposure / c.fluorescence_aim_ms, leak, (float(walk[0]), float(walk[1])))


def _apart(visit: Visit, defects: frozenset[Defect]) -> "np.ndarray[tuple[int], np.dtype[np.float64]] | None":
    if Defect.TOO_LITTLE_OVERLAP not in defects:
        return None
    turn = stream(visit.seed, "apart").uniform(0, 2 * np.pi)
    reach = 0.78 * visit.field_mm / max(abs(np.cos(turn)), abs(np.sin(turn)))
    return np.array([reach * np.cos(turn), reach * np.sin(turn)])


def _placed(visit: Visit, defects: frozenset[Defect]) -> Visit:
    """Move the view for off-centre and cervix-free pictures."""
    turn = float(stream(visit.seed, "placed").uniform(0, 2 * np.pi))
    if Defect.NO_CERVIX in defects:
        reach = visit.woman.radius_mm * 1.25 + 0.75 * visit.field_mm
    elif Defect.OFF_CENTRE in defects:
        reach = 0.46 * visit.field_mm
    else:
        return visit
    return replace(visit, centre_mm=(reach * float(np.cos(turn)), reach * float(np.sin(turn))))


def _canvas(size: int, mm_per_px: float, to_white: Field) -> Canvas:
    """The white-light grid, widened to what the fluorescence picture sees."""
    step = max(1, round(size / 256))
    low = np.floor(to_white.min(axis=(0, 1))) - 2
    high = np.ceil(to_white.max(axis=(0, 1))) + 3
    left, top = (int(np.ceil(max(-v, 0) / step)) * step for v in low)
    width, height = (before + size + int(max(v - size, 0)) for before, v in zip((left, top), high, strict=True))
    width, height = (-(-v // step) * step for v in (width, height))
    return Canvas(width, height, left, top, size, mm_per_px, step)


def _cropper(canvas: Canvas):  # type: ignore[no-untyped-def]  # one line over masks and fields alike
    return lambda a: a[canvas.top : canvas.top + canvas.size, canvas.left : canvas.left + canvas.size]


def _scene(visit: Visit, canvas: Canvas, camera: _CameraDraw) -> _Scene:
    geometry = build(visit.woman, canvas, visit.centre_mm)
    optics = compose(visit, geometry)
    light = white_light.lighting(visit, geometry, optics)
    metal = blades(visit, geometry)
    white = white_light.paint(geometry, optics, light, metal)
    glow = fluorescence.paint(geometry, optics, light, metal, leak=camera.leak, level=camera.level)
    return _Scene(geometry, optics, light, white, glow)


def _white_picture(seed: int, scene: _Scene, defects: frozenset[Defect]) -> Picture:
    c, canvas = PARAMETERS.camera, scene.geometry.canvas
    rng = stream(seed, "camera:white")
    fault = white_fault(defects)
    gain = c.white_gain * np.exp(c.exposure_log_sd * rng.standard_normal()) * fault.light
    balance = np.asarray(c.white_balance) * np.exp(c.balance_log_sd * rng.standard_normal(3))
    psf, quality = rng.uniform(*c.white_blur_px), int(rng.integers(c.jpeg[0], c.jpeg[1] + 1))
    lamp = beam(rng, canvas.size)
    planes = [
        canvas.crop(p) * lamp * np.float32(gain * b) + np.float32(c.ambient)
        for p, b in zip(scene.white, balance, strict=True)
    ]
    image = blur(cv2.merge(planes), float(np.hypot(psf, fault.blur_px)), averaged=True)
    image = image + np.float32(rng.uniform(*c.white_sharpening)) * (image - blur(image, c.sharpening_px))
    if Defect.OBSTRUCTED in defects:
        image = _obstruct(seed, image, (0.80, 0.78, 0.74))
    return expose(rng, image, electrons=c.white_electrons, read=c.white_read, quality=quality)


def _glow_picture(
    seed: int, scene: _Scene, to_white: Field, defects: frozenset[Defect], camera: _CameraDraw
) -> Picture:
    c, canvas = PARAMETERS.camera, scene.geometry.canvas
    rng = stream(seed, "camera:glow")
    fault = fluorescence_fault(defects)
    psf, quality = rng.uniform(*c.fluorescence_blur_px), int(rng.integers(c.jpeg[0], c.jpeg[1] + 1))
    lamp = beam(rng, canvas.size) * np.float32(fault.light * c.fluorescence_signal / c.fluorescence_full)
    at = to_white + np.array([canvas.left, canvas.top], np.float32)
    seen = cv2.remap(cv2.merge(scene.glow), at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    image = seen * lamp[..., None] + np.float32(0.25 * c.ambient)
    to_full = canvas.size / 1024 * canvas.mm_per_px
    image = smear(image, (camera.smear_mm[0] / to_full, camera.smear_mm[1] / to_full))
    image = blur(image, float(np.hypot(psf, fault.blur_px)))
    if Defect.OBSTRUCTED in defects:
        image = _obstruct(seed, image, (0.05, 0.16, 0.22))
    return expose(rng, image, electrons=c.fluorescence_full, read=c.fluorescence_read, quality=quality)


def _obstruct(seed: int, image: Field, colour: tuple[float, float, float]) -> Field:
    """A swab's cotton head across the middle of the view."""
    rng = stream(seed, "obstruct")
    size = image.shape[0]
    turn, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.15, 0.15, 2)
    axis = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    x, y = axis[None, :] - np.float32(at[0]), axis[:, None] - np.float32(at[1])
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    fluff = cv2.resize(rng.standard_normal((48, 48), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    head = 1 - np.hypot(np.maximum(np.abs(u) - 0.25, 0), v) / np.float32(0.55)
    stick = (0.10 - np.abs(v)) * (u > 0) * 3
    cover = np.clip(np.maximum(head + 0.02 * fluff, stick) * 14, 0, 1)[..., None]
    tone = np.clip(0.45 + 0.75 * np.maximum(head, 0.25) + 0.05 * fluff, 0, 1.2)[..., None] * np.array(
        colour, np.float32
    )
    out: Field = (image * (1 - cover) + cover * tone).astype(np.float32)
    return out


def _record(
    visit: Visit,
    move: motion.Displacement,
    camera: _CameraDraw,
    scene: _Scene,
    defects: frozenset[Defect],
    mm_per_px: float,
) -> dict[str, object]:
    """Everything drawn, as plain values."""
    woman = asdict(visit.woman)
    woman["cysts"] = [asdict(c) for c in visit.woman.cysts]
    return {
        "seed": visit.seed,
        "woman": visit.woman.seed,
        "parameters_sha256": PARAMETERS_SHA256,
        "grade": str(visit.grade),
        "mm_per_px": mm_per_px,
        "seconds_since_acid": visit.seconds_since_acid,
        "patient": woman,
        "lesion": None if visit.lesion is None else dict(visit.lesion.record()),
        "benign": [dict(lesion.record()) for lesion in visit.benign],
        "mucus": visit.mucus,
        "bleeding": visit.bleeding,
        "keratin": visit.keratin is not None,
        "medication": visit.medication,
        "speculum": visit.speculum,
        "polariser": scene.light.polarised,
        "fluorescence_exposure_ms": camera.exposure_ms,
        "motion": {
            "gap_s": move.gap_s,
            "matrix": move.matrix.tolist(),
            "shift_mm": move.shift.tolist(),
            "bend_rms_mm": move.bend_rms_mm,
            "jumped": move.jumped,
        },
        "defects": sorted(str(d) for d in defects),
    }
