"""Cases of a library as a network is shown them: read, checked, registered, letterboxed, in memory only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.learning import Case, LeftOut, Why
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, second_of
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.pfm.training.data import PreparedSet
    from pfm_desktop.storage.library import Library

Pixels = NDArray[np.uint8]
TEXT = tr("Preparing pictures")
_THREADS = 2


@dataclass(frozen=True, eq=False)
class Held:
    """The cases in memory, in their order, and those that the engine would refuse."""

    data: PreparedSet
    cases: tuple[Case, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, eq=False)
class _Ready:
    white: Pixels | None
    fluorescence: Pixels | None
    overlap: NDArray[np.bool_] | None


def hold(ctx: Context, lib: Library, cases: Sequence[Case], group_of: Mapping[str, str], *, size: int) -> Held:
    """Prepare the cases for input `size`; patients of the set are the groups of women. Nothing is written.

    The cases are of the same source in the second place, or have none there (`find_cases` gives such).
    A registration that the library keeps is used. Raises `TooFewError` where no case is left.
    """
    from pfm_desktop.pfm.training.held import HeldCases
    from pfm_desktop.pfm.training.split import TooFewError

    seconds = (second_of(case.sources) for case in cases)
    made = HeldCases(size, len(cases), next((one for one in seconds if one is not None), Source.FLUORESCENCE))
    kept: list[Case] = []
    left_out: list[LeftOut] = []
    for done, (case, ready) in enumerate(_in_order(lib, cases)):
        ctx.progress(done, len(cases), TEXT)
        if isinstance(ready, LeftOut):
            left_out.append(ready)
            continue
        woman = group_of.get(case.patient_id, case.patient_id)
        made.add(ready.white, ready.fluorescence, ready.overlap, grade=case.grade, patient=woman, case=case.pair_id)
        kept.append(case)
    if not kept:
        raise TooFewError(
            tr("none of the cases can be used"), safe=tr("nothing was written"), remedy=tr("retake the pictures")
        )
    ctx.progress(len(cases), len(cases), TEXT)
    return Held(made.made(), tuple(kept), tuple(left_out))


def _in_order(lib: Library, cases: Sequence[Case]) -> Iterator[tuple[Case, _Ready | LeftOut]]:
    """Two at a time, on threads: OpenCV leaves the interpreter free. What is ready before its turn waits."""
    waiting: list[tuple[Case, Future[_Ready | LeftOut]]] = []
    rest = iter(cases)
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            waiting += [(case, pool.submit(ready, lib, case)) for case in islice(rest, 2 * _THREADS)]
            while waiting:
                case, future = waiting.pop(0)
                yield case, future.result()
                waiting += [(following, pool.submit(ready, lib, following)) for following in islice(rest, 1)]
        finally:
            for _, future in waiting:
                future.cancel()


def ready(lib: Library, case: Case) -> _Ready | LeftOut:
    """One case, by the same steps as an answer; why it is left out where the engine would refuse it."""
    from pfm_desktop.imaging.io import decode_picture
    from pfm_desktop.services.inference import examine

    try:
        pictures = {
            source: decode_picture(lib.pictures.get(sha256), "picture").pixels
            for source, sha256 in case.pictures.items()
        }
    except (StorageError, BadInputError) as error:
        return LeftOut(case.pair_id, Why.NO_PICTURE, error.what)
    second = second_of(pictures) or Source.FLUORESCENCE
    white, fluorescence = pictures.get(Source.WHITE), pictures.get(second)
    known = _registration(lib, case.pair_id, white, fluorescence)
    found = examine(SilentContext(), white, fluorescence, known=known, second=second)
    if found.refused is not None:
        refused = found.registration is not None and found.registration.status is RegistrationStatus.REFUSED
        return LeftOut(case.pair_id, Why.NOT_REGISTERED if refused else Why.QUALITY, found.refused.reason)
    return _Ready(white, found.warped if found.registration is not None else fluorescence, found.overlap)


def _registration(lib: Library, pair_id: str, white: Pixels | None, fluorescence: Pixels | None) -> Registration | None:
    """The kept one; None where there is none that fits."""
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.storage import answers

    if white is None or fluorescence is None:
        return None
    kept = answers.registration(lib, pair_id)
    if kept is None:
        return None
    try:
        found = Registration.from_bytes(kept.data)
    except BadInputError:
        return None
    sizes = tuple((picture.shape[1], picture.shape[0]) for picture in (white, fluorescence))
    return found if (found.white_size, found.fluorescence_size) == sizes else None


def within_memory(
    cases: Sequence[Case], group_of: Mapping[str, str], *, most: int, seed: int
) -> tuple[tuple[Case, ...], tuple[LeftOut, ...]]:
    """At most `most` cases: whole women drawn by the seed, those of rarer grades first to be full."""
    if len(cases) <= most:
        return tuple(cases), ()
    import random

    by_woman: dict[str, list[Case]] = {}
    for case in cases:
        by_woman.setdefault(group_of.get(case.patient_id, case.patient_id), []).append(case)
    by_grade: dict[int, list[str]] = {}
    for woman in sorted(by_woman):
        by_grade.setdefault(max(case.grade.rank for case in by_woman[woman]), []).append(woman)
    for women in by_grade.values():
        random.Random(seed).shuffle(women)
    chosen: set[str] = set()
    room = most
    for woman in _in_turn(by_grade.values()):
        if len(by_woman[woman]) <= room:
            chosen.update(case.pair_id for case in by_woman[woman])
            room -= len(by_woman[woman])
    kept = tuple(case for case in cases if case.pair_id in chosen)
    return kept, tuple(LeftOut(case.pair_id, Why.TOO_MANY) for case in cases if case.pair_id not in chosen)


def _in_turn(groups: Iterable[Sequence[str]]) -> Iterator[str]:
    """The first of each, then the second of each, and so on."""
    groups = list(groups)
    for place in range(max((len(group) for group in groups), default=0)):
        for group in groups:
            if place < len(group):
                yield group[place]
