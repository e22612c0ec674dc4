"""The optical maps both pictures are painted from."""

from dataclasses import dataclass

from pfm_desktop.imaging.phantom.fields import Field, Mask


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
    grain: Field
    """Fine texture, mean 0 and sd about 1."""
    relief: Field
    """Fine height of the wet surface in mm."""
    nodules: Field
    """Raised tissue of lesions in mm."""
    lesion: Mask
    """Where the graded lesion lies."""
    cervix: Mask
