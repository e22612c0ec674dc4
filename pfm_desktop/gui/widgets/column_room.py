"""How much room the columns of lists need for words of the language that is spoken."""

from __future__ import annotations

from datetime import date

from PySide6.QtGui import QFontMetrics

from pfm_desktop.support import moments

BESIDE = 20  # pixels of a cell beside its words


def widest_day(metrics: QFontMetrics) -> str:
    """A day as it is written, in the month with the longest name."""
    return max((moments.day(date(2028, month, 28)) for month in range(1, 13)), key=metrics.horizontalAdvance)
