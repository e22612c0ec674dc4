"""What lies where: optical maps of one visit's tissue at full resolution, shared by both pictures."""

from dataclasses import dataclass

import numpy as np

from pfm_desktop.imaging.phantom import marks
from pfm_desktop.imaging.phantom.anatomy import Geometry, Woman
from pfm_desktop.imaging.phantom.fields import Field, Mask, inside, noise, smooth, stream
from pfm_desktop.imaging.phantom.lesions import Lesion, level
from pfm_desktop.imaging.phantom.parameters import LESIONS, PARAMETERS
from pfm_desktop.imaging.phantom.visit import Visit


@dataclass(slots=True)
class Optics:
    """Maps (height, width) over the canvas. Filled once while composing, then only read."""

    scatter: Field
    """Kubelka-Munk scattering times thickness of the epithelium."""
    blood: Field
    """Haemoglobin over the median woman's normal."""
    collagen: Field
    """Stromal fluorescence over the median woman's normal."""
    epithelium: Field
    """Epithelial fluorescence over normal."""
    mucus: Field
    film: Field
    """Blood on the surface, 0-1."""
    keratin: Field
    medication: Field | None
    thread: Field | None
    """Strings of an intrauterine device."""
    dark: Field
    """0-1, light lost in the canal and in grooves."""
    relief: Field
    """Fine height of the wet surface in mm."""
    nodules: Field
    """Raised tissue of lesions in mm."""
    lesion: Mask
    """Where the graded lesion lies."""
    cervix: Mask


def _lesion_on(
    o: Optics, log_collagen: Field, log_blood: Field, lesion: Lesion, seed: int, woman: Woman, g: Geometry
) -> Field:
    """Add one lesion; returns its coverage."""
    canvas, row, t = g.canvas, LESIONS[lesion.kind], PARAMETERS.tissue
    coarse = level(lesion, seed, woman, g)
    fine = noise(stream(seed, f"edge:{lesion.kind}"), canvas, 0.3) * np.float32(0.05 + 0.25 * row.edge_mm)
    softness = noise(stream(seed, f"softness:{lesion.kind}"), canvas, 3.0, coarse=True)
    edge = np.float32(row.edge_mm) * np.exp(np.float32(t.edge_log_sd) * softness)
    cover = inside(canvas.grow(coarse) + fine, canvas.grow(edge), canvas.mm_per_px)
    body = noise(stream(seed, f"body:{lesion.kind}"), canvas, 1.8, coarse=True)
    speck = noise(stream(seed, f"speck:{lesion.kind}"), canvas, 0.55, coarse=True)
    # Whitening thins towards the rim of the lesion, more so where its edge is soft
    plateau = 0.62 + 0.58 * smooth(coarse / (0.8 + 5 * edge))
    thick = plateau * np.exp(np.float32(row.uneven) * (body + 0.45 * speck))
    o.scatter = np.maximum(o.scatter, cover * np.float32(lesion.whitening) * canvas.grow(thick))
    mottle = 0.8 * row.uneven * (PARAMETERS.visits.faint_blood if lesion.invisible else 1.0)
    log_blood += cover * canvas.grow(np.float32(mottle) * (0.5 * speck - 0.6 * body))
    log_collagen += cover * np.float32(np.log(lesion.collagen))
    log_blood += cover * np.float32(np.log(lesion.blood))
    o.epithelium += cover * np.float32(t.epithelium_ratio - 1)
    vessels = marks.lesion_vessels(lesion, seed, coarse, g)
    if vessels is not None:
        log_blood += vessels * cover * np.float32(np.log(t.vessel_blood))
        o.scatter *= 1 - 0.5 * vessels * cover
    if lesion.relief_mm:
        rise = smooth(coarse / 1.6) * smooth(0.5 + 0.4 * body + 0.15 * speck)
        o.nodules += canvas.grow(np.float32(lesion.relief_mm) * rise)
    return cover


def compose(visit: Visit, g: Geometry) -> Optics:
    """The tissue of this visit."""
    woman, canvas, t = visit.woman, g.canvas, PARAMETERS.tissue
    px = canvas.mm_per_px
    os, scj, rim = canvas.grow(g.os), canvas.grow(g.scj), canvas.grow(g.rim)
    grain = noise(stream(woman.seed, "grain"), canvas, 0.28)
    fine = noise(stream(visit.seed, "fine"), canvas, 0.12)
    squamous = inside(scj + 0.10 * grain, 0.15, px) * (os > 0)
    columnar = (1 - squamous) * inside(rim, 0.3, px)
    wall = inside(-rim, 0.5, px)
    zeros = np.zeros_like(os)

    low = noise(stream(woman.seed, "blood:low"), canvas, 5.0, coarse=True)
    mid = noise(stream(woman.seed, "blood:mid"), canvas, 1.3, coarse=True)
    around = np.exp(-np.maximum(g.scj, 0) / 2.5)  # the transformation zone is redder than the rest
    log_blood = canvas.grow(
        np.float32(PARAMETERS.women.blood_within_log_sd) * (0.95 * low + 0.55 * mid) + 0.22 * around
    )
    log_blood += (
        np.float32(np.log(woman.blood))
        + columnar * np.float32(np.log(t.columnar_blood))
        + wall * np.float32(np.log(t.wall_blood))
    )
    log_blood += 0.09 * grain + 0.12 * fine
    glow = noise(stream(woman.seed, "collagen"), canvas, 6.0, coarse=True) * np.float32(PARAMETERS.women.within_log_sd)
    log_collagen = (
        canvas.grow(glow)
        + columnar * np.float32(np.log(t.columnar_collagen))
        + wall * np.float32(np.log(t.wall_collagen))
    )
    log_collagen += 0.05 * grain

    acid = visit.acid_gain
    o = Optics(
        scatter=squamous * np.float32(t.squamous * (0.7 if woman.menopausal else 1.0)) + columnar * np.float32(t.columnar + t.columnar_acid * acid),
        blood=zeros, collagen=zeros, epithelium=1 - 0.5 * columnar, mucus=zeros, film=zeros, keratin=zeros, medication=None, thread=None,
        dark=smooth(-os / 0.9) * 0.97, relief=0.012 * grain, nodules=zeros.copy(), lesion=np.zeros(os.shape, np.bool_),
        cervix=(rim > 0),
    )  # fmt: skip
    _villi_on(o, log_blood, woman, g, columnar)
    _vessels_on(log_blood, woman, g, columnar, os)
    for lesion in visit.benign:
        _lesion_on(o, log_collagen, log_blood, lesion, visit.seed, woman, g)
    if visit.lesion is not None:
        o.lesion = _lesion_on(o, log_collagen, log_blood, visit.lesion, visit.seed, woman, g) > 0.5
    _cysts_on(o, log_blood, woman, g)
    o.blood = np.exp(log_blood)
    o.collagen = np.exp(log_collagen) * np.float32(woman.glow)
    _surface_on(o, visit, g, grain, os)
    return o


def _villi_on(o: Optics, log_blood: Field, woman: Woman, g: Geometry, columnar: Field) -> None:
    bump = marks.villi(woman, g)
    if bump is None:
        return
    o.relief += columnar * bump * 0.11
    o.scatter *= 1 - columnar * (0.9 - 1.5 * bump)
    log_blood += columnar * (0.30 - 0.62 * bump)
    o.dark = np.maximum(o.dark, columnar * smooth(0.5 - 1.6 * bump) * 0.30)


def _vessels_on(log_blood: Field, woman: Woman, g: Geometry, columnar: Field, os: Field) -> None:
    t, canvas = PARAMETERS.tissue, g.canvas
    drawn = marks.trunk_vessels(woman, g)
    net = noise(stream(woman.seed, "net"), canvas, 0.75) + 0.6 * noise(stream(woman.seed, "net:fine"), canvas, 0.36)
    lines = np.maximum(1 - np.abs(net) / np.float32(np.hypot(0.16, 1.2 * canvas.mm_per_px)), 0)
    lines *= np.float32(1 / (1 + 4 * canvas.mm_per_px))
    where = canvas.grow(smooth(0.35 + 0.45 * noise(stream(woman.seed, "net:where"), canvas, 4.0, coarse=True)))
    shown = (1 - columnar) * np.float32(woman.vessels)
    log_blood += shown * (drawn * np.float32(0.8 * np.log(t.vessel_blood)) + lines * where * np.float32(0.34))


def _cysts_on(o: Optics, log_blood: Field, woman: Woman, g: Geometry) -> None:
    """Yellowish domes: bloodless, scattering, with their own vessels left on top."""
    canvas = g.canvas
    for cyst in woman.cysts:
        x, y = canvas.grow(g.x), canvas.grow(g.y)
        cover = inside(np.float32(cyst.radius) - np.hypot(x - cyst.x, y - cyst.y), 0.5, canvas.mm_per_px)
        log_blood -= 0.55 * cover
        o.scatter = np.maximum(o.scatter, 0.13 * cover)
        o.relief += 0.02 * cover


def _surface_on(o: Optics, visit: Visit, g: Geometry, grain: Field, os: Field) -> None:
    """Mucus, blood, keratin and cream lie on top of the tissue."""
    canvas, seed = g.canvas, visit.seed
    if visit.mucus > 0:
        wide = noise(stream(seed, "mucus"), canvas, 1.8, coarse=True)
        streak = noise(stream(seed, "mucus:streak"), canvas, 0.9, coarse=True, stretch=(0.6, 2.2))
        coarse = smooth((visit.mucus * 1.7 - g.os) / 1.6 + 0.45 * wide + 0.2 * streak) * np.float32(0.9)
        o.mucus = canvas.grow(coarse) * (0.85 + 0.12 * grain)
        o.dark *= 1 - 0.75 * o.mucus
        o.scatter = np.maximum(o.scatter, 0.0) + 0.16 * o.mucus
    if visit.bleeding > 0:
        wide = noise(stream(seed, "bleeding"), canvas, 1.5, coarse=True, stretch=(0.8, 1.7))
        coarse = (
            wide - np.hypot((g.x - visit.bleeding_at[0]) / 2.4, (g.y - visit.bleeding_at[1]) / 3.6) + visit.bleeding
        )
        o.film = smooth(canvas.grow(coarse) * 1.1 + 0.06 * grain) * np.float32(0.97)
        o.mucus = o.mucus * (1 - 0.7 * o.film)
    if visit.keratin is not None:
        x, y, radius = visit.keratin
        wide = noise(stream(seed, "keratin"), canvas, 1.4, coarse=True)
        coarse = np.float32(radius) - np.hypot(g.x - x, g.y - y) + 0.6 * wide
        coarse = np.minimum(coarse, np.minimum(g.os, g.rim))
        o.keratin = inside(canvas.grow(coarse) + 0.1 * grain, 0.1, canvas.mm_per_px)
        o.scatter = np.maximum(o.scatter, o.keratin * np.float32(PARAMETERS.tissue.keratin) * (1 + 0.15 * grain))
        o.relief += 0.10 * o.keratin
    if visit.woman.strings:
        o.thread = marks.threads(seed, visit.woman, g)
    if visit.medication > 0:
        wide = noise(stream(seed, "cream"), canvas, 2.5, coarse=True)
        clumps = noise(stream(seed, "cream:clumps"), canvas, 0.7, coarse=True)
        o.medication = canvas.grow(smooth(0.6 * wide + 0.45 * clumps - 0.9 + 0.7 * visit.medication))
        o.scatter += 0.10 * o.medication
