"""Draw one paired phantom."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.phantom import fluorescence, motion, white_light
from pfm_desktop.imaging.phantom.anatomy import Geometry, build
from pfm_desktop.imaging.phantom.blades import blades
from pfm_desktop.imaging.phantom.camera import Picture
from pfm_desktop.imaging.phantom.defects import Defect
from pfm_desktop.imaging.phantom.fields import Canvas, Field, Mask, stream
from pfm_desktop.imaging.phantom.parameters import PARAMETERS, PARAMETERS_SHA256
from pfm_desktop.imaging.phantom.shots import GlowShot, Scene, glow_picture, white_picture
from pfm_desktop.imaging.phantom.surface import cover
from pfm_desktop.imaging.phantom.tissue import compose
from pfm_desktop.imaging.phantom.visit import Visit, draw_visit

_LEAST_SIZE = 64
_GLARE = 0.30
_FILM = _COVERED = 0.5


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
    film: Mask
    """Mucus or blood that hides what lies under it."""
    speculum: Mask
    os: tuple[float, float]
    """x and y of the middle of the external os in the white-light picture; may lie outside it."""
    overlap: Mask
    """White-light pixels that the fluorescence picture shows too; empty for a wrong pair."""
    grade: Grade
    drawn: Mapping[str, object]
    """Everything drawn, as plain JSON values."""


def render(
    seed: int,
    *,
    grade: Grade | None = None,
    size: int = 1024,
    woman: int | None = None,
    shot: int | None = None,
    defects: frozenset[Defect] = frozenset(),
    seconds_since_acid: float | None = None,
) -> Phantom:
    """Draw the phantom of `seed`; the same arguments give the same bytes on every thread count.

    `woman` is the seed of the anatomy, so that visits of one woman share it; `size` the pixels of a side. `shot` is the
    seed of another pair of pictures at the same visit: pointed anew, with its own motion, exposure, light and noise;
    nothing of the woman or her visit changes. Raises ValueError for a size under 64.
    """
    if size < _LEAST_SIZE:
        raise ValueError(f"a phantom needs at least {_LEAST_SIZE} pixels a side, not {size}")
    visit = draw_visit(seed, seed if woman is None else woman, grade, seconds_since_acid)
    if shot is None:
        shot = seed
    else:
        visit = replace(visit, centre_mm=_pointed(shot))
    visit = _placed(visit, defects)
    mm_per_px = visit.field_mm / size
    move = motion.draw(shot, extra_shift=_apart(visit, defects))
    to_fluorescence, to_white = motion.maps(move, size, mm_per_px)
    canvas = _canvas(size, mm_per_px, to_white)
    camera = GlowShot.of(shot, visit)
    scene = _scene(visit, canvas, camera)
    white = white_picture(shot, scene, defects)
    other = scene
    if Defect.WRONG_PAIR in defects:
        stranger = _placed(
            draw_visit(seed + 7_919_000_000, seed + 7_919_000_000, None, visit.seconds_since_acid), defects
        )
        other = _scene(replace(stranger, field_mm=visit.field_mm), canvas, camera)
    glow = glow_picture(shot, other, to_white, defects, camera)
    overlap = motion.overlap(to_fluorescence)
    if Defect.WRONG_PAIR in defects:
        overlap = np.zeros_like(overlap)
    crop = canvas.crop
    lesion, cervix = crop(scene.optics.lesion), crop(scene.optics.cervix)
    film = crop(np.maximum(scene.optics.film, scene.optics.mucus)) > _FILM
    glare = crop(scene.light.glint) > _GLARE
    if Defect.NO_CERVIX in defects:
        lesion, cervix, film = (np.zeros_like(mask) for mask in (lesion, cervix, film))
    return Phantom(
        white=white,
        fluorescence=glow,
        white_to_fluorescence=to_fluorescence,
        fluorescence_to_white=to_white,
        lesion=np.ascontiguousarray(lesion),
        cervix=np.ascontiguousarray(cervix),
        glare=glare,
        film=film,
        speculum=np.zeros_like(film) if scene.metal is None else crop(scene.metal.cover) > _COVERED,
        os=_os(visit, scene.geometry),
        overlap=overlap,
        grade=visit.grade,
        drawn=_record(visit, move, camera, scene, defects, mm_per_px),
    )


def _pointed(shot: int) -> tuple[float, float]:
    """Where the picture's centre lies for another shot, mm; drawn as for the first one."""
    view = stream(shot, "pointed")
    spread = PARAMETERS.camera.off_centre_mm
    return float(view.normal(0, spread)), float(view.normal(0, spread))


def _apart(visit: Visit, defects: frozenset[Defect]) -> npt.NDArray[np.float64] | None:
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


def _os(visit: Visit, geometry: Geometry) -> tuple[float, float]:
    """In white-light pixels. The axes of the geometry count from the cervix's centre."""
    canvas = geometry.canvas
    x, y = (
        float((shift - axis[0]) / canvas.mm_per_px)
        for shift, axis in zip(visit.woman.os_shift, (canvas.axis_x(), canvas.axis_y()), strict=True)
    )
    return x - canvas.left, y - canvas.top


def _canvas(size: int, mm_per_px: float, to_white: Field) -> Canvas:
    """The white-light grid, widened to what the fluorescence picture sees."""
    step = max(1, round(size / 256))
    low = np.floor(to_white.min(axis=(0, 1))) - 2
    high = np.ceil(to_white.max(axis=(0, 1))) + 3
    left, top = (int(np.ceil(max(-v, 0) / step)) * step for v in low)
    width, height = (before + size + int(max(v - size, 0)) for before, v in zip((left, top), high, strict=True))
    width, height = (-(-v // step) * step for v in (width, height))
    return Canvas(width, height, left, top, size, mm_per_px, step)


def _scene(visit: Visit, canvas: Canvas, camera: GlowShot) -> Scene:
    geometry = build(visit.woman, canvas, visit.centre_mm)
    optics = compose(visit, geometry)
    cover(optics, visit, geometry)
    light = white_light.lighting(visit, geometry, optics)
    metal = blades(visit, geometry)
    white = white_light.paint(geometry, optics, light, metal)
    glow = fluorescence.paint(geometry, optics, light, metal, leak=camera.leak, level=camera.level)
    return Scene(geometry, optics, light, metal, white, glow)


def _record(
    visit: Visit,
    move: motion.Displacement,
    camera: GlowShot,
    scene: Scene,
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
