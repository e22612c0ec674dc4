"""A set for research: under pseudonyms, with moved dates, written anew from pixels, numbers and codes.

What is removed and what is not stands in docs/export.md. The list of pseudonyms stays in the library
(`storage.crosswalk`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import VisitRow
from pfm_desktop.domain.prediction import BANNER_ENGLISH as BANNER
from pfm_desktop.interop.coco import coco
from pfm_desktop.interop.dicom.deidentify import Box
from pfm_desktop.jobs import Context
from pfm_desktop.services.export.facts import LeftOut, Pixels, of_report_alone
from pfm_desktop.services.export.folder import Begun, ExportFolder, export_folder
from pfm_desktop.services.export.research_case import (
    Moved,
    ResearchCase,
    WrongBoxError,
    clean_pictures,
    moved_visit,
    research_case,
)
from pfm_desktop.services.export.research_dicom import write_objects
from pfm_desktop.services.export.research_tables import MANIFEST, coco_pictures, manifest, tables
from pfm_desktop.services.export.visits import NOTHING, check_may_leave, each_visit, found_visits, named_visits
from pfm_desktop.services.export.words_found import check_can_look
from pfm_desktop.services.labelling import read_codes, said_of_visit
from pfm_desktop.storage import crosswalk
from pfm_desktop.storage import repositories as stored
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import json_bytes
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library

UNASSIGNED = tr("nobody has said who the woman is: assign the visit to a patient first")
COCO_FILE, README = "coco.json", "README.txt"
CROSSWALK_READABLE = tr(
    "This library is not encrypted: the list of pseudonyms lies readable in it, for whoever can read its folder."
)
CROSSWALK_KEPT = tr("The list of pseudonyms is kept in the library, encrypted with it. Nothing of it is in the export.")
NOT_ALL = tr(
    "Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under agreement."
)


class Format(StrEnum):
    """How a set is written."""

    CSV = "csv"
    COCO = "coco"
    DICOM = "dicom"


@dataclass(frozen=True)
class Wish:
    """Which visits, and how. Without `visits` (ids, or their beginnings) those that `search` finds, else all.

    `pixels_looked_at`: a person looked at each picture for words drawn into it that name somebody; without that
    nothing is written. What was seen is made black: `boxes` (left, top, right, bottom in pixels, right and bottom not
    part of it) by the id of the picture, and `blank_margin` pixels along each edge of every picture. `only`: the ids of
    the pictures that were looked at and may go out; None: all.

    Words that the program finds in pictures are made black as well. `words`, by the id of the picture: what somebody
    saw of them and left covered; in pictures that are not among them they are looked for while the set is written.
    `words_laid_bare`: how many boxes somebody took away as no words, for the record.
    """

    format: Format = Format.CSV
    search: str = ""
    visits: tuple[str, ...] = ()
    pixels_looked_at: bool = False
    boxes: Mapping[str, tuple[Box, ...]] = field(default_factory=dict)
    blank_margin: int = 0
    only: frozenset[str] | None = None
    words: Mapping[str, tuple[Box, ...]] = field(default_factory=dict)
    words_laid_bare: int = 0


@dataclass(frozen=True)
class ResearchExport:
    """What was written. `labelled`: cases that the manifest names; `notes` are for the person who exports.

    `words_boxes` were made black in `words_pictures`, because the program found words there.
    """

    folder: Path
    women: int
    visits: int
    pictures: int
    labelled: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    words_boxes: int = 0
    words_pictures: int = 0


def export_research(ctx: Context, lib: Library, out: Path, wish: Wish) -> ResearchExport:
    """Job: write a set for research into the new or empty folder `out`, whole or not at all.

    Raises `NotAllowedError`, `StorageError` (read-only library, full disk), `BadInputError` (nobody looked at the
    pictures, no such visit, folder not empty, nothing to export), `ModelError` (words cannot be looked for) and
    `Cancelled`; nothing is left then but new pseudonyms in the library's list. What alone cannot go out is in
    `left_out`.
    """
    check_may_leave(lib)
    _check_wish(wish)
    check_can_look()
    rows = named_visits(lib, wish.visits) if wish.visits else found_visits(lib, search=wish.search)
    if not rows:
        raise BadInputError(tr("no visit was found to export"), safe=NOTHING, remedy=tr("search for something else"))
    with export_folder(lib, out, _begun(wish, rows)) as folder:
        called = crosswalk.aliases(lib, (row.patient.id for row in rows))
        known = [row for row in rows if not row.patient.unassigned]
        ordered = sorted(known, key=lambda row: (called[row.patient.id].pseudonym, row.visit.started_at))
        made = _Set(lib, folder, wish, called)
        made.leave_unassigned([row for row in rows if row.patient.unassigned])
        for case in each_visit(ctx, lib, ordered):
            made.add(ctx, case)
        made.tables()
        folder.finish("research", "Exported for research, under pseudonyms", made.details(rows))
    return made.done()


def _begun(wish: Wish, rows: Sequence[VisitRow]) -> Begun:
    """Which visits were asked for, by id: pictures of them may lie readable before it is known which go out."""
    asked = {"format": wish.format.value, "visits_asked": len(rows), "visit_ids": [row.visit.id for row in rows]}
    return Begun("research", "for research, under pseudonyms", asked)


def _check_wish(wish: Wish) -> None:
    if not wish.pixels_looked_at:
        raise BadInputError(
            tr("nobody said that the pictures were looked at for names drawn into them"),
            safe=NOTHING,
            remedy=tr("look at each picture, blank what names somebody, and say so (--pixels-looked-at)"),
        )
    if wish.blank_margin < 0:
        raise BadInputError(tr("the margin to blank is less than 0 pixels"), safe=NOTHING, remedy=tr("give 0 or more"))


class _Set:
    """A set while it is written."""

    def __init__(self, lib: Library, folder: ExportFolder, wish: Wish, called: Mapping[str, crosswalk.Alias]) -> None:
        self.lib, self.folder, self.wish, self.called = lib, folder, wish, called
        self.cases: list[ResearchCase] = []
        self.left: list[LeftOut] = []
        self.codes = read_codes(lib)
        self.digests: dict[str, str] = {}  # of pixels, by the picture's code
        self.blanked: set[str] = set()  # pictures whose boxes were drawn
        self.labelled = self.words_boxes = self.words_pictures = 0

    def leave_unassigned(self, rows: Sequence[VisitRow]) -> None:
        """Visits of nobody: their woman cannot be told from the others, nor be kept together with herself."""
        for row in rows:
            self.left.append(LeftOut(row.visit.id, tr("the visit"), UNASSIGNED))
            with self.lib.read() as session:  # what was drawn black in them is not missed
                self.blanked.update(picture.id for picture in stored.pictures_of(session, row.visit.id))

    def add(self, ctx: Context, case: VisitCase) -> None:
        """A visit, with its pictures; what of it cannot go out is left out."""
        try:
            visit = moved_visit(self.lib, case, self.called[case.patient.id])
        except BadInputError as error:
            self.left.append(LeftOut(case.visit.id, tr("the visit"), error.what))
            return
        pixels: dict[str, Pixels] = {}
        wish = self.wish
        ready = clean_pictures(
            self.lib, visit, boxes=wish.boxes, margin=wish.blank_margin, only=wish.only, words=wish.words
        )
        for picture, clean in ready:
            ctx.check()
            self.blanked.add(picture.id)
            self._count_words(len(visit.words[picture.id]))
            self.digests[visit.picture_code(picture)] = hashlib.sha256(clean.tobytes()).hexdigest()
            if self.wish.format is Format.DICOM:
                pixels[picture.id] = clean
            else:
                self._write_png(visit.file(picture, dicom=False), clean)
        self._finish_case(visit, pixels)

    def _count_words(self, boxes: int) -> None:
        self.words_boxes += boxes
        self.words_pictures += bool(boxes)

    def _write_png(self, name: str, pixels: Pixels) -> None:
        from pfm_desktop.imaging.io import encode_png

        self.folder.write(name, encode_png(pixels))

    def _finish_case(self, visit: Moved, pixels: Mapping[str, Pixels]) -> None:
        if visit.infos:
            if self.wish.format is Format.DICOM:
                write_objects(self.folder, visit, pixels)
            case = visit.visit
            said = said_of_visit(self.lib, case.visit.id, [pair.id for pair in case.pairs])
            self.cases.append(research_case(visit, said, self.codes, dicom=self.wish.format is Format.DICOM))
        else:
            visit.leave(tr("the visit"), tr("it has no picture that can go out"))
        self.left += [*visit.left, *of_report_alone(self.lib, visit.visit)]

    def tables(self) -> None:
        """All that is written once every case is known. Raises `WrongBoxError` for boxes of no picture in the set."""
        astray = len(set(self.wish.boxes) - self.blanked)
        if astray:
            raise WrongBoxError(
                tr("boxes to blank were drawn for {count} pictures that are not in this export", count=astray)
            )
        if not self.cases:
            raise BadInputError(
                tr("none of these visits has a picture that can go out"),
                safe=NOTHING,
                remedy=tr("look at the first one: {reason}", reason=self.left[0].why)
                if self.left
                else tr("add pictures first"),
            )
        for name, data in self._files().items():
            self.folder.write(name, data)

    def _files(self) -> dict[str, bytes]:
        own = tables(self.cases)
        if self.wish.format is not Format.DICOM:
            own[MANIFEST], unlabelled = manifest(self.cases, self.digests)
            self.labelled = len(self.cases) - len(unlabelled)
            self.left += [LeftOut(one.case, tr("a line of the manifest"), one.why) for one in unlabelled]
        if self.wish.format is Format.COCO:
            said = f"Pictures of the cervix under pseudonyms. {BANNER}."
            own[COCO_FILE] = json_bytes(coco(tuple(coco_pictures(self.cases)), description=said))
        own[README] = self._readme().encode("utf-8")
        return own

    def _readme(self) -> str:
        women, visits, pictures = self.counts
        return (
            f"{BANNER}.\n\nA set for research: {women} women, {visits} visits, {pictures} pictures.\n"
            "Names, identifiers, birth dates, free text, file names, cameras and metadata are not in it. All days of a "
            "woman are moved by one number of days; ages are at most 90.\n"
            "Pictures themselves may still tell who somebody is, and so may a rare finding: pass it on under "
            "agreement.\nDo not try to find out who somebody is.\n"
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """Women, visits, pictures."""
        pictures = sum(len(case.pictures) for case in self.cases)
        return len({case.patient for case in self.cases}), len(self.cases), pictures

    def details(self, rows: Sequence[VisitRow]) -> dict[str, str | int | bool]:
        """For the journal: counts and how, no name, no path, no word of the search."""
        women, visits, pictures = self.counts
        return {
            "format": self.wish.format.value,
            "women": women,
            "visits": visits,
            "visits_asked": len(rows),
            "pictures": pictures,
            "left_out": len(self.left),
            "pixels_looked_at": self.wish.pixels_looked_at,
            "blank_margin": self.wish.blank_margin,
            "blanked_boxes": sum(len(boxes) for boxes in self.wish.boxes.values()),
            "words_boxes": self.words_boxes,
            "words_pictures": self.words_pictures,
            "words_laid_bare": self.wish.words_laid_bare,
        }

    def done(self) -> ResearchExport:
        """For the person who exports."""
        kept = CROSSWALK_KEPT if self.lib.keys is not None else CROSSWALK_READABLE
        return ResearchExport(
            self.folder.out, *self.counts, self.labelled, tuple(self.left), (kept, NOT_ALL),
            words_boxes=self.words_boxes, words_pictures=self.words_pictures,
        )  # fmt: skip
