"""The quality gate: whether a picture, or a pair, can carry an answer; and if not, what to retake."""

from pfm_desktop.imaging.quality.gate import assess, light_of, looks_fluorescent
from pfm_desktop.imaging.quality.measures import measure
from pfm_desktop.imaging.quality.pair import assess_pair, identical

__all__ = ["assess", "assess_pair", "identical", "light_of", "looks_fluorescent", "measure"]
