"""Which two pictures of a visit are read together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import key_words
from pfm_desktop.domain.source import Source, Stage, goes_second
from pfm_desktop.services.cases import VisitCase, new_id, visit_case
from pfm_desktop.storage import records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

PUT_ON_STAGE = tr("Put on the stage")  # as the menu of the filmstrip calls it

# the stages that the engine reads come first; see CONTEXT.md for the stages
_WHITE_ORDER = (Stage.ACETIC_ACID, Stage.SALINE, Stage.LUGOL, Stage.GREEN)
_FLUORESCENCE_ORDER = (Stage.FLUORESCENCE_AFTER_ACID, Stage.FLUORESCENCE_BEFORE_ACID)


def make_pair(lib: Library, visit_id: str, white_id: str | None, fluorescence_id: str | None) -> Change:
    """Pair two pictures of a visit (one may be None); `Change.key` is the pair's id.

    In the second place lies a fluorescence picture or, beside plain white light, one through a green filter or after
    Lugol's iodine (ADR 15).
    Pictures that are paired already stay one pair, which becomes the visit's last one and so the one that opens.
    Raises `BadInputError` for a picture of another visit or of the wrong source, and `SignedError` for a visit that
    is signed: its report stays that of the pictures that were signed.
    """
    case = visit_case(lib, visit_id)
    if case.signed:
        raise SignedError(PUT_ON_STAGE)
    _check(case, white_id, Source.WHITE)
    if not _filtered_beside(case, white_id, fluorescence_id):
        _check(case, fluorescence_id, Source.FLUORESCENCE)
    if white_id is None and fluorescence_id is None:
        raise BadInputError(tr("a pair needs at least one picture"), remedy=tr("choose a picture"))
    now = datetime.now(UTC).isoformat()
    same = next(
        (pair for pair in case.pairs if (pair.white_id, pair.fluorescence_id) == (white_id, fluorescence_id)), None
    )
    if same is not None:
        with lib.read() as session:
            old = records.snapshot(session, "pair", same.id) or {}
        return lib.apply(Change("pair", same.id, {"made_at": old["made_at"]}, {"made_at": now}, "Pair chosen"))
    new = {"visit_id": visit_id, "white_id": white_id, "fluorescence_id": fluorescence_id, "made_at": now}
    return lib.apply(Change("pair", new_id(), None, new, "Pair made"))


def default_pair(case: VisitCase) -> Pair | None:
    """The pair that opens with a visit: the last one made with both sources, else the last one made, else None.

    With a signed visit it is always the pair that was signed. Where an older version did not say which that was, it is
    the one that opened then: pairs made since do not count.
    """
    signature = case.findings.signature
    if signature is None:
        return _last(case.pairs)
    then = [pair for pair in case.pairs if pair.made_at is None or pair.made_at <= signature.signed_at]
    return case.pair(signature.pair_id) or _last(then) or _last(case.pairs)


def _last(pairs: Sequence[Pair]) -> Pair | None:
    complete = [pair for pair in pairs if pair.white_id and pair.fluorescence_id]
    found = complete or pairs
    return found[-1] if found else None


def ensure_pair(lib: Library, visit_id: str) -> Pair | None:
    """The pair that opens with a visit; made from the best pictures where there is none.

    Pictures added since may complete it: a one-sided default pair gives way to a suggested pair with both sources.
    None while the visit has no picture, and in a read-only library or signed visit where no pair was made.
    """
    case = visit_case(lib, visit_id)
    pair = default_pair(case)
    if lib.no_editing or case.signed or (pair is not None and pair.white_id and pair.fluorescence_id):
        return pair
    white, fluorescence = suggest(case.pictures)
    if white is None and fluorescence is None:
        return None
    if pair is not None and (white is None or fluorescence is None):
        return pair
    change = make_pair(lib, visit_id, white.id if white else None, fluorescence.id if fluorescence else None)
    with lib.read() as session:
        return stored.pair(session, change.key)


def seconds_apart(white: Picture | None, fluorescence: Picture | None) -> float | None:
    """Between the two pictures of a pair; None where it is not known when either was taken."""
    if white is None or fluorescence is None or not (white.time_known and fluorescence.time_known):
        return None
    return abs((white.taken_at - fluorescence.taken_at).total_seconds())


def suggest(pictures: Sequence[Picture]) -> tuple[Picture | None, Picture | None]:
    """Best white-light and fluorescence picture: by stage (after acid first), then the two closest in time."""
    whites = _best_stage([p for p in pictures if p.source is Source.WHITE], _WHITE_ORDER)
    lit = _best_stage([p for p in pictures if p.source is Source.FLUORESCENCE], _FLUORESCENCE_ORDER)
    if not whites or not lit:
        return (whites[-1] if whites else None), (lit[-1] if lit else None)
    return min(
        ((white, fluorescence) for white in whites for fluorescence in lit),
        key=lambda pair: (abs((pair[0].taken_at - pair[1].taken_at).total_seconds()), -pair[0].taken_at.timestamp()),
    )


def _best_stage(pictures: list[Picture], order: tuple[Stage, ...]) -> list[Picture]:
    """Pictures of the first stage of `order` that there are any of, in time order."""
    for stage in order:
        found = sorted((picture for picture in pictures if picture.stage is stage), key=lambda p: p.taken_at)
        if found:
            return found
    return []


def _filtered_beside(case: VisitCase, white_id: str | None, second_id: str | None) -> bool:
    """Whether the second is a picture through a filter or after iodine that may lie beside the first."""
    white, second = case.picture(white_id), case.picture(second_id)
    if white is None or second is None or second.source is Source.FLUORESCENCE:
        return False
    return goes_second(second.source, second.stage, beside=white.stage)


def _check(case: VisitCase, picture_id: str | None, source: Source) -> None:
    if picture_id is None:
        return
    picture = case.picture(picture_id)
    if picture is None:
        raise BadInputError(
            tr("the picture does not belong to this visit"),
            safe=tr("nothing was changed"),
            remedy=tr("choose one of this visit"),
        )
    if picture.source is not source:
        stage, white = key_words(picture.stage.value), source is Source.WHITE
        raise BadInputError(
            tr("this is no white-light picture (stage: {stage})", stage=stage)
            if white
            else tr("this is no fluorescence picture (stage: {stage})", stage=stage),
            safe=tr("nothing was changed"),
            remedy=tr("choose a white-light picture") if white else tr("choose a fluorescence picture"),
        )
