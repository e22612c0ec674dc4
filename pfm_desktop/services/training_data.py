"""From a manifest to prepared training pictures: read, checked, registered, letterboxed.

The same steps as for an answer, so that a network learns from what it will be asked about; what the engine would refuse
is left out, and named.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, together
from pfm_desktop.interop.tabular import ManifestRow
from pfm_desktop.jobs import Context
from pfm_desktop.services.pool import spread
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import sha256_of, write_text
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.pfm.training.data import CaseFacts, PreparedSet

Pixels = NDArray[np.uint8]
LEFT_OUT = "left_out.csv"
BOTH = (Source.WHITE, Source.FLUORESCENCE)


@dataclass(frozen=True)
class LeftOut:
    """A case that cannot be used, and why. `pictures`: digest of what it was to be prepared from."""

    case: str
    reason: str
    pictures: str = ""


class SamePictureError(BadInputError):
    """One picture stands in two lines of a manifest."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Cases on disk, and those that could not be used."""

    data: PreparedSet
    left_out: tuple[LeftOut, ...]


def prepare(
    ctx: Context,
    rows: Sequence[ManifestRow],
    folder: Path,
    *,
    size: int,
    sources: Sequence[Source] = BOTH,
    workers: int = 2,
) -> Prepared:
    """Prepare cases in the order of `rows` in `folder` for a network with input `size`; a stopped run goes on.

    What the folder holds already is used only when it was made from the same pictures; patients and grades are always
    those of `rows`. Hold the folder meanwhile (`sole_use`). Raises `BadInputError` when it holds other cases,
    `SamePictureError` when a picture, under whatever name, belongs to two cases, also of one patient (it would be
    learned from and judged by, or count twice), and `TooFewError` when no case can be used; `BadInputError` also for
    sources that no manifest names.
    """
    from pfm_desktop.pfm.training.data import PreparedSet, PreparedWriter
    from pfm_desktop.pfm.training.split import TooFewError

    _check_named(sources)
    facts = _facts(ctx, rows, sources)
    with PreparedWriter(folder, size, facts) as writer:
        left = _noted(folder, facts)
        if (folder / LEFT_OUT).exists():
            _note(folder, left.values())
        done = {*writer.done, *left}
        waiting = [row for row in rows if row.case not in done]
        for row, made in _in_order(ctx, waiting, tuple(sources), len(done), len(rows), workers):
            pictures = facts[row.case].pictures
            if isinstance(made, LeftOut):
                left[made.case] = replace(made, pictures=pictures)
                _note(folder, left.values())
                continue
            writer.append(
                made.white, made.fluorescence, made.overlap,
                grade=row.grade, patient=row.patient, case=row.case, pictures=pictures, lesion=made.lesion,
            )  # fmt: skip
        if not writer.done:
            raise TooFewError(_nothing(list(left.values())), remedy=tr("retake or replace the pictures"))
    ctx.progress(len(rows), len(rows), tr("Pictures prepared"))
    return Prepared(PreparedSet(folder), tuple(left.values()))


def _check_named(sources: Sequence[Source]) -> None:
    if not set(sources) <= set(BOTH):
        raise BadInputError(
            tr(
                "a manifest names white-light and fluorescence pictures; this model reads {sources}",
                sources=together(sources),
            ),
            safe=tr("nothing was written"),
            remedy=tr("learn from a library, or take a model that reads white light + fluorescence"),
        )


@contextmanager
def in_manifest(manifest: Path) -> Iterator[None]:
    """Around work on the cases of a manifest: what is wrong with them is said of the manifest, by its name."""
    from pfm_desktop.pfm.training.split import TooFewError

    try:
        yield
    except (TooFewError, SamePictureError) as error:
        raise type(error)(f"{manifest}: {error.what}", safe=error.safe, remedy=error.remedy) from error


def digest_of(rows: Sequence[ManifestRow], size: int, sources: Sequence[Source]) -> str:
    """Changes when prepared pictures of these rows would: names, files, their sizes and times, grades, outlines."""
    table = [
        [
            row.patient,
            row.case,
            row.grade.value,
            *(_file_facts(row.picture(source)) for source in BOTH),
            *([_file_facts(row.lesion)] if row.lesion is not None else []),
        ]
        for row in rows
    ]
    return hashlib.sha256(json.dumps([table, size, list(sources)]).encode()).hexdigest()[:16]


def _digest(contents: Mapping[Source, str], outline: Path | None = None) -> str:
    """Of what a case is prepared from: the bytes of its files (see `_content`), and which sources are read."""
    table = [[source.value, contents[source]] for source in sorted(contents)]
    if outline is not None:
        table.append(["lesion", _content(outline)])
    return hashlib.sha256(json.dumps(table).encode()).hexdigest()[:16]


def contents_of(row: ManifestRow) -> set[str]:
    """Digests of the pictures of a case, of either source, as far as they can be read."""
    return {_content(row.picture(source)) for source in BOTH} - set(_NO_PICTURE)


def _facts(ctx: Context, rows: Sequence[ManifestRow], sources: Sequence[Source]) -> dict[str, CaseFacts]:
    from pfm_desktop.pfm.training.data import CaseFacts

    facts = {}
    seen: dict[str, tuple[ManifestRow, Source]] = {}
    for number, row in enumerate(rows):
        ctx.progress(number, len(rows), tr("Comparing pictures"))
        contents = {source: _content(row.picture(source)) for source in sources}
        for source, content in contents.items():
            if content in _NO_PICTURE:
                continue
            first, as_source = seen.setdefault(content, (row, source))
            if first is not row:  # twice in one line is no pair, and told as such
                raise _same(first, as_source, row, source)
        facts[row.case] = CaseFacts(row.patient, row.grade, _digest(contents, row.lesion))
    return facts


_UNREADABLE = "unreadable"
# what is no picture of a patient, however often it is there
_NO_PICTURE = ("", _UNREADABLE, hashlib.sha256().hexdigest())


def _content(file: Path | None) -> str:
    try:
        return sha256_of(file) if file is not None else ""
    except OSError:  # the case will be left out, and the reason told
        return _UNREADABLE


def _same(first: ManifestRow, as_first: Source, second: ManifestRow, as_second: Source) -> SamePictureError:
    places = [
        tr(
            "line {line} (patient {patient}, {picture})",
            line=row.line,
            patient=row.patient,
            picture=row.picture(source),
        )
        for row, source in ((first, as_first), (second, as_second))
    ]
    return SamePictureError(
        tr("one picture stands twice: {first} and {second}", first=places[0], second=places[1]),
        remedy=tr("keep one of the two lines"),
    )


@dataclass(frozen=True, eq=False)
class _Ready:
    """Pictures in one frame: H x W x 3 uint8, `overlap` and the outline `lesion` H x W bool."""

    white: Pixels | None
    fluorescence: Pixels | None
    overlap: NDArray[np.bool_] | None
    lesion: NDArray[np.bool_] | None = None


def _in_order(
    ctx: Context,
    rows: Sequence[ManifestRow],
    sources: tuple[Source, ...],
    before: int,
    total: int,
    workers: int,
) -> Iterator[tuple[ManifestRow, _Ready | LeftOut]]:
    """Each row with its pictures, in order; what is ready before its turn waits."""
    tasks = [(row, sources) for row in rows]
    early: dict[str, _Ready | LeftOut] = {}
    turn = iter(rows)
    row = next(turn, None)
    for task, ready in spread(
        _Behind(ctx, before, total), _ready, tasks, workers=workers, text=tr("Preparing pictures")
    ):
        early[task[0].case] = ready
        while row is not None and row.case in early:
            yield row, early.pop(row.case)
            row = next(turn, None)


class _Behind:
    """A `Context` for the cases that are left: progress counts those done before as well."""

    def __init__(self, ctx: Context, before: int, total: int) -> None:
        self._ctx, self._before, self._total = ctx, before, total

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `jobs.Context.progress`."""
        self._ctx.progress(self._before + done, self._total, text)

    def check(self) -> None:
        """See `jobs.Context.check`."""
        self._ctx.check()


def _ready(task: tuple[ManifestRow, tuple[Source, ...]]) -> _Ready | LeftOut:
    """One case, read, checked and registered; runs in a worker process."""
    from pfm_desktop.imaging.io import read_picture
    from pfm_desktop.imaging.outline import read_outline

    row, sources = task
    files = {source: row.picture(source) for source in sources}
    try:
        pictures = {source: read_picture(file).pixels for source, file in files.items() if file is not None}
        white = pictures.get(Source.WHITE)
        lesion = read_outline(row.lesion, white.shape[:2]) if row.lesion is not None and white is not None else None
    except BadInputError as error:
        return LeftOut(row.case, error.what)
    if not pictures:
        return LeftOut(row.case, f"no {' or '.join(sources)} picture")
    made = _checked(row.case, pictures)
    return made if isinstance(made, LeftOut) else replace(made, lesion=lesion)


def _checked(case: str, pictures: dict[Source, Pixels]) -> _Ready | LeftOut:
    from pfm_desktop.imaging import quality
    from pfm_desktop.imaging.field import register_lit

    for source, pixels in pictures.items():
        verdict = quality.assess(pixels, source)
        if verdict.verdict is Verdict.UNUSABLE:
            return LeftOut(case, f"{source}: {', '.join(verdict.problems)}")
    white, fluorescence = pictures.get(Source.WHITE), pictures.get(Source.FLUORESCENCE)
    if white is None or fluorescence is None:
        return _Ready(white, fluorescence, None)
    registration = register_lit(white, fluorescence)
    pair = quality.assess_pair(white, fluorescence, registration)
    if registration.status is RegistrationStatus.REFUSED or pair.verdict is Verdict.UNUSABLE:
        return LeftOut(case, f"pair: {', '.join(pair.problems)}")
    return _Ready(white, *registration.in_white_frame(fluorescence))


def _noted(folder: Path, facts: Mapping[str, CaseFacts]) -> dict[str, LeftOut]:
    """What was left out before, as far as it is asked for again with the same pictures."""
    path = folder / LEFT_OUT
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        found = [LeftOut(row["case"], row["reason"], row.get("pictures") or "") for row in csv.DictReader(stream)]
    return {item.case: item for item in found if item.case in facts and facts[item.case].pictures == item.pictures}


def _note(folder: Path, left: Iterable[LeftOut]) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["case", "reason", "pictures"])
    writer.writerows([item.case, item.reason, item.pictures] for item in left)
    write_text(folder / LEFT_OUT, table.getvalue())


def _nothing(left: Sequence[LeftOut]) -> str:
    first = f": {left[0].case}: {left[0].reason}" if left else ""
    if len(left) == 1:
        return tr("the only case cannot be used") + first
    return tr("none of the {cases} cases can be used", cases=len(left)) + first


def _file_facts(file: Path | None) -> list[object]:
    if file is None:
        return []
    facts = file.stat()
    return [str(file), facts.st_size, facts.st_mtime_ns]
