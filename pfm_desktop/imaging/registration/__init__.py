"""Registration of the white-light and the fluorescence picture of a pair."""

from pfm_desktop.domain.registration import OTHER_STRUCTURES
from pfm_desktop.imaging.registration.by_hand import compared, structures_agree
from pfm_desktop.imaging.registration.landmarks import from_points
from pfm_desktop.imaging.registration.pipeline import register, start_map
from pfm_desktop.imaging.registration.result import Registration, refused
from pfm_desktop.imaging.registration.spots import spots

__all__ = [
    "OTHER_STRUCTURES", "Registration", "compared", "from_points", "refused", "register", "spots", "start_map",
    "structures_agree",
]  # fmt: skip
