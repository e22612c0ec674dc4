"""An import as a tree of rows: women, their visits, pictures; at its end the files that are not taken. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.import_page import becomes, open_question
from pfm_desktop.viewmodels.importing import ImportPreview, PictureLine, VisitLines, WomanLines

COLUMNS = (tr("Picture"), tr("Stage"), tr("Taken"), tr("Pair"), tr("How sure"), tr("What becomes of it"))
PICTURE, STAGE, TIME, PAIR, SURE, BECOMES = range(len(COLUMNS))


class Kind(StrEnum):
    """What a row is of."""

    WOMAN = "woman"
    VISIT = "visit"
    PICTURE = "picture"
    FILES = "files"
    FILE = "file"


@dataclass(frozen=True)
class Row:
    """One row. `parent` is the number of its row (-1: none), `pictures` the keys of those it stands for.

    `details` is all that is to be said of it; `waits`: somebody has to look.
    """

    kind: Kind
    key: str
    cells: tuple[str, ...]
    parent: int
    place: int  # among its brothers
    details: str = ""
    pictures: tuple[str, ...] = ()
    waits: bool = False
    line: PictureLine | None = None
    held: bool = False  # a woman who is to be confirmed

    @property
    def id(self) -> tuple[Kind, str]:
        """Names it also after the plan was changed."""
        return self.kind, self.key


@dataclass
class Rows:
    """Rows in the order in which they are seen, each with the numbers of those below it; `top` are those of no row."""

    rows: list[Row] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    top: list[int] = field(default_factory=list)

    def add(
        self, kind: Kind, key: str, cells: Sequence[str], parent: int = -1, *, pictures: Iterable[str] = (),
        details: str = "", waits: bool = False, held: bool = False, line: PictureLine | None = None,
    ) -> int:  # fmt: skip
        """Put a row behind the others; returns its number."""
        brothers, number = self.brothers(parent), len(self.rows)
        whole = (*cells, *[""] * (len(COLUMNS) - len(cells)))
        made = Row(kind, key, whole, parent, len(brothers), details, tuple(pictures), waits, line, held)
        brothers.append(number)
        self.rows.append(made)
        self.below.append([])
        return number

    def brothers(self, parent: int) -> list[int]:
        """Numbers of the rows below one (-1: of those of no row)."""
        return self.below[parent] if parent >= 0 else self.top


def rows_of(preview: ImportPreview, *, only_open: bool = False) -> Rows:
    """All rows; with `only_open` of the pictures only those about which something is unsure or missing."""
    made, names = Rows(), _names(preview)
    for woman in preview.women():
        _add_woman(made, woman, names, only_open=only_open)
    skipped = preview.skipped()
    if skipped:
        said = tr("%n file(s) not brought in", "", len(skipped))
        files = made.add(Kind.FILES, "", (said,), details=f"{said}: " + tr("each says why."))
        for one in skipped:
            made.add(
                Kind.FILE,
                one.name,
                (titled(one.name, one.reason),),
                files,
                details=f"{one.name}\n" + tr("Not brought in: {reason}", reason=one.reason),
            )
    return made


def _names(preview: ImportPreview) -> dict[str, str]:
    """What each picture is called, by key: with its folder where names alone do not tell pictures apart.

    That is where two have one name, or pictures of one woman lie in several folders.
    """
    women = [[line for visit in woman.visits for line in visit.pictures] for woman in preview.women()]
    count = Counter(line.name for lines in women for line in lines)
    shared = len(_shared([line.folder for lines in women for line in lines]))
    made = {}
    for lines in women:
        apart = len({line.folder for line in lines}) > 1
        for line in lines:
            folder = "/".join(line.folder.split("/")[shared:])
            made[line.key] = f"{line.name} ({folder})" if folder and (apart or count[line.name] > 1) else line.name
    return made


def _shared(folders: Sequence[str]) -> list[str]:
    """Outer folders that all of these lie in; each of them keeps its last one."""
    parted = [folder.split("/") for folder in dict.fromkeys(folders)]
    shared = []
    for parts in zip(*(one[:-1] for one in parted), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def _add_woman(made: Rows, woman: WomanLines, names: Mapping[str, str], *, only_open: bool) -> None:
    shown = [(visit, _lines(visit, only_open=only_open)) for visit in woman.visits]
    if not any(lines for _, lines in shown):
        return
    everything = [line for visit in woman.visits for line in visit.pictures]
    title = woman.title
    if not woman.known:
        title = tr("Not known whose ({folder})", folder=everything[0].folder)
    known = f": {woman.on_record}" if woman.on_record else ""
    said = f"{title}{known}\n" + tr("Whose: {why}", why=woman.why) + (f"\n{woman.problem}" if woman.problem else "")
    cells = (f"{title}{known}. " + (tr("Look who she is") if woman.problem else _share(everything)),)
    keys = [line.key for _, lines in shown for line in lines]
    held = bool(woman.problem)
    number = made.add(Kind.WOMAN, woman.key, cells, pictures=keys, details=said, waits=held, held=held)
    for visit, lines in shown:
        if lines:
            _add_visit(made, visit, lines, number, names)


def _add_visit(
    made: Rows, visit: VisitLines, lines: Sequence[PictureLine], woman: int, names: Mapping[str, str]
) -> None:
    across = tr("Visit of {when} ({why})", when=visit.when, why=_small(visit.why))
    across = f"{across}. " + tr("No pair") if visit.hint else across
    details = "\n".join(
        [tr("Visit of {when}", when=visit.when), tr("Time: {why}", why=visit.why), _share(visit.pictures), visit.hint]
    ).strip()
    number = made.add(Kind.VISIT, visit.key, (across,), woman, pictures=[line.key for line in lines], details=details)
    for line in lines:
        stage = f"{line.stage}, {line.seconds}" if line.seconds else line.stage
        cells = (names[line.key], stage, line.when_short, line.pair, line.sure, becomes(line))
        made.add(
            Kind.PICTURE, line.key, cells, number, pictures=(line.key,), details=line.details,
            waits=open_question(line), line=line,
        )  # fmt: skip


def _lines(visit: VisitLines, *, only_open: bool) -> list[PictureLine]:
    return [line for line in visit.pictures if not only_open or open_question(line)]


def _small(why: str) -> str:
    return why[:1].lower() + why[1:]


def _share(lines: Sequence[PictureLine]) -> str:
    ready = sum(not line.problem for line in lines)
    return tr("{ready} of %n picture(s) will be brought in", "", len(lines), ready=ready)
