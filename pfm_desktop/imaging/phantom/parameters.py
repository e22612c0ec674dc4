"""Every number that decides what a phantom looks like, in one frozen table.

Keys: [V] read in the named source, [M] measured on photographs, [A] assumption. Lengths in millimetres on the cervix,
times in seconds. Fixed before any network was trained on phantoms; changing a number changes `PARAMETERS_SHA256` (see
`docs/adr/0004`).
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field

GENERATOR_VERSION = "1"
"""Raised when the drawing code changes what is drawn while the table stays."""


@dataclass(frozen=True, slots=True)
class LesionRow:
    """Optics and shape of one kind of lesion. Pairs are (median, log-sd) of a log-normal draw."""

    whitening: tuple[float, float]
    """Kubelka-Munk scattering times thickness of the acid-treated epithelium."""
    collagen: tuple[float, float]
    """Stromal fluorescence over the woman's own normal."""
    blood: tuple[float, float]
    """Haemoglobin over the woman's own normal."""
    size_mm: tuple[float, float]
    """Diameter of the disc of equal area."""
    edge_mm: float
    invisible: float
    """Share without a white-light sign."""
    first_white_s: float
    fade_s: float
    irregular_mm: tuple[float, float]
    """Amplitude and correlation length of the outline's irregularity."""
    pattern: float
    """Share with punctation or mosaic, or with atypical vessels in cancer."""
    tile_mm: tuple[float, float]
    """Range of the distance between capillaries of that pattern."""
    line_mm: float
    relief_mm: float
    """Most height of its nodules; evenly drawn up to it."""
    uneven: float
    """Log-sd of whitening within the lesion."""


# Whitening, collagen, blood, size, edge, invisible share: the design table of the project [A], drawn from Drezek 2001
# (stromal ratio .68, CV .33 [V]), Chang 2009 (haemoglobin 9.6/12.8/18.3 uM [V]), Weingandt 2002 (order of the grades,
# inflammation [V]) and ALTS (whitening in 93 % of CIN2+ [V]). First whitening 7 s high and 19 s low [V, n = 300].
# Fading [A], so that the worst lesion still shows at 5 min in about 88 % [V]. Outline, pattern, relief and unevenness
# [A], after the IFCPC terms fine, coarse, sharp border, irregular surface, atypical vessels.
LESIONS: dict[str, LesionRow] = {
    "metaplasia": LesionRow(
        whitening=(0.155, 0.5),
        collagen=(0.93, 0.18),
        blood=(1.15, 0.25),
        size_mm=(6.5, 0.4),
        edge_mm=0.22,
        invisible=0.15,
        first_white_s=19.0,
        fade_s=150.0,
        irregular_mm=(0.7, 2.0),
        pattern=0.15,
        tile_mm=(0.24, 0.36),
        line_mm=0.03,
        relief_mm=0.0,
        uneven=0.18,
    ),
    "inflammation": LesionRow(
        whitening=(0.05, 0.6),
        collagen=(0.78, 0.25),
        blood=(1.8, 0.35),
        size_mm=(12.0, 0.4),
        edge_mm=1.2,
        invisible=0.4,
        first_white_s=19.0,
        fade_s=150.0,
        irregular_mm=(1.2, 3.0),
        pattern=0.35,
        tile_mm=(0.3, 0.55),
        line_mm=0.05,
        relief_mm=0.0,
        uneven=0.25,
    ),
    "cin1": LesionRow(
        whitening=(0.21, 0.5),
        collagen=(0.88, 0.24),
        blood=(1.2, 0.35),
        size_mm=(8.0, 0.45),
        edge_mm=0.2,
        invisible=0.1,
        first_white_s=19.0,
        fade_s=220.0,
        irregular_mm=(0.9, 1.8),
        pattern=0.45,
        tile_mm=(0.24, 0.36),
        line_mm=0.03,
        relief_mm=0.02,
        uneven=0.2,
    ),
    "cin2": LesionRow(
        whitening=(0.29, 0.5),
        collagen=(0.77, 0.26),
        blood=(1.45, 0.4),
        size_mm=(10.0, 0.45),
        edge_mm=0.13,
        invisible=0.05,
        first_white_s=7.0,
        fade_s=400.0,
        irregular_mm=(0.8, 2.2),
        pattern=0.55,
        tile_mm=(0.36, 0.6),
        line_mm=0.05,
        relief_mm=0.05,
        uneven=0.2,
    ),
    "cin3": LesionRow(
        whitening=(0.38, 0.45),
        collagen=(0.68, 0.28),
        blood=(1.65, 0.4),
        size_mm=(13.0, 0.4),
        edge_mm=0.09,
        invisible=0.04,
        first_white_s=7.0,
        fade_s=600.0,
        irregular_mm=(0.6, 2.8),
        pattern=0.65,
        tile_mm=(0.45, 0.8),
        line_mm=0.065,
        relief_mm=0.1,
        uneven=0.22,
    ),
    "cancer": LesionRow(
        whitening=(0.45, 0.5),
        collagen=(0.5, 0.3),
        blood=(2.3, 0.4),
        size_mm=(18.0, 0.3),
        edge_mm=0.12,
        invisible=0.05,
        first_white_s=7.0,
        fade_s=600.0,
        irregular_mm=(1.3, 2.4),
        pattern=0.85,
        tile_mm=(0.45, 0.9),
        line_mm=0.07,
        relief_mm=0.6,
        uneven=0.42,
    ),
}


@dataclass(frozen=True, slots=True)
class Women:
    """Anatomy and level of one woman."""

    age: tuple[float, float, float, float] = (38.0, 10.0, 21.0, 68.0)  # mean, sd, least, most [A]
    menopause_age: float = 51.0  # [V] common median
    parous: float = 0.62  # [A]
    radius_mm: tuple[float, float] = (12.0, 18.0)  # design table [A]
    os_round_mm: tuple[float, float] = (1.0, 2.2)  # radius, nulliparous [A]
    os_slit_mm: tuple[float, float] = (3.0, 6.5)  # half width, parous [A]
    os_gape_mm: tuple[float, float] = (0.25, 1.0)  # half height of the slit [A]
    zone_types: tuple[float, float, float] = (0.58, 0.24, 0.18)  # TZ 1, 2, 3 before menopause [A]
    zone_types_after: tuple[float, float, float] = (0.10, 0.25, 0.65)  # after [A]
    ectopy_mm: tuple[float, float] = (1.2, 5.0)  # os to SCJ in type 1 [A]
    fluorescence_log_sd: float = 0.576  # x10 between women at 95 % (MacAulay 2002) [V]
    within_log_sd: float = 0.17  # x2 within a woman at 95 % (MacAulay 2002) [V]
    menopause_gain: float = 1.25  # collagen glows more after menopause [A]
    blood_log_sd: float = 0.28  # between women, less than Chang 2009's single-site sd [A]
    blood_within_log_sd: float = 0.16  # [A]
    cyst_mean: float = 0.7  # Nabothian cysts a woman [A]
    cyst_mm: tuple[float, float] = (0.6, 2.0)
    intrauterine_device: float = 0.06  # strings seen [A]


@dataclass(frozen=True, slots=True)
class Visits:
    """What one visit adds."""

    metaplasia: float = 0.50  # share of visits with a white metaplastic patch, any grade [A]
    inflammation: float = 0.18  # any grade [A]
    mucus: float = 0.45  # [A]
    blood: float = 0.16  # contact bleeding, any grade but cancer [A]
    blood_cancer: float = 0.50  # [A]
    keratin: float = 0.04  # leukoplakia, white before acid [A]
    medication: float = 0.05  # fluorescing vaginal cream; Agrawal 1999 [V] that it glows, share [A]
    speculum: float = 0.55  # blades in the picture [A]
    seconds: tuple[float, float, float, float] = (
        75.0,
        0.45,
        20.0,
        300.0,
    )  # since acid: median, log-sd, least, most [A]
    whitening_log_sd: float = 0.20  # acid strength and wetting, one factor for all lesions of the visit [A]
    faint_share: float = 0.06  # what an "invisible" lesion keeps of its whitening [A]
    faint_blood: float = 0.25  # and of its log blood ratio [A]
    high_is_cin3: float = 0.5  # [A]
    rise_s: float = 22.0  # time constant of whitening after the first sign [A]
    hold_s: float = 100.0  # after this it fades [A]


@dataclass(frozen=True, slots=True)
class Tissue:
    """Optics. Bands 460, 530, 570, 620 nm in white light; 480, 520, 620 nm in fluorescence."""

    # Molar extinction of 75 % saturated haemoglobin, 1e3/(cm M), after Prahl's tables [V]
    hemoglobin: tuple[float, float, float, float] = (39.2, 39.7, 44.6, 2.33)
    hemoglobin_405: float = 285.0  # [V]
    hemoglobin_emission: tuple[float, float, float] = (23.6, 26.0, 2.33)  # [V]
    scatter_power: float = 1.2  # scattering falls as wavelength to this power [A]
    absorption: float = 0.043  # K/S for each unit of extinction at normal blood: gives the centre colour [M]
    background: float = 0.006  # K/S without blood [A]
    packaging: float = 0.35  # vessels hide haemoglobin from 405 nm light [A]
    to_rgb: tuple[tuple[float, float, float, float], ...] = (
        (0.00, 0.02, 0.14, 0.84),
        (0.10, 0.56, 0.31, 0.03),
        (0.88, 0.12, 0.00, 0.00),
    )  # camera rows R, G, B over the four bands, each adds up to 1 [A]
    squamous: float = 0.045  # scattering x thickness of untouched squamous epithelium [A]
    columnar: float = 0.020
    columnar_acid: float = 0.05  # villi whiten a little and shortly [A]
    keratin: float = 0.75
    columnar_blood: float = 1.75  # thin epithelium: blood shows [A]
    columnar_collagen: float = 0.72  # [A]
    wall_blood: float = 1.15
    wall_collagen: float = 0.80
    diffusion_mm: tuple[float, float, float] = (0.10, 0.05, 0.04)  # light spreads in tissue, sd for R, G, B [A]
    glow_diffusion_mm: float = 0.10  # and the fluorescence from the stroma [A]
    edge_log_sd: float = 0.9  # sharpness of a lesion's edge along its outline [A]
    vessel_blood: float = 3.2  # blood in a drawn vessel over its surround [A]
    emission: tuple[float, float, float] = (0.50, 0.40, 0.10)  # healthy stroma under 405 nm [A]
    emission_to_rgb: tuple[tuple[float, float, float], ...] = (
        (0.03, 0.08, 0.85),
        (0.42, 0.88, 0.16),
        (0.82, 0.28, 0.02),
    )  # rows R, G, B over 480, 520, 620 nm behind a 450 nm long-pass [A]
    epithelium_glow: float = 0.10  # epithelial share of a normal picture [A]
    epithelium_ratio: float = 1.25  # dysplastic over normal (Drezek 2001) [V]
    acid_dims: float = 0.5  # share of the whitening that also hides the stroma [A]
    mucus_glow: float = 0.30  # [A]; that it glows: Agrawal 1999 [V]
    keratin_glow: float = 1.00  # [A]
    medication_glow: float = 0.55  # [A]


@dataclass(frozen=True, slots=True)
class Camera:
    """Optics and sensors, at 1024 pixels a side; smaller pictures are what this camera's picture looks like reduced."""

    field_mm: tuple[float, float] = (20.0, 40.0)  # width of the picture [A]
    field_over_diameter: tuple[float, float] = (0.80, 1.20)  # people frame the cervix [A]
    off_centre_mm: float = 1.3
    white_gain: float = 1.84  # [M]: centre R 236
    white_balance: tuple[float, float, float] = (1.05, 0.89, 0.95)  # [M]: centre G 139, B 149
    exposure_log_sd: float = 0.10
    balance_log_sd: float = 0.05  # white balance per channel
    white_electrons: float = 4500.0
    white_read: float = 9.0
    white_blur_px: tuple[float, float] = (0.55, 1.35)  # sd of the point spread [M]: Laplacian variance
    white_sharpening: tuple[float, float] = (1.0, 2.6)  # unsharp mask of the camera, amount [M]: Laplacian variance
    sharpening_px: float = 1.5
    polariser: float = 0.20  # share with crossed polarisers; design table [A]
    polariser_leak: float = 0.05
    fall_off: tuple[float, float] = (0.32, 0.90)  # strength of the beam's fall-off, range [A]
    jpeg: tuple[int, int] = (86, 95)
    fluorescence_full: float = 6000.0  # electrons at full scale [A]
    fluorescence_signal: float = 1500.0  # electrons of healthy mid-level tissue at 150 ms
    fluorescence_read: float = 10.0
    fluorescence_ms: tuple[float, float] = (60.0, 350.0)  # automatic exposure within this, fixed gain; design table [A]
    fluorescence_aim_ms: float = 150.0
    fluorescence_blur_px: tuple[float, float] = (0.9, 2.2)
    fluorescence_log_sd: float = 0.25  # lamp, distance, angle
    smear_share: float = 0.5  # of the random walk during the exposure seen as a straight smear [A]
    glare_leak: tuple[float, float] = (0.005, 0.04)  # specular light through the long-pass [A]
    ambient: float = 0.004  # stray light of full scale [A]


@dataclass(frozen=True, slots=True)
class Motion:
    """Between the two shots; design table [A]."""

    gap_s: tuple[float, float, float, float] = (0.6, 0.75, 0.15, 3.0)  # median, log-sd, least, most
    walk_mm: float = 0.45  # per axis and square root of a second
    vertical: float = 1.3
    jump: float = 0.12
    jump_mm: float = 1.2
    scale_sd: float = 0.008
    rotation_deg: float = 0.8
    bend_mm: float = 0.18  # rms of the smooth field is |N(0, this)|
    bend_length_mm: tuple[float, float] = (4.0, 9.0)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The whole table."""

    women: Women = Women()
    visits: Visits = Visits()
    tissue: Tissue = Tissue()
    camera: Camera = Camera()
    motion: Motion = Motion()
    lesions: dict[str, LesionRow] = field(default_factory=lambda: LESIONS)


def fingerprint(parameters: Parameters, version: str) -> str:
    """SHA-256 over the version and the table as canonical JSON."""
    text = json.dumps({"version": version, **dataclasses.asdict(parameters)}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


PARAMETERS = Parameters()
PARAMETERS_SHA256 = fingerprint(PARAMETERS, GENERATOR_VERSION)
