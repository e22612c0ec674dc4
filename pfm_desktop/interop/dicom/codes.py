"""Every code that stands in our DICOM objects, in one replaceable file.

DCM, UCUM and the SNOMED CT codes (SCT) are of the subset that DICOM itself uses; what has no code there is written
under our private scheme `99COLPO` (clinical.md 8). Other SNOMED codes would need a licence in some countries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pfm_desktop.domain.findings import SWEDE_ENGLISH
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Stage

PRIVATE = "99COLPO"
PRIVATE_NAME = "Codes of pfm-desktop for colposcopy"


@dataclass(frozen=True)
class Code:
    """A coded concept; `value` is at most 16 characters (SH), `meaning` at most 64 (LO)."""

    value: str
    scheme: str
    meaning: str


def _own(value: str, meaning: str) -> Code:
    return Code(value, PRIVATE, meaning)


CERVIX = Code("71252005", "SCT", "Cervix")
COLPOSCOPY = Code("392003006", "SCT", "Colposcopy")

EXOGENOUS_SUBSTANCE = Code("127400", "DCM", "Exogenous substance")
ACETIC_ACID = Code("2869004", "SCT", "Acetic acid")
LUGOL = _own("LUGOL", "Lugol's iodine")
SALINE = _own("SALINE", "Saline")
FILTER = _own("FILTER", "Optical filter")
GREEN_FILTER = Code("445465004", "SCT", "Green optical filter")
NO_FILTER = Code("111609", "DCM", "No filter")
ILLUMINATION = _own("ILLUMINATION", "Illumination method")
EPIFLUORESCENCE = Code("111743", "DCM", "Epifluorescence illumination")
REFLECTION = Code("111742", "DCM", "Reflection illumination")
SECONDS_SINCE_ACID = _own("SECONDS_ACID", "Time since acetic acid was applied")
PIXEL_SIZE = _own("PIXEL_SIZE", "Size of a pixel on the tissue")
EXCITATION = Code("112710", "DCM", "Illumination wavelength")
EXPOSURE = _own("EXPOSURE", "Exposure of the camera")
GAIN = _own("GAIN", "Gain of the camera, in its own unit")
WHITE_BALANCE = _own("WHITE_BALANCE", "White balance of the camera")
PAIR_GAP = _own("PAIR_GAP", "Time from the other picture of its pair to this one")
FILTER_NAME = _own("FILTER_NAME", "Optical filter, as the device calls it")
POLARISER = _own("POLARISER", "Polariser, as the device calls it")
MILLISECOND = Code("ms", "UCUM", "millisecond")
NANOMETRE = Code("nm", "UCUM", "nanometer")
KELVIN = Code("K", "UCUM", "kelvin")
SECOND = Code("s", "UCUM", "second")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
ONE = Code("1", "UCUM", "no units")
SCORE = Code("{score}", "UCUM", "score")
HOUR_ON_CLOCK = Code("{hour}", "UCUM", "clock hour")

PARTNER = Code("121340", "DCM", "Spectral filtered image")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
HEATMAP_DERIVATION = Code("130401", "DCM", "Visual explanation")

REPORT_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
PDF_TITLE = _own("REPORT", "Colposcopy report")
COMMENT = Code("121106", "DCM", "Comment")
IMPRESSION = Code("121073", "DCM", "Impression")
BIOPSY_SITE = _own("BIOPSY_SITE", "Biopsy site")
CLOCK_HOUR = _own("CLOCK_HOUR", "Clock hour about the external os")
CLOCK_POSITION = _own("CLOCK_POSITION", "Clock position")
LESION_OUTLINE = _own("OUTLINE", "Outline drawn by the examiner")
AI_ANSWER = _own("AI_ANSWER", "Answer of the algorithm, investigational")
AI_GRADE = _own("AI_GRADE", "Grade that the algorithm gives")
AI_SET = _own("AI_SET", "Grade in the prediction set")
INDETERMINATE = _own("INDETERMINATE", "Indeterminate")
REFUSED = _own("REFUSED", "No answer: refused")
UNLIKE = _own("UNLIKE", "Picture unlike anything the model learned from")
FIRST_READ = _own("FIRST_READ", "Impression before the algorithm was shown")
IMPRESSION_MADE = _own("IMPRESSION_MADE", "When the impression was made")
REVEALED = _own("REVEALED", "After the algorithm was shown")
SWEDE = _own("SWEDE", "Swede score")
SWEDE_TOTAL = _own("SWEDE_TOTAL", "Swede score, total of five items (0-10)")
NOT_ASSESSED = _own("NOT_ASSESSED", "Not assessed")

GRADE: Mapping[Grade, Code] = {
    Grade.NORMAL: _own("GRADE_NORMAL", "Normal"),
    Grade.LOW: _own("GRADE_LOW", "Low grade (LSIL, CIN1)"),
    Grade.HIGH: _own("GRADE_HIGH", "High grade (HSIL, CIN2-3)"),
    Grade.CANCER: _own("GRADE_CANCER", "Cancer"),
}
PROBABILITY: Mapping[Grade, Code] = {
    Grade.NORMAL: _own("PROB_NORMAL", "Probability of normal"),
    Grade.LOW: _own("PROB_LOW", "Probability of low grade (LSIL, CIN1)"),
    Grade.HIGH: _own("PROB_HIGH", "Probability of high grade (HSIL, CIN2-3)"),
    Grade.CANCER: Code("111047", "DCM", "Probability of cancer"),
}
SWEDE_ITEM: Mapping[str, Code] = {
    key: _own(f"SWEDE_{key.split('_')[0].upper()}", f"Swede score, {title.lower()} (0-2)")
    for key, title in SWEDE_ENGLISH.items()
}

# SNOMED says "on mammogram"; DICOM uses them for other organs, and the number stands beside each
_CLOCK = (
    "129772004", "129773009", "129774003", "129775002", "129776001", "129777005",
    "129778000", "129779008", "129780006", "129781005", "129782003", "129783008",
)  # fmt: skip


def clock_position(hour: int) -> Code:
    """Code of a clock hour, 1 to 12."""
    return Code(_CLOCK[hour - 1], "SCT", f"{hour} o'clock position")


@dataclass(frozen=True)
class StageCodes:
    """What acquisition context says of a stage."""

    substance: Code | None
    filter: Code
    illumination: Code


STAGE: Mapping[Stage, StageCodes] = {
    Stage.SALINE: StageCodes(SALINE, NO_FILTER, REFLECTION),
    Stage.GREEN: StageCodes(None, GREEN_FILTER, REFLECTION),
    Stage.FLUORESCENCE_BEFORE_ACID: StageCodes(None, NO_FILTER, EPIFLUORESCENCE),
    Stage.ACETIC_ACID: StageCodes(ACETIC_ACID, NO_FILTER, REFLECTION),
    Stage.FLUORESCENCE_AFTER_ACID: StageCodes(ACETIC_ACID, NO_FILTER, EPIFLUORESCENCE),
    Stage.LUGOL: StageCodes(LUGOL, NO_FILTER, REFLECTION),
}

# PS3.15 Annex E, in the words of PS3.16 CID 7050
DE_IDENTIFICATION = (
    Code("113100", "DCM", "Basic Application Confidentiality Profile"),
    Code("113101", "DCM", "Clean Pixel Data Option"),
    Code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"),
    Code("113108", "DCM", "Retain Patient Characteristics Option"),
)
