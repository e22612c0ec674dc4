"""What a library holds to learn from: one pair a visit with a grade, where that comes from, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pfm_desktop.domain.grade import GRADE_WORDS, GRADES, Grade
from pfm_desktop.domain.labelling import Labelled, Open
from pfm_desktop.domain.learning import (
    Case,
    Found,
    Group,
    LeftOut,
    Run,
    Said,
    Why,
    counts_by,
    group_names,
    worst_grades,
)
from pfm_desktop.domain.source import Source, second_of, together
from pfm_desktop.jobs import Context
from pfm_desktop.services import labelling
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.learning import PairRow
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

ENOUGH = 10  # women a grade: fewer leave a side without that grade
_OPEN = {
    Open.UNREAD: Why.NO_LABEL,
    Open.CONTRADICTORY: Why.CONTRADICTORY,
    Open.NOT_GRADABLE: Why.NOT_GRADABLE,
    Open.WAITING: Why.WAITING,
}
_Label = tuple[Grade, Said]


@dataclass(frozen=True)
class Wish:
    """Which cases. `impressions`: where a visit has no label, its signed impression may be used. `sources`: those
    that the model is to read; of two, pairs with another one are left out, as the model would refuse them. `enough`:
    women needed of each grade."""

    sources: tuple[Source, ...] = (Source.WHITE, Source.FLUORESCENCE)
    impressions: bool = False
    enough: int = ENOUGH


def wish_of(run: Run) -> Wish:
    """The wish for cases that the model of a run reads: to go on with it, or to look at its locked test."""
    sources = tuple(map(Source, run.settings.get("sources", ()))) or Wish().sources
    return Wish(sources=sources, impressions=bool(run.settings.get("impressions")))


def find_cases(ctx: Context, lib: Library, wish: Wish | None = None) -> Found:
    """The cases of the library, and the pairs that are left out; no picture is opened. As a job.

    Of each visit one pair: one of the sources of the wish before another, one that was graded before one that was not,
    then the one that opens. A pair that nobody
    was to grade and whose visit has neither histology nor a signed impression is no case and is not mentioned.
    Raises `NotAllowedError` for who does not see what others read.
    """
    wish = wish or Wish()
    ctx.progress(0, 3, tr("Reading what is on record"))
    with lib.read() as session:
        rows = stored.pair_rows(session)
        impressions = stored.signed_impressions(session) if wish.impressions else {}
        refused = stored.not_registered(session)
    ctx.progress(1, 3, tr("Reading the labels"))
    labels = labelling.labels(lib, [row.pair_id for row in rows])
    ctx.progress(2, 3, tr("Looking for the pictures"))
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    for row, label, why in _chosen(ctx, rows, labels, impressions, wish):
        one = _case(lib, row, label, why, wish, refused)
        if isinstance(one, Case):
            cases.append(one)
        else:
            left_out.append(one)
    ctx.progress(3, 3, tr("Done"))
    second = second_of(wish.sources)
    if second not in (None, Source.FLUORESCENCE) and all(second_of(case.sources) is None for case in cases):
        left_out += [LeftOut(case.pair_id, Why.NO_SECOND) for case in cases]  # nothing would teach that source
        cases = []
    return Found(tuple(cases), tuple(left_out))


def _chosen(
    ctx: Context,
    rows: Sequence[PairRow],
    labels: Mapping[str, Labelled],
    impressions: Mapping[str, tuple[Grade, bool]],
    wish: Wish,
) -> Iterator[tuple[PairRow, _Label | None, Why]]:
    """Of each visit the pair to learn from, its label, and why there is none."""
    for visit_id, group in groupby(rows, key=lambda row: row.visit_id):
        ctx.check()
        pairs = list(group)[::-1]
        pairs = [row for row in pairs if _read(row, wish)] or pairs
        row = next((row for row in pairs if labels[row.pair_id].label is not None), None)
        label = labels[row.pair_id].label if row is not None else None
        if row is not None and label is not None:
            yield row, (label.grade, Said(label.origin.value)), Why.NO_LABEL
            continue
        read = next((row for row in pairs if labels[row.pair_id].why_not is not Open.UNREAD), None)
        if visit_id in impressions and read is None:
            grade, after_ai = impressions[visit_id]
            yield pairs[0], (grade, Said.IMPRESSION_AFTER_AI if after_ai else Said.IMPRESSION), Why.NO_LABEL
        else:
            row = read or pairs[0]
            yield row, None, _OPEN[labels[row.pair_id].why_not or Open.UNREAD]


def _read(row: PairRow, wish: Wish) -> bool:
    """Whether a model of the sources of the wish would answer about a pair."""
    return len(wish.sources) < 2 or set(row.pictures) <= set(wish.sources)


def _case(
    lib: Library, row: PairRow, label: _Label | None, why: Why, wish: Wish, refused: frozenset[str]
) -> Case | LeftOut:
    if row.unassigned:  # she cannot be kept on one side
        return LeftOut(row.pair_id, Why.UNASSIGNED)
    if label is None:
        return LeftOut(row.pair_id, why)
    pictures = {source: sha256 for source, sha256 in row.pictures.items() if source in wish.sources}
    if not pictures or not _read(row, wish):
        return LeftOut(row.pair_id, Why.OTHER_SOURCES)
    if any(lib.pictures.find(sha256) is None for sha256 in pictures.values()):
        return LeftOut(row.pair_id, Why.NO_PICTURE)
    if len(pictures) > 1 and row.pair_id in refused:
        return LeftOut(row.pair_id, Why.NOT_REGISTERED)
    return Case(row.pair_id, row.patient_id, label[0], label[1], row.device, pictures)


def missing_women(cases: Iterable[Case], groups: Sequence[Group] = (), *, enough: int = ENOUGH) -> Mapping[Grade, int]:
    """How many women of which grade are missing; women of one group count as one, with their worst grade."""
    worst = list(worst_grades(cases, group_names(groups)).values())
    have = {grade: worst.count(grade.rank) for grade in GRADES}
    return {grade: enough - count for grade, count in have.items() if count < enough}


def teaching(cases: Sequence[Case], sources: Sequence[Source]) -> tuple[Case, ...]:
    """The cases that have to be enough: for a second source that no model here reads yet those that show it, else all.

    White light alone teaches nothing of a green filter, however many there are.
    """
    second = second_of(sources)
    if second in (None, Source.FLUORESCENCE):
        return tuple(cases)
    return tuple(case for case in cases if second_of(case.sources) is second)


def check_enough(cases: Sequence[Case], groups: Sequence[Group] = (), *, enough: int = ENOUGH) -> None:
    """Raise `TooFewError` that names how many women of which grade are missing."""
    from pfm_desktop.pfm.training.split import TooFewError

    missing = missing_women(cases, groups, enough=enough)
    if not missing:
        return
    said = ", ".join(
        tr("{grade} {missing} more (has {there})", grade=GRADE_WORDS[grade], missing=count, there=enough - count)
        for grade, count in missing.items()
    )
    raise TooFewError(
        tr("too few women to learn from: each grade needs {enough}; missing: {grades}", enough=enough, grades=said),
        safe=tr("nothing was written, and the model in use stays"),
        remedy=tr("grade the pairs of more women, or enter their histology"),
    )


def check_sources(cases: Iterable[Case], sources: Sequence[Source]) -> None:
    """Raise `BadInputError` where a case shows another source in the second place than a model of `sources` reads."""
    wanted = second_of(sources)
    other = next((case for case in cases if second_of(case.sources) not in (None, wanted)), None)
    if wanted is not None and other is not None:
        raise BadInputError(
            tr(
                "the model is to read {sources}, the cases are {others}",
                sources=together(sources),
                others=together(other.sources),
            ),
            safe=tr("nothing was written, and the model in use stays"),
            remedy=tr("find cases of these sources, or learn a model that reads those of the cases"),
        )


def seconds_for(cases: int, runs: Iterable[Run], *, size: int, measured: float | None = None) -> float | None:
    """How long learning from so many cases may take, by the last whole run at this input size on this library.

    `measured`: seconds a case of another source, used where there was no such run. None: nobody knows yet.
    """
    for run in runs:
        seconds, learned, at = (run.counts.get(name) for name in ("seconds", "pairs_prepared", "size"))
        if seconds and learned and at == size and not run.counts.get("resumed"):
            return float(seconds) / int(learned) * cases
    return None if measured is None else measured * cases


def said_of(found: Found) -> tuple[str, ...]:
    """What there is, a line each, for a person."""
    lines = [tr("{cases} cases of {women} women", cases=len(found.cases), women=found.women)]
    for key, title in (("grade", tr("grade")), ("device", tr("device")), ("said", tr("origin"))):
        counts = counts_by(found.cases, key)
        parts = [
            tr("{name} {cases} ({women} women)", name=name or tr("not known"), cases=one.cases, women=one.women)
            for name, one in counts.items()
        ]
        lines.append(f"{title}: {', '.join(parts)}")
    return tuple(lines)
