"""How wide the columns of the Today list are, and which of them there is no room for."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QTableView

from pfm_desktop.domain.grade import GRADE_WORDS
from pfm_desktop.gui.widgets.column_room import BESIDE, widest_day
from pfm_desktop.viewmodels.worklist import (
    BORN,
    COLUMNS,
    HISTOLOGY,
    IDENTIFIER,
    IMPRESSION,
    INDICATION,
    NAME,
    NOT_READ,
    PICTURES,
    SIGNED,
    STATES,
    WHEN,
    longest_waits,
)

Widths = tuple[int, int]  # with which a column can still be read, with which it shows its words in full
_WIDTHS: dict[int, Widths] = {
    WHEN: (168, 168),
    NAME: (124, 180),
    BORN: (116, 116),
    IDENTIFIER: (104, 136),
    INDICATION: (110, 200),
    PICTURES: (138, 178),
    IMPRESSION: (104, 120),
    HISTOLOGY: (158, 172),
    SIGNED: (66, 80),
}
# the first goes first; who, when and how it ended stay
_GIVES_WAY = (PICTURES, HISTOLOGY, BORN, INDICATION, IDENTIFIER)
_TIGHT = {WHEN: 150, NAME: 84, IMPRESSION: 98, SIGNED: 62}  # beside a form in the narrowest window
# a cut name is another's
_COMES_FIRST = (WHEN, NAME, IMPRESSION, SIGNED, HISTOLOGY, IDENTIFIER, INDICATION, PICTURES, BORN)
_SPARE = {NAME: 2, IDENTIFIER: 1, INDICATION: 3}  # parts of what is left


def widths_in(room: int, chosen: Mapping[int, int], asked: Mapping[int, Widths] = _WIDTHS) -> dict[int, int]:
    """Width of each column that is shown in `room` pixels. `chosen` by hand stay as they are; `asked` for by the words
    of the language."""
    ask = {column: (chosen.get(column, least), chosen.get(column, full)) for column, (least, full) in asked.items()}
    shown = dict.fromkeys(range(len(COLUMNS)), 0)
    for column in _GIVES_WAY:
        if sum(ask[one][0] for one in shown) <= room:
            break
        del shown[column]
    widths = {column: ask[column][0] for column in shown}
    if sum(widths.values()) > room:
        widths.update({column: width for column, width in _TIGHT.items() if column not in chosen})
    left = room - sum(widths.values())
    for column in (one for one in _COMES_FIRST if one in shown):
        more = max(0, min(left, ask[column][1] - widths[column]))
        widths[column] += more
        left -= more
    takers = [column for column in _SPARE if column in shown and column not in chosen]
    parts = sum(_SPARE[column] for column in takers)
    for column in takers if left > 0 else ():
        share = left * _SPARE[column] // parts
        widths[column], left, parts = widths[column] + share, left - share, parts - _SPARE[column]
    return widths


def asked_by(metrics: QFontMetrics, bold: QFontMetrics) -> dict[int, Widths]:
    """What the columns need for words of the language that is spoken: a birth date that is cut is another's. What is
    late stands in `bold`."""
    day, clock = metrics.horizontalAdvance(widest_day(metrics)) + BESIDE, metrics.horizontalAdvance(" 00:00")
    needed = {
        BORN: day,
        WHEN: day + clock,
        IMPRESSION: max(metrics.horizontalAdvance(words) for words in (*GRADE_WORDS.values(), NOT_READ)) + BESIDE,
        SIGNED: max(metrics.horizontalAdvance(words) for words in (*STATES, COLUMNS[SIGNED])) + BESIDE,
    }
    asked = {
        column: (max(least, needed.get(column, 0)), max(full, needed.get(column, 0)))
        for column, (least, full) in _WIDTHS.items()
    }
    least, full = asked[HISTOLOGY]
    asked[HISTOLOGY] = least, max(full, max(map(bold.horizontalAdvance, longest_waits())) + BESIDE)
    return asked


class WorklistColumns(QObject):
    """Fits the columns of `table` into its width; a width that the user drags stays."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._chosen: dict[int, int] = {}
        self._fitting = False
        font = QFont(table.font())
        font.setBold(True)
        self._asked = asked_by(table.fontMetrics(), QFontMetrics(font))
        table.horizontalHeader().sectionResized.connect(self._resized)

    def fit(self) -> None:
        """The table has another width."""
        widths = widths_in(self._table.viewport().width(), self._chosen, self._asked)
        self._fitting = True
        for column in range(len(COLUMNS)):
            self._table.setColumnHidden(column, column not in widths)
            if column in widths:
                self._table.setColumnWidth(column, widths[column])
        self._fitting = False

    def _resized(self, column: int, _before: int, now: int) -> None:
        if not self._fitting and now > 0:
            self._chosen[column] = now
