"""What the page shows that takes things out of the library: which visits, what is done, what was written. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import VisitRow
from pfm_desktop.domain.people import Act
from pfm_desktop.support import moments, outside
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.export.facts import LeftOut
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.export_sheet import Box, Sheet

SHOWN_LEFT_OUT = 100  # lines; the rest is counted
SHOWN_VISITS = 200  # lines in which visits can be ticked; a search finds the others
NO_PLACE = tr("Choose where it is to go first.")
UNASSIGNED_ONLY = tr("Nobody has said whose these visits are: assign them to patients first.")
NO_VISITS = tr("No visit is chosen.")


class Kind(StrEnum):
    """What comes out."""

    NAMED = "named"
    CSV = "csv"
    COCO = "coco"
    DICOM = "dicom"

    @property
    def words(self) -> str:
        """For the choice."""
        return _KINDS[self]


_KINDS = {
    Kind.NAMED: tr("DICOM WITH names: archive, another clinic"),
    Kind.CSV: tr("Research, without names: CSV, manifest to train"),
    Kind.COCO: tr("Research, without names: the same, and COCO"),
    Kind.DICOM: tr("Research, without names: DICOM"),
}


class Scope(StrEnum):
    """Which visits."""

    ONE = "one"
    TICKED = "ticked"
    FOUND = "found"


@dataclass(frozen=True)
class Picked:
    """The visits that go out. What is counted once is kept: there may be a hundred thousand."""

    rows: tuple[VisitRow, ...] = ()

    def counted(self) -> Picked:
        """The same, counted already: for a thread."""
        for count in ("ids", "count"):
            getattr(self, count)
        return self

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of the visits."""
        return tuple(row.visit.id for row in self.rows)

    @cached_property
    def assigned(self) -> Picked:
        """Those of which it is known whose they are: no others are in a set for research."""
        return Picked(tuple(row for row in self.rows if not row.patient.unassigned))

    @cached_property
    def women(self) -> int:
        """How many."""
        return len({row.patient.id for row in self.rows})

    @cached_property
    def pictures(self) -> int:
        """How many."""
        return sum(row.pictures for row in self.rows)

    @cached_property
    def count(self) -> str:
        """`2 women, 3 visits, 7 pictures`."""
        return COMMA.join((self.who, tr("%n picture(s)", "", self.pictures)))

    @property
    def who(self) -> str:
        """`2 women, 3 visits`."""
        return COMMA.join((tr("%n (woman|women)", "", self.women), tr("%n visit(s)", "", len(self.rows))))


@dataclass(frozen=True)
class Made:
    """What was written, in words. `left_out`: a line for each thing, at most `SHOWN_LEFT_OUT` and a last one."""

    folder: Path
    text: str
    left_out: tuple[str, ...]


def why_not(lib: Library) -> str:
    """Why nothing can be taken out of this library by who is here; "" where it can."""
    from pfm_desktop.storage.access import ACT_WORDS

    for act in (Act.EXPORT, Act.SEE_NAMES):
        if not lib.may(act):
            who = lib.account.name if lib.account is not None else tr("You")
            may_not = tr("{who} may not {act} in this library.", who=who, act=ACT_WORDS[act])
            return f"{may_not} " + tr("Ask a clinician or an administrator of it.")
    if lib.read_only:
        return tr(
            "This library is open for reading only ({why}), and an export must go on "
            "record. Open it where it can be written, then export again.",
            why=lib.read_only_reason,
        )
    return ""


def visit_words(row: VisitRow) -> str:
    """A visit with her name: only who sees names exports."""
    clock = "" if row.visit.day_only else f" {row.visit.started_at.astimezone():%H:%M}"
    said = (f"{moments.day(row.visit.day)}{clock}", row.patient.identifier, row.patient.display_name)
    return "  ".join(part for part in said if part)


def visit_line(row: VisitRow) -> str:
    """A visit in the list."""
    return f"{visit_words(row)}  (" + tr("%n picture(s)", "", row.pictures) + ")"


def free_folder(parent: Path, kind: Kind, today: date) -> Path:
    """A folder in `parent` that is not there yet; nobody's name is in its name."""
    from pfm_desktop.services.export.folder_name import NAMED, RESEARCH, dated

    words, number = NAMED if kind is Kind.NAMED else f"{RESEARCH} {kind.value}", 1
    with suppress(OSError):  # a folder that cannot be read is met by the export, which says so
        while (parent / dated(words, today, number)).exists():
            number += 1
    return parent / dated(words, today, number)


def plan_words(picked: Picked, kind: Kind, *, encrypted: bool, sheet: Sheet | None) -> str:
    """What will be done, before it is done: paragraphs."""
    if not picked.rows:
        return NO_VISITS
    if kind is Kind.NAMED:
        return tr(
            "{visits}, WITH NAMES.\n\nGoes out: name, number, birth date, pictures; findings and pins; "
            "registration of the pair that opens or was signed, its AI answer if it was revealed; of "
            "signed visits the report. Nothing is removed.\n\nIt goes on record, before the first file "
            "is written: who, when, which visits.",
            visits=picked.count,
        )
    picked, staying = picked.assigned, picked
    if not picked.rows:
        return UNASSIGNED_ONLY
    stay = len(staying.rows) - len(picked.rows)
    out = sheet.goes_out_words if sheet is not None else tr("%n picture(s)", "", picked.pictures)
    said = [tr("{visits}, {pictures}, under pseudonyms.", visits=picked.who, pictures=out)]
    if stay:
        said.append(tr("%n visit(s) not assigned to a patient yet: not in the set.", "", stay))
    return "\n\n".join((*said, *_REMOVED, _recorded_words(encrypted=encrypted)))


_REMOVED = (
    tr(
        "Removed: names, numbers, birth dates, all that was typed, who examined, AI answers, cameras, file names. "
        "Days are moved; ages stay, at most 90."
    ),
    tr("Words that are found in pictures are made black."),
    tr(
        "NOT removed: the picture itself, and words in it that are not made black. A scar or a rare finding may tell "
        "who she is: pass it on under agreement."
    ),
)


def _recorded_words(*, encrypted: bool) -> str:
    if encrypted:
        return tr(
            "It goes on record, before the first file is written. The list of pseudonyms stays in the library, "
            "encrypted with it."
        )
    return tr(
        "It goes on record, before the first file is written. The list of pseudonyms stays in the library, READABLE in "
        "its folder: this library is not encrypted."
    )


def why_not_yet(picked: Picked, kind: Kind, folder: Path | None, sheet: Sheet | None) -> str:
    """What is still to be done before the export; "" where nothing is."""
    if not picked.rows:
        return NO_VISITS
    if folder is None:
        return NO_PLACE
    if kind is Kind.NAMED:
        return ""
    if not picked.assigned.rows:
        return UNASSIGNED_ONLY
    return tr("The pictures are still being looked for.") if sheet is None else sheet.why_not_yet


# jobs


def find_visits(
    ctx: Context, lib: Library, search: str, visit_id: str, search_too: bool
) -> tuple[Picked | None, Picked]:
    """Job: all visits that a search finds (all of the library without one), None without `search_too`, which takes
    seconds in a very large library; and the one of this id, if any."""
    from pfm_desktop.services.export.visits import found_visits, one_visit

    ctx.check()
    one = Picked((one_visit(lib, visit_id),)) if visit_id else Picked()
    return Picked(found_visits(lib, search=search)).counted() if search_too else None, one


def find_pictures(ctx: Context, lib: Library, picked: Picked) -> Sheet:
    """Job: the pictures that would go out, to be looked at."""
    from pfm_desktop.services import burned_in
    from pfm_desktop.services.export.visits import pictures_in
    from pfm_desktop.viewmodels.export_sheet import Sheet, shown

    days = {row.visit.id: row.visit.day for row in picked.rows}
    found = pictures_in(ctx, lib, picked.assigned.ids)
    told = burned_in.said_of(lib, [picture.id for picture in found])
    return Sheet(tuple(shown(picture, days[picture.visit_id], words=picture.id in told) for picture in found))


def find_words(ctx: Context, lib: Library, picture_id: str) -> tuple[Box, ...]:
    """Job: boxes of the words that the program finds in a picture; none where it cannot be read, which is said else."""
    from pfm_desktop.services.export.words_found import words_of

    try:
        return words_of(ctx, lib, picture_id)
    except (StorageError, BadInputError):
        return ()


def export(
    ctx: Context, lib: Library, picked: Picked, kind: Kind, folder: Path, sheet: Sheet | None, modality: str = "XC"
) -> Made:
    """Job: do it. Raises as the services do; nothing is left then. `modality`: see `Settings`."""
    names = {row.visit.id: visit_words(row) for row in picked.rows}
    if kind is Kind.NAMED:
        from pfm_desktop.interop.dicom.content import Modality
        from pfm_desktop.services.export.dicom_visit import export_dicom

        dicom = export_dicom(ctx, lib, picked.ids, folder, modality=Modality(modality))
        text = tr(
            "Written, WITH NAMES: {visits}, {files}.",
            visits=tr("%n visit(s)", "", dicom.visits),
            files=tr("%n file(s)", "", dicom.files),
        )
        return Made(dicom.folder, text, left_out_lines(dicom.left_out, names))
    from pfm_desktop.services.export.research import Format, Wish, export_research
    from pfm_desktop.viewmodels.export_words import laid_bare

    assert sheet is not None, "the pictures were not looked at"
    wish = Wish(
        Format(kind.value),
        visits=picked.ids,
        pixels_looked_at=sheet.looked_at,
        boxes=sheet.boxes_that_go_out,
        blank_margin=sheet.margin,
        only=sheet.goes_out,
        words=sheet.words_that_go_out,
        words_laid_bare=laid_bare(sheet),
    )
    made = export_research(ctx, lib, folder, wish)
    text = tr(
        "Written, under pseudonyms: {women}, {visits}, {pictures}.",
        women=tr("%n (woman|women)", "", made.women),
        visits=tr("%n visit(s)", "", made.visits),
        pictures=tr("%n picture(s)", "", made.pictures),
    )
    if kind is not Kind.DICOM:
        text += " " + tr("%n visit(s) with a grade to train on.", "", made.labelled)
    if made.words_boxes:
        where = tr("%n picture(s)", "", made.words_pictures)
        text += " " + tr("Words found and made black: %n box(es) in {pictures}.", "", made.words_boxes, pictures=where)
    return Made(made.folder, "\n".join((text, *made.notes)), left_out_lines(made.left_out, names))


def open_folder(_ctx: Context, folder: str) -> bool:
    """Job: show what was written in the file manager; False where there is none."""
    return outside.open_folder(Path(folder))


def who_is(_ctx: Context, lib: Library, pseudonym: str) -> str:
    """Job: who stands under a pseudonym; that it was asked goes on record."""
    from pfm_desktop.services.export.whose import whose

    found = whose(lib, pseudonym)
    return "  ".join(part for part in (found.identifier, found.display_name) if part)


def left_out_lines(left: Sequence[LeftOut], names: Mapping[str, str]) -> tuple[str, ...]:
    """What was left out and why, by visit; `names` says which visit an id is."""
    lines = [f"{names.get(one.visit_id, one.visit_id)}: {one.what}: {one.why}." for one in left[:SHOWN_LEFT_OUT]]
    if len(left) > SHOWN_LEFT_OUT:
        lines.append(tr("... and {more:,} more.", more=len(left) - SHOWN_LEFT_OUT))
    return tuple(lines)


def ticked(known: Iterable[VisitRow], ids: frozenset[str]) -> Picked:
    """Those of the visits that were seen whose ids are ticked, newest first."""
    rows = {row.visit.id: row for row in known if row.visit.id in ids}
    return Picked(tuple(sorted(rows.values(), key=lambda row: row.visit.started_at, reverse=True)))
