"""Women who may be one: two on record who share a picture, or one that is nearly the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Case, Group, LeftOut, Said, Why
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Context
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage import learning_past
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.alike import Look

_LONGEST = 384  # pixels that are decoded; what is compared is far smaller
_THREADS = 2
_TOLD = 50  # candidates between two words about how far it is


@dataclass(frozen=True)
class Compared:
    """Groups of women who stand on one side, and the cases whose pictures could not be read."""

    groups: tuple[Group, ...]
    left_out: tuple[LeftOut, ...]


def groups_of(ctx: Context, lib: Library, cases: Sequence[Case]) -> Compared:
    """Compare the pictures of all cases, each source by itself, and put women with nearly the same ones together.

    Finds a picture that was compressed again, scaled, turned by quarters, mirrored, or cropped by up to about a fifth
    at an edge (`imaging.alike`); nothing is kept.
    Pictures that went off the record since a run met them are compared too, and those of women who have a part and no
    label now: a woman who comes back under another number is held together with who she was.
    """
    more = [*_gone(lib), *_unlabelled(lib, cases)]
    looks, left_out = _looks(ctx, lib, [*cases, *more])
    left_out = tuple(one for one in left_out if one.pair_id)
    cases = [*cases, *more]
    links: list[tuple[Case, Case]] = []
    for source in Source:
        there = [(case, looks[case.pictures[source]]) for case in cases if case.pictures.get(source) in looks]
        links += _links(ctx, there, source)
    return Compared(joined(links), left_out)


def joined(links: Iterable[tuple[Case, Case]]) -> tuple[Group, ...]:
    """Groups from likenesses of two: who is like one of a group belongs to all of it."""
    leader: dict[str, str] = {}

    def of(woman: str) -> str:
        while leader.setdefault(woman, woman) != woman:
            woman = leader[woman]
        return woman

    pairs: list[tuple[str, str, str]] = []
    for first, second in links:
        one, other = sorted((of(first.patient_id), of(second.patient_id)))
        leader[other] = one
        if first.pair_id and second.pair_id:
            pairs.append((first.patient_id, first.pair_id, second.pair_id))
    found: dict[str, tuple[list[str], list[tuple[str, str]]]] = {}
    for woman in sorted(leader):
        found.setdefault(of(woman), ([], []))[0].append(woman)
    for woman, one, other in pairs:
        found[of(woman)][1].append((one, other))
    return tuple(Group(tuple(women), tuple(dict.fromkeys(likenesses))) for women, likenesses in found.values())


def _gone(lib: Library) -> list[Case]:
    """Pictures that no record has any more, each as a case without a pair of a woman who had it; whatever its source,
    as either."""
    with lib.read() as session:
        past = learning_past.had(session)
        return [
            Case("", woman, Grade.NORMAL, Said.MAJORITY, "", dict.fromkeys(Source, sha256))
            for sha256 in sorted(learning_past.gone(session, past))
            for woman in sorted(past[sha256])
        ]


def _unlabelled(lib: Library, cases: Sequence[Case]) -> list[Case]:
    """Pairs of women who have a part, where they are no cases; without their id, as nothing is left out for them."""
    there = {case.pair_id for case in cases}
    with lib.read() as session:
        parts = stored.parts(session)
        rows = stored.pair_rows(session) if parts else []
    return [
        Case("", row.patient_id, Grade.NORMAL, Said.MAJORITY, "", row.pictures)
        for row in rows
        if row.patient_id in parts and row.pair_id not in there
    ]


def _looks(ctx: Context, lib: Library, cases: Sequence[Case]) -> tuple[dict[str, Look], tuple[LeftOut, ...]]:
    wanted = list(dict.fromkeys(sha256 for case in cases for sha256 in case.pictures.values()))
    looks: dict[str, Look] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (sha256, look) in enumerate(zip(wanted, pool.map(lambda one: _look(lib, one), wanted), strict=True)):
            ctx.progress(done, len(wanted), tr("Comparing pictures"))
            if look is not None:
                looks[sha256] = look
    left_out = tuple(
        LeftOut(case.pair_id, Why.NO_PICTURE)
        for case in cases
        if any(sha256 not in looks for sha256 in case.pictures.values())
    )
    return looks, left_out


def _look(lib: Library, sha256: str) -> Look | None:
    from pfm_desktop.imaging.alike import look_of
    from pfm_desktop.imaging.io import decode_picture

    try:
        return look_of(decode_picture(lib.pictures.get(sha256), "picture", longest=_LONGEST).pixels)
    except (StorageError, BadInputError):  # missing, altered, or no picture: the case is left out
        return None


def _links(ctx: Context, there: Sequence[tuple[Case, Look]], source: Source) -> list[tuple[Case, Case]]:
    from pfm_desktop.imaging.alike import alike, candidates

    numbers: dict[str, int] = {}
    others = [numbers.setdefault(case.patient_id, len(numbers)) for case, _ in there]
    links = []
    for done, (first, second) in enumerate(candidates([look for _, look in there], others)):
        if done % _TOLD == 0:
            ctx.progress(
                done, done + _TOLD, tr("Comparing {source} pictures that may be the same", source=source.words)
            )
        (one, look), (other, look_of_other) = there[first], there[second]
        if one.pictures[source] == other.pictures[source] or alike(look, look_of_other):
            links.append((one, other))
    return links
