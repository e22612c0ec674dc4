"""What the Today list shows of each visit, in words, and by what it sorts. No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pfm_desktop.domain.case import Visit, VisitRow
from pfm_desktop.domain.followup import DISCORDANT, OVERDUE_DAYS, Only
from pfm_desktop.domain.grade import GRADE_WORDS, Grade
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import woman_words

COLUMNS = (
    tr("When"),
    tr("Name"),
    tr("Born"),
    "ID",
    tr("Indication"),
    tr("Pictures"),
    tr("Impression"),
    tr("Histology"),
    tr("Signed"),
)
WHEN, NAME, BORN, IDENTIFIER, INDICATION, PICTURES, IMPRESSION, HISTOLOGY, SIGNED = range(len(COLUMNS))
ONLY_WORDS: Mapping[Only, str] = {
    Only.ALL: tr("All"),
    Only.TODAY: tr("Today"),
    Only.UNSIGNED: tr("Not signed"),
    Only.OVERDUE: tr("Histology overdue"),
    Only.DISCUSS: tr("To discuss"),
    Only.LETTER: tr("Letter due"),
}
_NONE = {
    Only.TODAY: tr("No visit today."),
    Only.UNSIGNED: tr("Every visit is signed."),
    Only.OVERDUE: tr("No result of histology is overdue."),
    Only.DISCUSS: tr("Nothing is to be discussed."),
    Only.LETTER: tr("No letter is due."),
}
NOT_READ = tr("not read yet")
STATES = tr("signed", "state of a visit"), tr("open", "state of a visit")
HIDDEN = tr("hidden")  # of what is kept from who reads for labels
OVERDUE_SIGN, APART_SIGN = "\u26a0", "\u2260"  # besides the colour
_NOUGHT = re.compile(r"(?<!\d)0(?=\d)")
LIMIT = 200  # as many as are read at once; more come when the list is scrolled


@dataclass(frozen=True)
class WorkRow:
    """A line: `cells` in the order of `COLUMNS`, `keys` to sort them by; `when` is the start with its zone, `woman` her
    name and number in one."""

    visit_id: str
    patient_id: str
    cells: tuple[str, ...]
    keys: tuple[tuple[float, str], ...]
    today: bool
    when: str
    woman: str
    overdue: bool = False  # a result of histology

    def full(self, column: int) -> str:
        """What a cell says where there is room, in its tooltip and for the screen reader."""
        return self.when if column == WHEN else self.cells[column]


def work_rows(rows: Sequence[VisitRow], now: datetime, *, overdue_days: int = OVERDUE_DAYS) -> tuple[WorkRow, ...]:
    """Lines of the list, in the order given; `now` is aware. Results are overdue after so many days."""
    return tuple(_line(row, now, overdue_days) for row in rows)


def ordered(rows: Sequence[WorkRow], column: int, *, descending: bool) -> tuple[WorkRow, ...]:
    """Lines sorted by a column; lines that are equal in it keep their order."""
    return tuple(sorted(rows, key=lambda row: row.keys[column], reverse=descending))


@dataclass(frozen=True)
class Found:
    """What a search gave: its `lines`, the start and id of the `last` visit, whether there may be `more` behind it."""

    lines: tuple[WorkRow, ...]
    last: tuple[datetime, str] | None
    more: bool


def found(rows: Sequence[VisitRow], now: datetime, *, limit: int, overdue_days: int = OVERDUE_DAYS) -> Found:
    """The lines of `rows`, of which `limit` were asked for; `now` is aware."""
    last = (rows[-1].visit.started_at, rows[-1].visit.id) if rows else None
    return Found(work_rows(rows, now, overdue_days=overdue_days), last, len(rows) >= limit)


def count_text(shown: int, search: str, *, total: int | None = None, only: Only = Only.ALL) -> str:
    """How many lines there are, for the label beside the search field; `total`: with those that are not shown yet."""
    searched = bool(search.strip()) or only is not Only.ALL
    if total is not None and total > shown:
        counts = {"shown": shown, "total": total}
        if searched:
            return tr("{shown:,} of {total:,} visits found; scroll down for older ones", **counts)
        return tr("{shown:,} of {total:,} visits; scroll down for older ones", **counts)
    if total is None and shown >= LIMIT:
        return tr("the newest {shown:,} visits; scroll down or search to find older ones", shown=shown)
    return tr("%n visit(s) found", "", shown) if searched else tr("%n visit(s)", "", shown)


def empty_text(search: str, *, read_only: bool, only: Only = Only.ALL) -> str:
    """What stands in an empty list: why it is empty and what to do."""
    if search.strip():
        said = (
            tr('Nothing found for "{search}".', search=search.strip())
            if only is Only.ALL
            else tr('Nothing found for "{search}" among {only}.', search=search.strip(), only=ONLY_WORDS[only].lower())
        )
        return f"{said}\n\n" + tr("Search by name, ID, date, hour, impression or finding; Escape shows all visits.")
    if only is not Only.ALL:
        return f"{_NONE[only]}\n\n" + tr("Escape in the search field shows all visits.")
    if read_only:
        return tr("No visits yet.\n\nThis library is open for reading only.")
    return tr(
        "No visits yet.\n\nChoose New patient to add the first one, or drop two picture files here.\n"
        "Folders or zips with pictures of many visits are brought in by Import pictures, or dropped here."
    )


def birth_text(day: date | None) -> str:
    """A birth date; a word where there is none."""
    return moments.day(day) if day else tr("unknown", "birth date")


def parsed_birth_date(text: str) -> date | None:
    """A birth date typed as 1988-03-14, 14 Mar 1988, 14.03.1988 or 14/03/1988; None for nothing.

    Raises `BadInputError`, also for 03/04/1988: some write the day first and some the month.
    """
    text = text.strip()
    if not text:
        return None
    day = typed_day(text)
    if day is not None and date(1900, 1, 1) <= day <= date.today():
        return day
    raise BadInputError(
        tr("{typed} is no birth date", typed=text),
        safe=tr("nothing was saved"),
        remedy=tr("write it like 14 Mar 1988 or 1988-03-14"),
    )


def typed_day(text: str) -> date | None:
    """A day in any of the ways of `parsed_birth_date`, or as it is shown in the language of the window; None for what
    is none. `BadInputError` for 03/04/1988."""
    text = text.strip()
    _check_order(text)
    typed = _month_in_figures(text)
    for pattern, order in (
        (r"(\d{4})-(\d{1,2})-(\d{1,2})", (0, 1, 2)),
        (r"(\d{1,2})[./](\d{1,2})[./](\d{4})", (2, 1, 0)),
    ):
        found = re.fullmatch(pattern, typed)
        if found:
            parts = [int(part) for part in found.groups()]
            try:
                return date(*(parts[index] for index in order))
            except ValueError:
                return None
    return _as_shown(text)


def _as_shown(text: str) -> date | None:
    """The day that `moments.day` writes so, with a nought before a single figure or without."""
    typed = _NOUGHT.sub("", text.casefold())
    for year in {int(found) for found in re.findall(r"(?<!\d)[12]\d{3}(?!\d)", text)}:
        for number in range(366):
            day = date(year, 1, 1) + timedelta(days=number)
            if _NOUGHT.sub("", moments.day(day).casefold()) == typed:
                return day
    return None


def _check_order(text: str) -> None:
    """`BadInputError` where either figure between slashes could be the month."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if found is None:
        return
    first, second, year = (int(part) for part in found.groups())
    if first != second and all(1 <= part <= len(moments.MONTHS) for part in (first, second)):
        one, other = (
            tr("{day} {month}", day=day, month=moments.SHORT_MONTHS[month - 1])
            for day, month in ((first, second), (second, first))
        )
        raise BadInputError(
            tr("{typed} can mean {one} or {other}", typed=text, one=one, other=other),
            safe=tr("nothing was saved"),
            remedy=tr("write the month as a word, like {one} {year}", one=one, year=year),
        )


def _month_in_figures(text: str) -> str:
    """`14 Mar 1988`, `14 March 1988`, `14 de marzo de 1988` as `14.3.1988`; anything else as it is."""
    found = re.fullmatch(r"(\d{1,2})(?:\.|er)?\s+(?:de\s+)?([^\W\d]{3,10})\.?,?\s+(?:de\s+)?(\d{4})", text)
    if found is None:
        return text
    begun = found[2].casefold()
    for names in (moments.MONTHS, moments.LONG_MONTHS, moments.SHORT_MONTHS):  # English in any language
        fitting = [number for number, name in enumerate(names, start=1) if name.casefold().startswith(begun)]
        if len(fitting) == 1:  # "jui" may be juin or juillet
            return f"{found[1]}.{fitting[0]}.{found[3]}"
    return text


def _line(row: VisitRow, now: datetime, overdue_days: int) -> WorkRow:
    # the zone of this computer and not the offset it has now: a visit in summer keeps its hour in winter
    at, here = row.visit.started_at.astimezone(), now.astimezone()
    name = row.patient.display_name
    impression = row.impression
    born = row.patient.birth_date
    waited = (here.date() - row.visit.day).days
    overdue = row.awaited > 0 and waited > overdue_days
    read = GRADE_WORDS[Grade(impression)] if impression else NOT_READ
    cells = (
        _when(row.visit, here.date()),
        name,
        HIDDEN if row.hidden else birth_text(born),
        row.patient.identifier,
        row.visit.indication,
        pictures_text(row),
        HIDDEN if row.hidden else read,
        HIDDEN if row.hidden else _histology(row, waited, overdue=overdue),
        STATES[0] if row.signed else STATES[1],
    )
    rank = float(Grade(impression).rank) if impression else -1.0
    keys = (
        (at.timestamp(), ""),
        (0.0, name.casefold()),
        (float(born.toordinal()) if born else 0.0, ""),
        (0.0, row.patient.identifier.casefold()),
        (0.0, row.visit.indication.casefold()),
        (float(2 * row.has_white + row.has_fluorescence), f"{row.pictures:04d}"),
        (rank, ""),
        (float(waited) if row.awaited else -1.0 if row.histology else -2.0, row.histology),
        (float(row.signed), ""),
    )
    today, when = row.visit.day == here.date(), moment_of(row.visit)
    return WorkRow(row.visit.id, row.patient.id, cells, keys, today, when, woman_words(row.patient), overdue)


def _histology(row: VisitRow, waited: int, *, overdue: bool) -> str:
    """What is awaited, and for how long; else what the laboratory said, and whether it contradicts the impression."""
    grade = Grade(row.histology) if row.histology else None
    apart = abs(grade.rank - Grade(row.signed_first).rank) if grade is not None and row.signed_first else 0
    sign = f" {APART_SIGN}" if apart >= DISCORDANT else ""
    if overdue:
        return _overdue(waited) + sign
    if row.awaited:
        return awaited_words(waited) + sign
    if grade is None:
        return ""
    words = GRADE_WORDS[grade]
    return tr("{grade} {sign} impression", grade=words, sign=APART_SIGN) if sign else words


def _overdue(days: int) -> str:
    return f"{OVERDUE_SIGN} " + tr("overdue, %n day(s)", "", days)


def awaited_words(days: int) -> str:
    """Of a result that is not there yet."""
    return tr("waiting %n day(s)", "", days)


def longest_waits() -> tuple[str, ...]:
    """What the column of histology has room for, where there is room."""
    return _overdue(999), awaited_words(999)


def pictures_text(row: VisitRow) -> str:
    """Which sources there are, and how many pictures."""
    if row.pictures == 0:
        return tr("none", "pictures")
    if row.has_white and row.has_fluorescence:
        sources = tr("both sources", "pictures of a visit")
    else:
        sources = (
            tr("white light", "pictures of a visit") if row.has_white else tr("fluorescence", "pictures of a visit")
        )
    return f"{sources} ({row.pictures})"


def moment_of(visit: Visit) -> str:
    """When a visit was; the day alone where no more is known."""
    return moments.day(visit.day) if visit.day_only else moments.moment(visit.started_at)


def _when(visit: Visit, today: date) -> str:
    clock = "" if visit.day_only else f" {visit.started_at.astimezone():%H:%M}"
    if visit.day == today:
        return tr("Today") + clock
    if visit.day == today - timedelta(days=1):
        return tr("Yesterday") + clock
    return f"{moments.day(visit.day)}{clock}"
