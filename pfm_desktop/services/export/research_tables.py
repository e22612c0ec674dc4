"""The tables of a set for research: cases, pictures, biopsy sites, and the manifest that `pfm train` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pfm_desktop.domain.anatomy import Spot
from pfm_desktop.domain.findings import SWEDE_ITEMS
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.interop.coco import CocoPicture
from pfm_desktop.interop.tabular import COLUMNS
from pfm_desktop.services.export.research_case import ResearchCase, ResearchPicture, ResearchRead
from pfm_desktop.support.language import tr

CASES, PICTURES, PINS, READS = "cases.csv", "pictures.csv", "pins.csv", "reads.csv"
MANIFEST = "manifest.csv"
GRADE_FROM = "grade_from"  # a column of the manifest: where the grade comes from
IMPRESSION = "impression"  # of who examined; a label by histology or readers comes before it
_ITEMS = tuple(item.key for item in SWEDE_ITEMS)
CASE_COLUMNS = (
    "patient", "case", "day", "age", "impression", "first_read", "second_read", "ai_revealed", *_ITEMS, "swede_total",
    "white", "fluorescence", "histology", "label", "label_from",
)  # fmt: skip
PICTURE_COLUMNS = (
    "patient", "case", "picture", "file", "source", "stage", "width", "height", "seconds", "seconds_since_acid",
    "mm_per_px", "os_x", "os_y", "cervix",
)  # fmt: skip
PIN_COLUMNS = ("patient", "case", "picture", "letter", "x", "y", "hour")
READ_COLUMNS = (
    "patient", "case", "white", "fluorescence", "reader", "task", "place", "turn", "adjudicates", "grade",
    "not_gradable",
    "quality", "seconds", "ai_seen", "regions",
)  # fmt: skip
Cell = str | int | float | None


@dataclass(frozen=True)
class Unlabelled:
    """A case that the manifest does not name, and why."""

    case: str
    why: str


def tables(cases: Sequence[ResearchCase]) -> dict[str, bytes]:
    """`cases.csv`, `pictures.csv`, `pins.csv` and `reads.csv`; coordinates in pixels, 0 the centre of the top-left one.

    All reads stand there, each for itself: a consensus alone cannot be taken apart again.
    """
    pictures = [(case, picture) for case in cases for picture in case.pictures]
    return {
        CASES: table(CASE_COLUMNS, map(_case_row, cases)),
        PICTURES: table(PICTURE_COLUMNS, (_picture_row(*one) for one in pictures)),
        PINS: table(PIN_COLUMNS, (row for one in pictures for row in _pin_rows(*one))),
        READS: table(READ_COLUMNS, (_read_row(case, read) for case in cases for read in case.reads)),
    }


def manifest(cases: Sequence[ResearchCase], digests: dict[str, str]) -> tuple[bytes, tuple[Unlabelled, ...]]:
    """The manifest, and the cases that it cannot name. `digests`: of each picture's pixels by code.

    A picture that stands in two visits would be learned from and judged by: only its first visit is named.
    """
    rows: list[Sequence[Cell]] = []
    out: list[Unlabelled] = []
    seen: set[str] = set()
    for case in cases:
        own = {digests[code] for code in case.pair.values()}
        why = _why_unlabelled(case, twice=bool(own & seen))
        if why:
            out.append(Unlabelled(case.case, why))
            continue
        seen |= own
        files = {picture.code: picture.file for picture in case.pictures}
        white, fluorescence = (files[case.pair[source]] if source in case.pair else "" for source in PLACES)
        grade, origin = (case.label, case.label_from) if case.label else (case.impression, IMPRESSION)
        rows.append((case.patient, case.case, white, fluorescence, grade, origin))
    return table((*COLUMNS, GRADE_FROM), rows), tuple(out)


def coco_pictures(cases: Sequence[ResearchCase]) -> Iterator[CocoPicture]:
    """The pictures with their marks for COCO."""
    for case in cases:
        for picture in case.pictures:
            yield CocoPicture(
                file=picture.file,
                width=picture.width,
                height=picture.height,
                facts={
                    "patient": case.patient,
                    "case": case.case,
                    "source": picture.stage.source.value,
                    "stage": picture.stage.value,
                    "seconds_since_acid": picture.seconds_since_acid,
                    "impression": case.impression or None,
                },
                cervix=picture.cervix,
                os=picture.os,
                biopsies=tuple((pin.letter, pin.spot) for pin in picture.pins),
            )


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """CSV in UTF-8; an empty cell is what is not known."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8")


def _why_unlabelled(case: ResearchCase, *, twice: bool) -> str:
    if not case.pair:
        return tr("no pair of pictures")
    if not case.label and not case.impression:
        return tr("no label, and no impression")
    return tr("one of its pictures stands in another visit as well") if twice else ""


def _case_row(case: ResearchCase) -> Sequence[Cell]:
    swede = [getattr(case.swede, key) for key in _ITEMS]
    return (
        case.patient, case.case, case.day.isoformat(), case.age, case.impression, case.first_read, case.second_read,
        "yes" if case.revealed else "no", *swede, case.swede.total,
        case.pair.get(Source.WHITE), case.pair.get(Source.FLUORESCENCE), case.histology, case.label, case.label_from,
    )  # fmt: skip


def _picture_row(case: ResearchCase, picture: ResearchPicture) -> Sequence[Cell]:
    os_x, os_y = picture.os or (None, None)
    return (
        case.patient, case.case, picture.code, picture.file, picture.stage.source.value, picture.stage.value,
        picture.width, picture.height, picture.seconds, picture.seconds_since_acid, picture.mm_per_px, os_x, os_y,
        _outline_text(picture.cervix),
    )  # fmt: skip


def _pin_rows(case: ResearchCase, picture: ResearchPicture) -> Iterator[Sequence[Cell]]:
    for pin in picture.pins:
        yield case.patient, case.case, picture.code, pin.letter, *pin.spot, pin.hour


def _read_row(case: ResearchCase, read: ResearchRead) -> Sequence[Cell]:
    regions = "; ".join(f"{source.value}: {_outline_text(outline)}" for source, outline in read.regions)
    return (
        case.patient, case.case, read.white, read.fluorescence, read.reader, read.task, read.place, read.turn,
        "yes" if read.adjudicates else "no", read.grade, read.reason, read.quality, read.seconds,
        "yes" if read.ai_seen else "no", regions,
    )  # fmt: skip


def _outline_text(outline: Sequence[Spot] | None) -> str:
    """`x y, x y, ...`"""
    return ", ".join(f"{x:.2f} {y:.2f}" for x, y in outline or ())
