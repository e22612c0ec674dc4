"""A visit as it stands in a set for research: codes, numbers and pixels, and nothing that somebody typed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from pfm_desktop.domain.anatomy import Outline, Spot
from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.findings import Findings, SwedeScore
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.interop.dicom.content import PictureInfo, StudyInfo
from pfm_desktop.interop.dicom.deidentify import Box, Research, blanked, research_picture, research_study
from pfm_desktop.services import burned_in
from pfm_desktop.services.capture.records import acquisitions
from pfm_desktop.services.export import facts
from pfm_desktop.services.export.facts import LeftOut, Pixels
from pfm_desktop.services.export.words_found import words_in
from pfm_desktop.services.pairing import default_pair
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Read
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.labelling import ReadCode, SaidOfVisit
    from pfm_desktop.storage.crosswalk import Alias
    from pfm_desktop.storage.library import Library

_CODE = 8  # hexadecimal digits
COVERED = tr("the margin to blank covers all of it")
SAID_WORDS = tr(
    "its DICOM file says that words are drawn into it, and nobody has covered them: draw a box over them, or a margin"
)
NOT_CHOSEN = tr("it was left out, or is not among the pictures that were looked at")


class WrongBoxError(BadInputError):
    """A box to blank that blanks nothing."""

    def __init__(self, what: str) -> None:
        super().__init__(
            what, safe=tr("nothing was written"), remedy=tr("draw it again: left, top, right, bottom in pixels")
        )


@dataclass(frozen=True)
class ResearchPin:
    """A biopsy site in pixels of its picture; the hour None where the os is not marked."""

    letter: str
    spot: Spot
    hour: int | None


@dataclass(frozen=True)
class ResearchPicture:
    """A picture and what a person marked on it, in its pixels. `seconds`: since the visit began; None: not known."""

    code: str
    file: str  # where it lies in the set
    stage: Stage
    width: int
    height: int
    seconds: float | None
    seconds_since_acid: float | None
    mm_per_px: float | None
    os: Spot | None
    cervix: Outline | None
    pins: tuple[ResearchPin, ...]


@dataclass(frozen=True)
class ResearchRead:
    """What one reader said of a pair: codes of its pictures, codes of reader and task, `place` among the
    reads of that reader (what comes later), and nothing that was typed."""

    white: str
    fluorescence: str
    reader: str
    task: str
    place: int
    turn: int
    adjudicates: bool
    grade: str
    reason: str
    quality: str
    seconds: float
    ai_seen: bool
    regions: tuple[tuple[Source, Outline], ...]


@dataclass(frozen=True)
class ResearchCase:
    """A visit: pseudonym, code, moved day, age at most 90, what was found. `pair` holds codes of pictures.

    `pair` is by source: a picture through a green filter in the second place is `green` there. `label` is the grade of
    its pair by histology or readers, `label_from` says by which; "" where there is none.
    """

    patient: str
    case: str
    day: date
    age: int | None
    impression: str
    first_read: str
    second_read: str
    revealed: bool
    swede: SwedeScore
    pictures: tuple[ResearchPicture, ...]
    pair: Mapping[Source, str]
    histology: str = ""
    label: str = ""
    label_from: str = ""
    reads: tuple[ResearchRead, ...] = ()


@dataclass(frozen=True, eq=False)
class Moved:
    """A visit on its way out: the true `study` and the moved one, its pair and registration, what was left out."""

    visit: VisitCase
    research: Research
    study: StudyInfo
    moved: StudyInfo
    pair: Pair | None
    registration: Registration | None
    infos: dict[str, PictureInfo] = field(default_factory=dict)  # of pictures that were read, already moved
    left: list[LeftOut] = field(default_factory=list)
    words: dict[str, tuple[Box, ...]] = field(default_factory=dict)  # found and made black, by the id of the picture

    @property
    def code(self) -> str:
        """The visit's code, the same in every export of this library."""
        return f"{self.research.pseudonym}-{self.key('visit', self.visit.visit.id)}"

    def key(self, kind: str, of: str) -> str:
        """A short code of a thing of hers, that nobody traces without her secret."""
        return hmac.new(self.research.salt, f"{kind}/{of}".encode(), hashlib.sha256).hexdigest()[:_CODE]

    def picture_code(self, picture: Picture) -> str:
        """`<code of the visit>-acetic_acid-1a2b3c4d`."""
        return f"{self.code}-{picture.stage.value}-{self.key('picture', picture.id)}"

    @property
    def home(self) -> str:
        """The folder of the visit in a set of DICOM."""
        return f"{self.research.pseudonym}/{self.code}"

    def file(self, picture: Picture, *, dicom: bool) -> str:
        """Where a picture lies in a set."""
        code = self.picture_code(picture)
        return f"{self.home}/{code}.dcm" if dicom else f"pictures/{code}.png"

    def leave(self, what: str, why: str) -> None:
        """Note what does not go out."""
        self.left.append(LeftOut(self.visit.visit.id, what, why))


def moved_visit(lib: Library, case: VisitCase, alias: Alias) -> Moved:
    """A visit under her pseudonym. Raises `BadInputError` where that would not be one (`research_study`)."""
    research = Research(alias.pseudonym, alias.salt, alias.offset_days, pixels_looked_at=True)
    study, pair = facts.study_of(case), default_pair(case)
    registration = facts.kept_registration(lib, case, pair) if pair is not None else None
    return Moved(case, research, study, research_study(study, research), pair, registration)


def clean_pictures(
    lib: Library,
    visit: Moved,
    *,
    boxes: Mapping[str, tuple[Box, ...]],
    margin: int,
    only: frozenset[str] | None = None,
    words: Mapping[str, tuple[Box, ...]] = MappingProxyType({}),
) -> Iterator[tuple[Picture, Pixels]]:
    """Her pictures one by one, H x W x 3, with black boxes (by id) and a black margin in pixels; notes their facts.

    `words`: boxes of words found, by id, that somebody saw; in a picture that is not among them they are looked for.
    One that cannot be read, would be black altogether, or is not in `only` (ids), is left out; so is one whose file
    said that words are drawn into it, where no person drew a box or a margin: what is found in it may be a part of
    them. Raises `WrongBoxError` for a box that lies outside of its picture.
    """
    numbers = facts.numbers_of(visit.visit.pictures)
    said_words = burned_in.said_of(lib, [picture.id for picture in visit.visit.pictures])
    live = acquisitions(lib, visit.visit.visit.id)
    for picture in visit.visit.pictures:
        what = tr("picture {number}", number=picture.id[:_CODE])
        if only is not None and picture.id not in only:
            visit.leave(what, NOT_CHOSEN)
            continue
        if picture.id in said_words and not margin and not boxes.get(picture.id):
            visit.leave(what, SAID_WORDS)
            continue
        try:
            pixels, lossy = facts.read_pixels(lib, picture)
        except (StorageError, BadInputError) as error:
            visit.leave(what, error.what)
            continue
        height, width = pixels.shape[:2]
        if 2 * margin >= min(height, width):
            visit.leave(what, COVERED)
            continue
        own = boxes.get(picture.id, ())
        _check_boxes(own, width, height)
        visit.words[picture.id] = found = words[picture.id] if picture.id in words else words_in(picture, pixels)
        clean = blanked(pixels, (*own, *found, *_edges(width, height, margin)))
        number, how = numbers[picture.id], live.get(picture.id)
        info = facts.picture_info(picture, clean, lossy, number, burned_in=False, acquisition=how)
        visit.infos[picture.id] = research_picture(info, visit.study, visit.research)
        yield picture, clean


def research_case(visit: Moved, said: SaidOfVisit, codes: Mapping[str, ReadCode], *, dicom: bool) -> ResearchCase:
    """What tables say of it; after its pictures were read (`clean_pictures`). `dicom`: how those are written.

    `said`: by readers and the laboratory; `codes`: what stands for each read.
    """
    case, findings = visit.visit, visit.visit.findings
    pair = visit.pair
    labelled = said.labels.get(pair.id) if pair is not None else None
    label = labelled.label if labelled is not None else None
    by_source = {source: case.picture(pair.picture_id(source)) for source in PLACES} if pair is not None else {}
    return ResearchCase(
        patient=visit.research.pseudonym,
        case=visit.code,
        day=visit.moved.started_at.date(),
        age=visit.moved.age_years,
        impression=findings.impression.value if findings.impression else "",
        first_read=findings.first_read.impression.value if findings.first_read else "",
        second_read=case.second_read.impression.value if case.second_read else "",
        revealed=findings.revealed,
        swede=findings.swede,
        pictures=tuple(_picture(visit, picture, dicom) for picture in case.pictures if picture.id in visit.infos),
        pair={
            _source(place, picture): visit.picture_code(picture)
            for place, picture in by_source.items()
            if picture is not None and picture.id in visit.infos
        },
        histology=said.histology.grade.value if said.histology is not None else "",
        label=label.grade.value if label is not None else "",
        label_from=label.origin.value if label is not None else "",
        reads=tuple(_read(visit, read, codes[read.id]) for read in said.reads),
    )


def _source(place: Source, picture: Picture) -> Source:
    """What lies in a place of a pair."""
    return Source.WHITE if place is Source.WHITE else picture.second or Source.FLUORESCENCE


def _read(visit: Moved, read: Read, code: ReadCode) -> ResearchRead:
    pair = visit.visit.pair(read.pair_id)
    pictures = {source: visit.visit.picture(pair.picture_id(source)) if pair is not None else None for source in PLACES}
    codes = {
        _source(place, picture): visit.picture_code(picture)
        for place, picture in pictures.items()
        if picture is not None and picture.id in visit.infos
    }
    return ResearchRead(
        white=codes.get(Source.WHITE, ""),
        fluorescence=codes.get(Source.FLUORESCENCE, ""),
        reader=code.reader,
        task=code.task,
        place=code.place,
        turn=read.turn,
        adjudicates=read.adjudicates,
        grade=read.grade.value if read.grade is not None else "",
        reason=read.reason.value if read.reason is not None else "",
        quality=read.quality.value if read.quality is not None else "",
        seconds=round(read.seconds, 1),
        ai_seen=read.ai_seen,
        regions=tuple((region.frame, region.outline) for region in read.regions),
    )


def without_words(visit: Moved) -> Findings:
    """Her findings without what was typed, by whom and when; the writers leave that out as well."""
    findings, at = visit.visit.findings, visit.moved.started_at
    first = findings.first_read
    return replace(
        findings,
        text="",
        plan="",
        signature=None,
        revealed_at=at if findings.revealed else None,
        first_read=replace(first, read_at=at, reader="", reason="") if first is not None else None,
    )


def _check_boxes(boxes: tuple[Box, ...], width: int, height: int) -> None:
    """A box that blanks nothing is a mistake, and what it was to hide would go out."""
    for left, top, right, bottom in boxes:
        if max(left, 0) >= min(right, width) or max(top, 0) >= min(bottom, height):
            raise WrongBoxError(
                tr(
                    "the box {left}, {top}, {right}, {bottom} covers nothing of its picture",
                    left=left,
                    top=top,
                    right=right,
                    bottom=bottom,
                )
            )


def _edges(width: int, height: int, margin: int) -> tuple[Box, ...]:
    if not margin:
        return ()
    return (
        (0, 0, width, margin),
        (0, height - margin, width, height),
        (0, 0, margin, height),
        (width - margin, 0, width, height),
    )


def _picture(visit: Moved, picture: Picture, dicom: bool) -> ResearchPicture:
    case, info = visit.visit, visit.infos[picture.id]
    since = (info.taken_at - visit.moved.started_at).total_seconds()
    return ResearchPicture(
        code=visit.picture_code(picture),
        file=visit.file(picture, dicom=dicom),
        stage=picture.stage,
        width=info.width,
        height=info.height,
        seconds=round(since, 3) if picture.time_known else None,
        seconds_since_acid=picture.seconds_since_acid,
        mm_per_px=picture.mm_per_px,
        os=_os_on(visit, picture),
        cervix=next((mark.outline for mark in case.cervix_marks if mark.picture_id == picture.id), None),
        pins=tuple(_pins(visit, picture)),
    )


def _os_on(visit: Moved, picture: Picture) -> Spot | None:
    """Where a person marked the os on it; of several pairs the last one's mark counts, as on the stage."""
    case = visit.visit
    order = [pair.id for pair in case.pairs]
    marks = [mark for mark in case.os_marks if case.picture_of(mark) == picture]
    last = max(marks, key=lambda mark: order.index(mark.pair_id), default=None)
    return (last.x, last.y) if last is not None else None


def _pins(visit: Moved, picture: Picture) -> Iterator[ResearchPin]:
    for mark in facts.pin_marks(visit.visit, visit.pair, visit.registration):
        if mark.picture_id == picture.id:
            yield ResearchPin(mark.pin.letter, (mark.pin.x, mark.pin.y), mark.hour)
