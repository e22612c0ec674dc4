"""The engine on pairs of a library: pictures to look at, and an answer that is kept and found again.

Registrations and answers can be made again at any time, so a disk that does not take them costs only time: the answer
is given all the same, and the log says so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.geometry import Matrix, Points
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import Source, second_of
from pfm_desktop.imaging.field import register_lit
from pfm_desktop.imaging.registration import Registration, compared, from_points, start_map
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.services import cases, inference, models, pairing
from pfm_desktop.services.analysis_files import from_kept, registration_table, to_kept
from pfm_desktop.storage import answers
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError
from pfm_desktop.support.language import tr

log = logging.getLogger(__name__)
LONGEST_GAP = 300.0  # seconds between the two pictures of a pair: acetowhitening fades in minutes (clinical practice)
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class PairPictures:
    """A pair as the stage needs it: H x W x 3 uint8 RGB, None for a source that was not taken.

    `registration` is the kept one, None while there is none. `mm_per_px` is that of the white-light picture (of the
    fluorescence picture where there is no other), None when not calibrated. `second`: of which source the picture in
    the second place, `fluorescence`, is. `checked`: what was found of the quality of each, where that was looked at.
    """

    pair: Pair
    white: Pixels | None
    fluorescence: Pixels | None
    registration: Registration | None
    mm_per_px: float | None
    second: Source = Source.FLUORESCENCE
    checked: inference.Examined | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Those of the pictures that there are."""
        pair = {Source.WHITE: self.white, self.second: self.fluorescence}
        return tuple(source for source, pixels in pair.items() if pixels is not None)


@dataclass(frozen=True, eq=False)
class PairAnswer:
    """What a model says about a pair. `from_library`: kept from an earlier run of the same model."""

    pair_id: str
    analysis: Analysis
    registration: Registration | None
    from_library: bool


def load_pair(ctx: Context, lib: Library, pair_id: str) -> PairPictures:
    """Pictures and registration of a pair. `StorageError` when there is no such pair or its bytes are lost."""
    ctx.progress(0, 2, tr("Reading the pictures"))
    with lib.read() as session:
        pair = stored.pair(session, pair_id)
        if pair is None:
            raise StorageError(
                tr("this pair is no longer in the library"),
                safe=tr("nothing was changed"),
                remedy=tr("open the visit again"),
            )
        white, fluorescence = (
            stored.picture(session, picture_id) if picture_id else None
            for picture_id in (pair.white_id, pair.fluorescence_id)
        )
    taken = [picture for picture in (white, fluorescence) if picture is not None]
    pixels = dict(inference.side_by_side(lambda p: (p.id, cases.load_picture(lib, p.id)), taken))
    ctx.progress(1, 2, tr("Reading the registration"))
    reference: Picture | None = white or fluorescence
    pictures = PairPictures(
        pair=pair,
        white=pixels.get(pair.white_id or ""),
        fluorescence=pixels.get(pair.fluorescence_id or ""),
        registration=None,
        mm_per_px=reference.mm_per_px if reference else None,
        second=(fluorescence.second if fluorescence else None) or Source.FLUORESCENCE,
    )
    kept = _kept_registration(lib, pictures)
    ctx.progress(2, 2, tr("Done"))
    return replace(pictures, registration=kept)


def registered(ctx: Context, lib: Library, pictures: PairPictures) -> PairPictures:
    """The same with a registration wherever there are both pictures: the kept one, the one they have, or one made now.

    What was made is kept where who is signed in may change visits; else it is as good as any until it is let go.
    """
    known = _known_registration(lib, pictures)
    return _registered_now(ctx, lib, pictures) if known is None else replace(pictures, registration=known)


def aligned(ctx: Context, lib: Library, pictures: PairPictures) -> PairPictures:
    """As `registered`, to be seen together before `answer_pair`, which goes on from what was `checked` here: as there,
    pictures that can carry no answer are not registered."""
    known = _known_registration(lib, pictures)
    if known is not None:
        return replace(pictures, registration=known)
    checked = inference.check(ctx, pictures.white, pictures.fluorescence, second=pictures.second)
    pictures = replace(pictures, checked=checked)
    ctx.check()
    return pictures if checked.refused is not None else _registered_now(ctx, lib, pictures)


def _known_registration(lib: Library, pictures: PairPictures) -> Registration | None:
    """The kept one, by hand or brought back by undo; else the one they have."""
    return _kept_registration(lib, pictures) or pictures.registration


def _registered_now(ctx: Context, lib: Library, pictures: PairPictures) -> PairPictures:
    white, fluorescence = pictures.white, pictures.fluorescence
    if white is None or fluorescence is None:
        return pictures
    found = register_lit(white, fluorescence, start=_device_map(lib, pictures), ctx=ctx)
    ctx.check()
    _keep_registration(lib, pictures.pair.id, found)
    return replace(pictures, registration=found)


def answer_pair(ctx: Context, lib: Library, pictures: PairPictures, model: str) -> PairAnswer:
    """Quality, registration and answer of a pair, kept or made now.

    An answer that was kept before its model told what is unlike anything it learned from, by other limits, or by
    another version with the same weights, is made again; of a signed visit it stays as it was.

    A pair of sources that the model does not read is refused, which is an answer. Raises `ModelError` for a model that
    is missing, altered or made for one of two sources; the registration is kept by then, so that the pictures can be
    read together all the same.
    """
    registration = _known_registration(lib, pictures)
    content, problem = _content(model)
    if content is not None:
        kept = _kept_answer(lib, pictures, content.info.sha256, registration)
        current = kept is not None and kept.model == content.info and _told_all(kept, content.limits)
        if kept is not None and (current or _signed(lib, pictures.pair)):
            return PairAnswer(pictures.pair.id, kept, registration, from_library=True)
    start = None if registration is not None else _device_map(lib, pictures)
    case = inference.examine(
        ctx,
        pictures.white,
        pictures.fluorescence,
        known=registration,
        start=start,
        second=pictures.second,
        checked=pictures.checked,
    )
    ctx.check()
    if "pair" in case.quality:
        apart = None if pictures.second is Source.IODINE else _apart(lib, pictures.pair)  # which is put on later
        case.quality["pair"] = _with_gap(case.quality["pair"], apart)
    if case.registration is not None and case.registration is not registration:
        _keep_registration(lib, pictures.pair.id, case.registration)
    if problem is not None:
        raise problem
    result = inference.answered(ctx, case, model)
    _keep_answer(lib, pictures.pair.id, result.analysis)
    return PairAnswer(pictures.pair.id, result.analysis, case.registration or registration, from_library=False)


def kept_answer(lib: Library, pictures: PairPictures, model_sha256: str) -> PairAnswer | None:
    """The answer that is kept of these weights with the kept registration, else None; nothing is made anew."""
    kept = _kept_answer(lib, pictures, model_sha256, pictures.registration)
    return None if kept is None else PairAnswer(pictures.pair.id, kept, pictures.registration, from_library=True)


def register_again(
    ctx: Context,
    lib: Library,
    pictures: PairPictures,
    white_points: Points | None = None,
    fluorescence_points: Points | None = None,
) -> tuple[Registration, Change]:
    """Register a pair anew, by paired points (N x 2 pixels) where given, and keep it; its answers are dropped.

    The change, taken back, brings the registration before again. Raises `BadInputError` for points that do not make a
    map, `SignedError` for a visit that is signed and `StorageError` when it cannot be kept, also in a read-only
    library; what was kept before then stays.
    """
    white, fluorescence = pictures.white, pictures.fluorescence
    if white is None or fluorescence is None:
        raise BadInputError(tr("registering needs both pictures"), remedy=tr("add the other picture to this visit"))
    if lib.read_only:
        raise StorageError(
            tr("this library is open for reading only: {reason}", reason=lib.read_only_reason),
            safe=tr("the registration is unchanged"),
            remedy=tr("open it where it can be written"),
        )
    ctx.progress(0, 2, tr("Registering"))
    if white_points is None or fluorescence_points is None:
        found = register_lit(white, fluorescence, start=_device_map(lib, pictures), ctx=ctx)
    else:
        sizes = {"white_size": _size(white), "fluorescence_size": _size(fluorescence)}
        found = compared(white, fluorescence, from_points(white_points, fluorescence_points, **sizes), ctx=ctx)
    ctx.progress(1, 2, tr("Keeping the registration"))
    change = answers.replace_registration(lib, pictures.pair.id, **_to_keep(found))
    ctx.progress(2, 2, tr("Done"))
    return found, change


def _device_map(lib: Library, pictures: PairPictures) -> Matrix | None:
    """How the two sensors of the device lay to each other at another pair of the same device and sizes, the last one
    that was registered; None where there is none, or it is damaged."""
    white, kept = pictures.white, answers.last_map(lib, pictures.pair.id)
    if white is None or kept is None:
        return None
    try:
        return start_map(kept, _size(white))
    except BadInputError as error:
        log.warning("the map of another pair is not used: %s", error)
        return None


def _apart(lib: Library, pair: Pair) -> float | None:
    with lib.read() as session:
        white, fluorescence = (
            stored.picture(session, picture_id) if picture_id else None
            for picture_id in (pair.white_id, pair.fluorescence_id)
        )
    return pairing.seconds_apart(white, fluorescence)


def _with_gap(quality: Quality, seconds: float | None) -> Quality:
    """Tissue that whitened is not what it was some minutes later: a pair taken so far apart is limited."""
    if seconds is None or seconds <= LONGEST_GAP or quality.verdict is Verdict.UNUSABLE:
        return quality
    minutes = round(seconds / 60)
    advice = (
        tr("They were taken %n minute(s) apart: use pictures that were taken together.", "", minutes)
        if minutes < 120
        else tr("They were taken {hours} hours apart: use pictures that were taken together.", hours=minutes // 60)
    )
    return replace(
        quality,
        verdict=Verdict.LIMITED,
        problems=(*quality.problems, "taken_apart"),
        advice=f"{quality.advice} {advice}".strip(),
        measures={**quality.measures, "seconds_apart": seconds},
    )


def _content(model: str) -> tuple[ModelFile | None, ModelError | None]:
    try:
        return models.content_of(model), None
    except ModelError as error:
        return None, error


def _kept_registration(lib: Library, pictures: PairPictures) -> Registration | None:
    """None when there is none, or it is damaged, or not of pictures of this size."""
    white, fluorescence = pictures.white, pictures.fluorescence
    if white is None or fluorescence is None:
        return None
    kept = answers.registration(lib, pictures.pair.id)
    if kept is None:
        return None
    try:
        found = Registration.from_bytes(kept.data)
    except BadInputError as error:
        log.warning("a registration is made again: %s", error)
        return None
    fits = (found.white_size, found.fluorescence_size) == (_size(white), _size(fluorescence))
    return found if fits else None


def _kept_answer(
    lib: Library, pictures: PairPictures, sha256: str, registration: Registration | None
) -> Analysis | None:
    """None unless it is of these weights, this registration and these sources (a stage may have been corrected), and
    the pictures may be answered together."""
    kept = answers.answer(lib, pictures.pair.id, sha256)
    if kept is None:
        return None
    try:
        analysis = from_kept(kept.body, kept.blobs)
    except BadInputError as error:
        log.warning("an answer is made again: %s", error)
        return None
    used = analysis.registration
    same = used is None or (registration is not None and used == registration.summary())
    same = same and not _of_others(analysis, pictures.sources)
    pair = analysis.quality.get("pair")
    # answers kept by earlier versions may join two women
    joined = analysis.prediction is not None and pair is not None and "structures_disagree" in pair.problems
    return analysis if same and not joined else None


def _of_others(analysis: Analysis, sources: tuple[Source, ...]) -> bool:
    """Whether an answer is about a second picture of another source than the one that lies there."""
    return analysis.second not in (None, second_of(sources))


def _told_all(kept: Analysis, limits: Mapping[Source, float]) -> bool:
    """Whether an answer says of its pictures what the quality check and its model can tell of them now."""
    if any(quality.anatomy is None for name, quality in kept.quality.items() if name != "pair"):
        return False
    prediction = kept.prediction
    if prediction is None:
        return True
    told = {source: found.threshold for source, found in prediction.familiarity.items()}
    return told == {source: limits[source] for source in prediction.sources if source in limits}


def _signed(lib: Library, pair: Pair) -> bool:
    with lib.read() as session:
        return stored.findings_of(session, pair.visit_id).signature is not None


def _keep_registration(lib: Library, pair_id: str, found: Registration) -> None:
    if lib.no_editing:
        return
    try:
        answers.put_registration(lib, pair_id, **_to_keep(found))
    except StorageError as error:
        log.warning("a registration was not kept: %s", error)


def _keep_answer(lib: Library, pair_id: str, analysis: Analysis) -> None:
    if lib.no_editing:
        return
    body, blobs = to_kept(analysis)
    try:
        answers.put_answer(
            lib,
            pair_id,
            model_name=analysis.model.name,
            model_sha256=analysis.model.sha256,
            body=body,
            blobs=blobs,
        )
    except StorageError as error:
        log.warning("an answer was not kept: %s", error)


def _to_keep(found: Registration) -> dict[str, Any]:
    return {"summary": registration_table(found.summary()), "data": found.to_bytes(), "by_hand": found.by_hand}


def _size(pixels: Pixels) -> tuple[int, int]:
    """Width, height."""
    return pixels.shape[1], pixels.shape[0]
