"""How a person changes a plan: each function returns a new one. KeyError for a picture or visit that is not in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from itertools import permutations

from pfm_desktop.domain.source import Stage
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.guess import Guess, Sure, confirmed_guess, said, unknown
from pfm_desktop.services.importing.plan import (
    ImportPlan,
    PlannedPicture,
    PlannedVisit,
    arranged,
    may_pair,
    unused,
    woman_key,
)
from pfm_desktop.services.importing.visit_times import said_time
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

BY_HAND = tr("set by hand")


def set_stage(
    plan: ImportPlan, keys: Collection[str], stage: Stage, *, seconds_since_acid: float | None = None
) -> ImportPlan:
    """Say the stage of pictures, and with it their source."""

    def changed(picture: PlannedPicture) -> PlannedPicture:
        seconds = picture.seconds_since_acid if seconds_since_acid is None else said(seconds_since_acid, BY_HAND)
        return replace(
            picture, stage=said(stage, BY_HAND), source=said(stage.source, BY_HAND), seconds_since_acid=seconds
        )

    return _each(plan, keys, changed)


def set_patient(plan: ImportPlan, keys: Collection[str], identifier: str) -> ImportPlan:
    """Say whose pictures these are; they leave the visit they were tied to. "": it is not known after all."""
    whose = said(identifier.strip(), BY_HAND) if identifier.strip() else unknown(BY_HAND)

    def changed(picture: PlannedPicture) -> PlannedPicture:
        return replace(picture, patient=whose, person=None, visit="", named=(), issuer="")

    return _each(plan, keys, changed)


def move(plan: ImportPlan, keys: Collection[str], visit_key: str | None) -> ImportPlan:
    """Put pictures into another visit, and so perhaps to another woman; None: into a visit of their own."""
    if visit_key is None:
        return _of_their_own(plan, keys)
    target = visit_of(plan, visit_key)
    first = target.pictures[0]
    tied = _each(plan, [picture.key for picture in target.pictures], _tied(visit_key))
    if target.when.value is not None and visit_key not in dict(tied.visit_times):  # not that of what moves there
        tied = replace(tied, visit_times=(*tied.visit_times, (visit_key, target.when)))

    def moved(one: PlannedPicture) -> PlannedPicture:
        return replace(
            one, visit=visit_key, patient=first.patient, person=first.person, named=first.named, issuer=first.issuer
        )

    return _each(tied, keys, moved)


def set_visit_time(plan: ImportPlan, visit_key: str, when: When) -> ImportPlan:
    """Say when a visit was; its pictures stay together. What cannot be, or what they contradict, waits."""
    target = visit_of(plan, visit_key)
    tied = _each(plan, [picture.key for picture in target.pictures], _tied(visit_key))
    others = tuple(one for one in tied.visit_times if one[0] != visit_key)
    own = {one.name: one.taken for one in target.pictures if one.taken is not None and not one.left_out}
    return arranged(replace(tied, visit_times=(*others, (visit_key, said_time(when, BY_HAND, own)))))


def leave_out(plan: ImportPlan, keys: Collection[str], *, out: bool = True) -> ImportPlan:
    """Leave pictures out, or (`out` False) take them in again."""
    return _each(plan, keys, lambda picture: replace(picture, left_out=out))


def take_although_elsewhere(plan: ImportPlan, keys: Collection[str]) -> ImportPlan:
    """Bring pictures in also where the same bytes are on record for another woman or visit."""
    return _each(plan, keys, lambda picture: replace(picture, although_elsewhere=True))


def confirm_woman(plan: ImportPlan, woman_key: str) -> ImportPlan:
    """Say that it is her, although another name is on record for her identifier. The record keeps its name."""
    return arranged(replace(plan, confirmed=plan.confirmed | {woman_key}))


def confirm(plan: ImportPlan, keys: Collection[str]) -> ImportPlan:
    """Take what is only guessed about pictures for true: whose, stage, pair, and when their visit was.

    What is not known stays so: there is nothing to confirm.
    """
    wanted, settled = set(keys), {picture.key: picture for picture in plan.settled()}
    tied, times = _times_confirmed(plan, wanted)

    def changed(picture: PlannedPicture) -> PlannedPicture:
        if picture.key in tied:
            picture = in_its_own_time(replace(picture, visit=tied[picture.key]))
        if picture.key not in wanted:
            return picture
        now = settled[picture.key]  # with the stage that its visit says
        stage = now.stage if now.stage.sure is Sure.UNSURE else picture.stage
        return replace(
            picture,
            patient=confirmed_guess(picture.patient),
            source=confirmed_guess(picture.source),
            stage=confirmed_guess(stage),
            seconds_since_acid=confirmed_guess(picture.seconds_since_acid),
        )

    pairs = {
        pair.keys
        for woman in plan.women
        for visit in woman.visits
        for pair in visit.pairs
        if pair.guess.sure is Sure.UNSURE and wanted & set(pair.keys)
    }
    others = tuple(one for one in plan.visit_times if one[0] not in times)
    plan = replace(plan, confirmed_pairs=plan.confirmed_pairs | pairs, visit_times=(*others, *times.items()))
    return _each(plan, wanted | set(tied), changed)


def in_its_own_time(picture: PlannedPicture) -> PlannedPicture:
    """A picture of a visit whose time was confirmed: what its own file says counts, although names say another day."""
    its_own = picture.taken is not None and picture.when.value == picture.taken
    return replace(picture, when=confirmed_guess(picture.when)) if its_own else picture


def _times_confirmed(plan: ImportPlan, wanted: Collection[str]) -> tuple[Mapping[str, str], dict[str, Guess[When]]]:
    """Pictures of the visits whose time is only guessed, each with the visit it stays in; and those times, as said."""
    tied: dict[str, str] = {}
    times: dict[str, Guess[When]] = {}
    for visit in (visit for woman in plan.women for visit in woman.visits):
        keys = [picture.key for picture in visit.pictures]
        if visit.when.value is not None and visit.when.sure is Sure.UNSURE and any(key in wanted for key in keys):
            tied |= dict.fromkeys(keys, visit.key)
            times[visit.key] = confirmed_guess(visit.when)
    return tied, times


def make_pair(plan: ImportPlan, keys: Collection[str]) -> ImportPlan:
    """Say that two pictures are a pair; other pairs of the two are none any more.

    Raises `BadInputError` for what can be no pair: one white-light and one fluorescence picture of one visit are, and
    plain white light with one through a green filter or after Lugol's iodine.
    """
    chosen = [picture for picture in plan.settled() if picture.key in set(keys)]
    pairs = [(white.key, lit.key) for white, lit in permutations(chosen, 2) if may_pair(white, lit)]
    visits = [visit for woman in plan.women for visit in woman.visits for one in visit.pictures if one in chosen]
    if len(chosen) != 2 or not pairs or len({visit.key for visit in visits}) != 1:
        raise BadInputError(
            tr("these are no pair"),
            safe=tr("nothing was changed"),
            remedy=tr("choose one white-light and one fluorescence picture of one visit; say their stages first"),
        )
    (pair,) = pairs
    kept = frozenset(one for one in plan.made_pairs if not set(one) & set(pair))
    return arranged(replace(plan, made_pairs=kept | {pair}, parted_pairs=plan.parted_pairs - {pair}))


def paired(plan: ImportPlan, keys: Collection[str]) -> bool:
    """Whether one of these pictures is in a pair; of two, whether they are one with each other."""
    wanted = set(keys)
    pairs = [pair.keys for woman in plan.women for visit in woman.visits for pair in visit.pairs]
    return any(wanted == set(pair) if len(wanted) == 2 else wanted & set(pair) for pair in pairs)


def part_pairs(plan: ImportPlan, keys: Collection[str]) -> ImportPlan:
    """Say that the pairs that these pictures are in are none; what is guessed of the rest is guessed anew."""
    wanted = set(keys)
    pairs = {
        pair.keys for woman in plan.women for visit in woman.visits for pair in visit.pairs if wanted & set(pair.keys)
    }
    made, parted = plan.made_pairs - pairs, plan.parted_pairs | pairs
    return arranged(replace(plan, made_pairs=made, parted_pairs=parted))


def fill_in(plan: ImportPlan, *, patient: str = "", stages: Collection[Stage] = ()) -> ImportPlan:
    """Say it of all pictures of which it is not known; a stage goes to pictures of its source only.

    A guess that is unsure is not known. Raises ValueError for two stages of one source.
    """
    by_source = {stage.source: stage for stage in stages}
    if len(by_source) != len(stages):
        raise ValueError("two stages of one source")
    if patient:
        whose = said(patient.strip(), BY_HAND)
        waiting = [one.key for one in plan.pictures if not one.patient.known()]
        plan = _each(plan, waiting, lambda picture: replace(picture, patient=whose, named=(), issuer=""))
    for source, stage in by_source.items():
        fitting = [one.key for one in plan.settled() if one.source.value is source and not one.stage.known()]
        plan = set_stage(plan, fitting, stage)
    return plan


def _tied(visit_key: str) -> Callable[[PlannedPicture], PlannedPicture]:
    return lambda picture: replace(picture, visit=visit_key)


def _of_their_own(plan: ImportPlan, keys: Collection[str]) -> ImportPlan:
    """One new visit for each woman that these pictures are of."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(woman_key(plan.picture(key)), []).append(key)
    for group in groups.values():
        name = unused(f"{min(group)} alone", {picture.visit for picture in plan.pictures})
        plan = _each(plan, group, _tied(name))
    return plan


def visit_of(plan: ImportPlan, visit_key: str) -> PlannedVisit:
    """A visit of the plan by its key."""
    found = next((visit for woman in plan.women for visit in woman.visits if visit.key == visit_key), None)
    if found is None:
        raise KeyError(visit_key)
    return found


def _each(plan: ImportPlan, keys: Collection[str], changed: Callable[[PlannedPicture], PlannedPicture]) -> ImportPlan:
    wanted = set(keys)
    missing = wanted - {picture.key for picture in plan.pictures}
    if missing:
        raise KeyError(min(missing))
    pictures = tuple(changed(picture) if picture.key in wanted else picture for picture in plan.pictures)
    return arranged(replace(plan, pictures=pictures))
