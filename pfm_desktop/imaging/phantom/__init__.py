"""Paired white-light and fluorescence phantoms: computer-drawn pairs with exact truth.

They prove the software, never the medicine.
"""

from pfm_desktop.imaging.phantom.defects import Defect
from pfm_desktop.imaging.phantom.parameters import GENERATOR_VERSION, PARAMETERS, PARAMETERS_SHA256
from pfm_desktop.imaging.phantom.render import Phantom, render

__all__ = ["GENERATOR_VERSION", "PARAMETERS", "PARAMETERS_SHA256", "Defect", "Phantom", "render"]
