"""What one visit and one pair of shots add to a woman: lesions, acid, mucus, blood, camera choices."""

from dataclasses import dataclass

import numpy as np

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.imaging.phantom.anatomy import Woman, draw_woman
from pfm_desktop.imaging.phantom.fields import log_normal, stream
from pfm_desktop.imaging.phantom.lesions import Lesion, draw_lesions
from pfm_desktop.imaging.phantom.parameters import PARAMETERS


@dataclass(frozen=True, slots=True)
class Visit:
    """Everything drawn for a pair except motion and noise."""

    seed: int
    woman: Woman
    grade: Grade
    seconds_since_acid: float
    acid_gain: float
    """0-1, how much acid whitening of normal columnar epithelium is left."""
    lesion: Lesion | None
    benign: tuple[Lesion, ...]
    mucus: float
    bleeding: float
    bleeding_at: tuple[float, float]
    keratin: tuple[float, float, float] | None
    """x, y from the os and radius, mm."""
    medication: float
    speculum: bool
    speculum_turn: float
    field_mm: float
    centre_mm: tuple[float, float]


def draw_visit(seed: int, woman_seed: int, grade: Grade | None, seconds: float | None) -> Visit:
    """The visit of this seed; each fact has its own stream, so a forced grade or time leaves the rest as it was."""
    p, camera = PARAMETERS.visits, PARAMETERS.camera
    woman = draw_woman(woman_seed)
    drawn = GRADES[int(stream(seed, "grade").integers(4))]
    grade = drawn if grade is None else grade
    drawn_s = float(np.clip(log_normal(stream(seed, "acid"), p.seconds[0], p.seconds[1]), p.seconds[2], p.seconds[3]))
    seconds = drawn_s if seconds is None else float(seconds)
    lesion, benign = draw_lesions(seed, grade, woman, seconds)
    rng = stream(seed, "surface")
    wet, red, horn, cream = rng.random(4)
    sizes = rng.random(8)
    at = 2 * np.pi * sizes[0]
    reach = woman.os_half_width + woman.os_half_height + 0.3 + 3.5 * sizes[1]
    bleeds = red < (p.blood_cancer if grade is Grade.CANCER else p.blood)
    view = stream(seed, "view")
    width = 2 * woman.radius_mm * view.uniform(*camera.field_over_diameter)
    return Visit(
        seed=seed,
        woman=woman,
        grade=grade,
        seconds_since_acid=seconds,
        acid_gain=float((1 - np.exp(-seconds / 15.0)) * np.exp(-max(seconds - 40.0, 0.0) / 60.0)),
        lesion=lesion,
        benign=benign,
        mucus=float(0.25 + 0.75 * sizes[2]) if wet < p.mucus else 0.0,
        bleeding=float(0.4 + 0.9 * sizes[3] ** 2) if bleeds else 0.0,
        bleeding_at=(float(reach * np.cos(at)), float(reach * np.sin(at))),
        keratin=(
            float(reach * 1.4 * np.cos(at + 2)),
            float(reach * 1.4 * np.sin(at + 2)),
            float(0.8 + 1.6 * sizes[4]),
        )
        if horn < p.keratin
        else None,
        medication=float(0.4 + 0.8 * sizes[5]) if cream < p.medication else 0.0,
        speculum=bool(sizes[6] < p.speculum),
        speculum_turn=float(view.choice([0.0, np.pi / 2]) + view.normal(0, 0.12)),
        field_mm=float(np.clip(width, *camera.field_mm)),
        centre_mm=(
            float(view.normal(0, camera.off_centre_mm)),
            float(view.normal(0, camera.off_centre_mm)),
        ),
    )
