"""The same shot in other bytes: rated or turned upright by another program, converted, packed again.

Where its pixels are equal it is known by them. What was packed again is looked for among what is on record of the very
moment at which a picture was taken; without a moment it is not found.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import combinations

import numpy as np

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.examination import key_words
from pfm_desktop.services.importing.plan import PlannedPicture, woman_key
from pfm_desktop.services.importing.reading import time_of
from pfm_desktop.services.importing.report import Outcome
from pfm_desktop.services.importing.taken import Taken
from pfm_desktop.services.importing.visit_times import own_time
from pfm_desktop.storage import same_bytes
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.same_bytes import Shot
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr

_MOST = 12  # shots of one moment: with more of them it is that of a clock that stands still
_SAME = tr("the same picture, saved anew, is on record for another woman ({identifier})")
_NEARLY = tr("nearly the same picture, of the same second, is on record for another woman ({identifier})")
_LOST = tr(
    "a picture of the same second, whose file is missing or altered, is on record for another woman ({identifier})"
)

Said = tuple[Outcome, str, Picture | None]  # with the picture, where it is in the visit itself
Whole = Callable[[str], bool]  # whether the bytes with this hash are in the store, as they came in
Kept = Callable[[str], bytes]  # the bytes with this hash; may raise `UserError`
_OF_A_RECORD = re.compile(r" \(\d+\)$")  # how the name of a frame of DICOM ends: see `reading.part_name`


def shots_of_the_moment(lib: Library, pictures: Iterable[PlannedPicture], taken: Taken) -> Mapping[str, Sequence[Shot]]:
    """By key of the planned picture, what is on record of its moment, or would be by now, and has other bytes."""
    at = {one.key: one.moment for one in pictures if one.moment is not None}
    often = Counter(at.values())
    at = {key: moment for key, moment in at.items() if often[moment] <= _MOST}
    if not at:
        return {}
    with lib.read() as session:
        found = (*same_bytes.shots(session, set(at.values())), *taken.at(set(at.values())))
    mine = {one.key: one.sha256 for one in pictures}
    by_key = {
        key: [shot for shot in found if shot.picture.taken_at == moment and shot.picture.sha256 != mine[key]]
        for key, moment in at.items()
    }
    return {key: those for key, those in by_key.items() if 0 < len(those) <= _MOST}


def with_alike(
    pictures: Sequence[PlannedPicture], read: Callable[[PlannedPicture], bytes]
) -> tuple[PlannedPicture, ...]:
    """Pictures of one moment under different women, each with those that are nearly the same: nobody knows whose it
    is. `read` gives the bytes of one, and may raise `BadInputError`."""
    from pfm_desktop.imaging.alike import Look, alike, look_of
    from pfm_desktop.imaging.io import decode_picture

    moments_of: dict[datetime, list[PlannedPicture]] = {}
    for one in pictures:
        if one.moment is not None:
            moments_of.setdefault(one.moment, []).append(one)
    found: dict[str, set[str]] = {}
    for group in moments_of.values():
        if not 1 < len(group) <= _MOST or len({woman_key(one) for one in group}) < 2:
            continue
        looks: dict[str, Look] = {}
        for one in group:
            with suppress(BadInputError):
                looks[one.key] = look_of(decode_picture(read(one), one.name).pixels)
        for one, other in combinations([one for one in group if one.key in looks], 2):
            if one.content != other.content and alike(looks[one.key], looks[other.key]):
                found.setdefault(one.key, set()).add(other.key)
                found.setdefault(other.key, set()).add(one.key)
    return _with_equals(pictures, found)


def _with_equals(
    pictures: Sequence[PlannedPicture], found: Mapping[str, Collection[str]]
) -> tuple[PlannedPicture, ...]:
    """Each is alike to what any with the same pixels is alike to, and to all with the pixels of these."""
    if not found:
        return tuple(pictures)
    content = {one.key: one.content for one in pictures}
    keys: defaultdict[str, set[str]] = defaultdict(set)
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for one in pictures:
        keys[one.content].add(one.key)
    for key, others in found.items():
        alike[content[key]] |= {content[other] for other in others}
    return tuple(
        replace(one, alike=frozenset(key for other in alike[one.content] for key in keys[other]))
        if one.content in alike
        else one
        for one in pictures
    )


def said_of(
    kept: Kept,
    data: bytes,
    planned: PlannedPicture,
    shots: Sequence[Shot],
    patient_id: str,
    visit_id: str,
) -> Said | None:
    """What becomes of a picture (its file in `data`) that is one of these shots; None where it is none of them. `kept`
    gives the bytes of one of them, and may raise `UserError`.

    Another woman comes first, and of hers also what is nearly the same is left out, or cannot be looked at: two women
    are not examined at the same second. Of the same woman only equal pixels are the same picture: two shots may be.
    """
    from pfm_desktop.imaging.alike import alike, look_of
    from pfm_desktop.imaging.io import decode_picture

    try:
        pixels = decode_picture(data, planned.name).pixels
    except UserError:
        return None  # it is said where it is brought in
    look, own, lost = look_of(pixels), None, None
    for shot in shots:
        try:
            other = decode_picture(kept(shot.picture.sha256), shot.picture.original_name).pixels
        except UserError:  # altered or gone: `pfm library verify` says so
            lost = lost or (shot if shot.patient.id != patient_id else None)
            continue
        same = np.array_equal(pixels, other)
        if shot.patient.id != patient_id and (same or alike(look, look_of(other))):
            return _of_another(shot, _SAME if same else _NEARLY)
        if shot.patient.id == patient_id and same and own is None:
            own = _hers(planned, shot, visit_id, kept)
    if own is None and lost is not None:
        return _of_another(lost, _LOST)
    return own


def said_of_pixels(
    lib: Library, planned: PlannedPicture, patient_id: str, visit_id: str, whole: Whole, kept: Kept
) -> Said | None:
    """What becomes of a picture whose pixels are on record already; None where they are not, or hers cannot be read."""
    with lib.read() as session:
        found = same_bytes.shots_of_pixels(session, planned.pixels_sha256)
    stranger = next((shot for shot in found if shot.patient.id != patient_id), None)
    if stranger is not None:
        return _of_another(stranger, _SAME)
    shots = [shot for shot in found if whole(shot.picture.sha256)]
    if not shots:
        return None
    chosen = min(shots, key=lambda shot: (*nearest(planned, shot.picture), shot.picture.visit_id != visit_id))
    return _hers(planned, chosen, visit_id, kept)


def nearest(planned: PlannedPicture, there: Picture) -> tuple[bool, bool]:
    """To order pictures of the same pixels by: that of the same moment first, then one that has a moment."""
    return not (there.time_known and there.taken_at == planned.moment), not there.time_known


def _of_another(shot: Shot, said: str) -> Said:
    return Outcome.SKIPPED, said.format(identifier=shot.patient.identifier), None


def _hers(planned: PlannedPicture, shot: Shot, visit_id: str, kept: Kept) -> Said:
    here = shot.picture.visit_id == visit_id
    day = moments.day(shot.started_at.astimezone().date())
    where = tr("this visit") if here else tr("her visit of {day}", day=day)
    return saved_anew(planned, shot.picture, where, kept, here=here)


def saved_anew(planned: PlannedPicture, there: Picture, where: str, kept: Kept, *, here: bool) -> Said:
    """What becomes of a picture whose pixels she has in `where`: one that knows its moment, which the other has lost,
    is the original, and comes in beside it."""
    other = planned.stage.value not in (None, there.stage)
    stage = key_words(there.stage.value)
    if planned.knows_its_moment and there.taken_at != planned.moment and not _has_own_moment(there, kept):
        said = tr("it is in {visit} too, as a copy without its moment", visit=where)
        if other:
            said = tr("it is in {visit} too, as {stage}, as a copy without its moment", visit=where, stage=stage)
        return Outcome.ADDED, said, None
    said = tr("it is in {visit} already, and was saved anew", visit=where)
    if other:
        said = tr("it is in {visit} already, and was saved anew, as {stage}", visit=where, stage=stage)
    return Outcome.THERE, said, there if here else None


def _has_own_moment(there: Picture, kept: Kept) -> bool:
    """Whether the moment of a picture on record may be what its own file says. What a person said is none, nor is the
    time of the file; of a frame of DICOM nobody knows any more what its record says."""
    from pfm_desktop.imaging.exif import read_exif

    if not there.time_known:
        return False
    if _OF_A_RECORD.search(there.original_name):
        return True
    try:
        exif = read_exif(kept(there.sha256))
    except UserError:  # altered or gone: `pfm library verify` says so
        return True
    return own_time(time_of(exif), None) is not None
