"""What lies where: optical maps of one visit's tissue at full resolution, shared by both pictures."""

import numpy as np

from pfm_desktop.imaging.phantom import marks
from pfm_desktop.imaging.phantom.anatomy import Geometry, Woman
from pfm_desktop.imaging.phantom.fields import Field, as_field, inside, noise, smooth, stream
from pfm_desktop.imaging.phantom.lesions import Lesion, level
from pfm_desktop.imaging.phantom.optics import Optics
from pfm_desktop.imaging.phantom.parameters import LESIONS, PARAMETERS
from pfm_desktop.imaging.phantom.visit import Visit


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
    """The tissue of this visit, without what lies on its surface."""
    woman, canvas, t = visit.woman, g.canvas, PARAMETERS.tissue
    px = canvas.mm_per_px
    os, scj, rim = canvas.grow(g.os), canvas.grow(g.scj), canvas.grow(g.rim)
    grain = noise(stream(woman.seed, "grain"), canvas, 0.28)
    squamous = inside(scj + 0.10 * grain, 0.15, px) * (os > 0)
    columnar = (1 - squamous) * inside(rim, 0.3, px)
    wall = inside(-rim, 0.5, px)
    log_blood, log_collagen = _normal(visit, g, grain, columnar, wall)
    healthy = t.squamous * (0.7 if woman.menopausal else 1.0)
    villous = t.columnar + t.columnar_acid * visit.acid_gain
    zeros = np.zeros_like(os)
    o = Optics(
        scatter=squamous * np.float32(healthy) + columnar * np.float32(villous),
        blood=zeros,
        collagen=zeros,
        epithelium=1 - 0.5 * columnar,
        mucus=zeros,
        film=zeros,
        keratin=zeros,
        medication=None,
        thread=None,
        dark=smooth(-os / 0.9) * 0.97,
        grain=grain,
        relief=0.012 * grain,
        nodules=zeros.copy(),
        lesion=np.zeros(os.shape, np.bool_),
        cervix=rim > 0,
    )
    _villi_on(o, log_blood, woman, g, columnar)
    _vessels_on(log_blood, woman, g, columnar)
    for lesion in visit.benign:
        _lesion_on(o, log_collagen, log_blood, lesion, visit.seed, woman, g)
    if visit.lesion is not None:
        o.lesion = _lesion_on(o, log_collagen, log_blood, visit.lesion, visit.seed, woman, g) > 0.5
    _cysts_on(o, log_blood, woman, g)
    o.blood = np.exp(log_blood)
    o.collagen = np.exp(log_collagen) * np.float32(woman.glow)
    return o


def _normal(visit: Visit, g: Geometry, grain: Field, columnar: Field, wall: Field) -> tuple[Field, Field]:
    """Log blood and log collagen of healthy tissue."""
    woman, canvas, t, w = visit.woman, g.canvas, PARAMETERS.tissue, PARAMETERS.women
    fine = noise(stream(visit.seed, "fine"), canvas, 0.12)
    low = noise(stream(woman.seed, "blood:low"), canvas, 5.0, coarse=True)
    mid = noise(stream(woman.seed, "blood:mid"), canvas, 1.3, coarse=True)
    around = np.exp(-np.maximum(g.scj, 0) / 2.5)  # the transformation zone is redder than the rest
    log_blood = canvas.grow(as_field(np.float32(w.blood_within_log_sd) * (0.95 * low + 0.55 * mid) + 0.22 * around))
    own = np.float32(np.log(woman.blood))
    log_blood += own + columnar * np.float32(np.log(t.columnar_blood)) + wall * np.float32(np.log(t.wall_blood))
    log_blood += 0.09 * grain + 0.12 * fine
    glow = noise(stream(woman.seed, "collagen"), canvas, 6.0, coarse=True) * np.float32(w.within_log_sd)
    dim = columnar * np.float32(np.log(t.columnar_collagen))
    log_collagen = canvas.grow(glow) + dim + wall * np.float32(np.log(t.wall_collagen))
    log_collagen += 0.05 * grain
    return log_blood, log_collagen


def _villi_on(o: Optics, log_blood: Field, woman: Woman, g: Geometry, columnar: Field) -> None:
    bump = marks.villi(woman, g)
    if bump is None:
        return
    o.relief += columnar * bump * 0.11
    o.scatter *= 1 - columnar * (0.9 - 1.5 * bump)
    log_blood += columnar * (0.30 - 0.62 * bump)
    o.dark = np.maximum(o.dark, columnar * smooth(0.5 - 1.6 * bump) * 0.30)


def _vessels_on(log_blood: Field, woman: Woman, g: Geometry, columnar: Field) -> None:
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
