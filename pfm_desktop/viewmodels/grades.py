"""How a grade is named and drawn on screen: words first, colours that colour-blind readers can tell apart."""

from __future__ import annotations

from datetime import datetime

from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import moment

TITLES: dict[Grade, str] = {
    Grade.NORMAL: tr("Normal", "grade"),
    Grade.LOW: tr("Low", "grade"),
    Grade.HIGH: tr("High", "grade"),
    Grade.CANCER: tr("Cancer", "grade"),
}
DETAILS: dict[Grade, str] = {Grade.LOW: "LSIL, CIN1", Grade.HIGH: "HSIL, CIN2-3"}
# Okabe and Ito's palette: told apart with every common colour blindness, by lightness too
COLOURS: dict[Grade, str] = {
    Grade.NORMAL: "#56B4E9",
    Grade.LOW: "#F0E442",
    Grade.HIGH: "#E69F00",
    Grade.CANCER: "#D55E00",
}
SOURCES: dict[Source, str] = {source: source.words for source in Source}


def grade_words(grade: Grade) -> str:
    """`high (HSIL, CIN2-3)`."""
    detail = DETAILS.get(grade, "")
    return f"{GRADE_WORDS[grade]} ({detail})" if detail else GRADE_WORDS[grade]


def by(reader: str, at: datetime) -> str:
    """`Dr. Test, 25 Nov 2026 14:30 UTC+01:00`."""
    return COMMA.join(part for part in (reader, moment(at)) if part)


def percent(share: float) -> str:
    """`38 %`."""
    return f"{share:.0%}".replace("%", " %")


def capital(text: str) -> str:
    """The same with a capital first letter."""
    return text[:1].upper() + text[1:]
