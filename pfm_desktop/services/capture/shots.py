"""Pictures that were taken live, into the library: all that was taken at once is there, or nothing of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.case import Pair, Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.source import Source, Stage, goes_second
from pfm_desktop.services import cases
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

_PNG, _HEADER = b"\x89PNG\r\n\x1a\n", 24  # bytes up to width and height


@dataclass(frozen=True)
class Shot:
    """A picture as it was taken. `data` is a PNG of `width` x `height` pixels, or a picture file called `name`;
    `pixels_sha256` as `imaging.pixels` takes it ("" where it was not), `taken_at` aware, `seconds_since_acid` None
    before acetic acid, `mm_per_px` None where nothing was calibrated."""

    data: bytes
    width: int
    height: int
    pixels_sha256: str
    stage: Stage
    taken_at: datetime
    seconds_since_acid: float | None = None
    mm_per_px: float | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)
    name: str = ""


@dataclass(frozen=True)
class Kept:
    """What was put on record: a picture for each shot, in their order, the pair of them, and the changes, which
    `review.undo_all` takes back; none where all of it was there."""

    pictures: tuple[Picture, ...]
    pair: Pair | None
    changes: tuple[Change, ...]


def keep_shots(lib: Library, visit_id: str, shots: Sequence[Shot], *, pair: bool) -> Kept:
    """Put what was taken at once on record, on disk once this returns; `pair`: two shots that are read together.

    The same bytes at the same stage of a visit are one picture. Raises `BadInputError` for what is no such picture or
    pair, `SignedError` and `IodineAllergyError` where a rule forbids it, `StorageError` when it cannot be kept; no
    record is there then.
    """
    for shot in shots:
        _check(shot)
    there = _pictures(lib, visit_id)
    with lib.write():  # a library that takes nothing says so before the store is filled
        pass
    made: list[Change] = []
    how: list[Change] = []
    pictures: list[Picture] = []
    for shot in shots:
        sha256 = hashlib.sha256(shot.data).hexdigest()
        same = next((one for one in (*there, *pictures) if (one.sha256, one.stage) == (sha256, shot.stage)), None)
        picture = same or _picture(visit_id, sha256, shot)
        pictures.append(picture)
        if same is None:
            made.append(cases.adding(picture, f"Picture taken ({shot.stage.value.replace('_', ' ')})"))
            how.append(Change("acquisition", picture.id, None, _fields(shot.acquisition), "How it was taken"))
    if pair:
        _check_pair(pictures)
    for shot in shots:
        lib.pictures.put(shot.data)  # also where it is on record: it may be missing or altered in the store
    paired, pairing = _pair(lib, visit_id, pictures) if pair else (None, ())
    return Kept(tuple(pictures), paired, lib.apply_all((*made, *how, *pairing)))


def _pictures(lib: Library, visit_id: str) -> tuple[Picture, ...]:
    """Those that the visit has, which is not signed."""
    with lib.read() as session:
        if stored.visit(session, visit_id) is None:
            raise StorageError(
                tr("this visit is not in the library"),
                safe=tr("nothing was changed"),
                remedy=tr("open it from the list again"),
            )
        if stored.findings_of(session, visit_id).signature is not None:
            raise SignedError("Picture taken")
        return stored.pictures_of(session, visit_id)


def _picture(visit_id: str, sha256: str, shot: Shot) -> Picture:
    return Picture(
        id=cases.new_id(),
        visit_id=visit_id,
        sha256=sha256,
        stage=shot.stage,
        taken_at=shot.taken_at.astimezone(UTC),
        width=shot.width,
        height=shot.height,
        seconds_since_acid=_number(shot.seconds_since_acid),
        mm_per_px=_number(shot.mm_per_px),
        device=shot.acquisition.camera,
        original_name=shot.name,
        time_known=True,
        pixels_sha256=shot.pixels_sha256,
    )


def _check(shot: Shot) -> None:
    if shot.taken_at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    if shot.name and shot.data:
        return  # a file of any kind, whose pixels were seen
    size = int.from_bytes(shot.data[16:20], "big"), int.from_bytes(shot.data[20:24], "big")
    if shot.data[:8] != _PNG or len(shot.data) <= _HEADER or size != (shot.width, shot.height):
        raise BadInputError(
            tr("what came from the camera is no whole picture"),
            safe=tr("nothing was changed"),
            remedy=tr("take it again"),
        )


def _check_pair(pictures: Sequence[Picture]) -> None:
    if len(pictures) == 2 and _places(pictures) is not None:
        return
    raise BadInputError(
        tr(
            "these pictures are no pair: one of white light, and one of fluorescence, through the green filter or "
            "after Lugol's iodine"
        ),
        safe=tr("nothing was changed"),
        remedy=tr("take the pair again"),
    )


def _places(pictures: Sequence[Picture]) -> tuple[Picture, Picture] | None:
    """The white-light one and the one in the second place, whichever was taken first; None for no pair."""
    one, other = pictures
    for white, second in ((one, other), (other, one)):
        fits = white.source is Source.WHITE and goes_second(second.source, second.stage, beside=white.stage)
        if fits and white.id != second.id:
            return white, second
    return None


def _pair(lib: Library, visit_id: str, pictures: Sequence[Picture]) -> tuple[Pair, tuple[Change, ...]]:
    places = _places(pictures)
    assert places is not None  # was checked
    white, second = places
    with lib.read() as session:
        there = stored.pairs_of(session, visit_id)
    same = next((pair for pair in there if (pair.white_id, pair.fluorescence_id) == (white.id, second.id)), None)
    if same is not None:
        return same, ()
    made = Pair(cases.new_id(), visit_id, white.id, second.id, datetime.now(UTC))
    new = {
        "visit_id": visit_id,
        "white_id": white.id,
        "fluorescence_id": second.id,
        "made_at": made.made_at.isoformat() if made.made_at else None,
    }
    return made, (Change("pair", made.id, None, new, "Pair taken"),)


def _fields(acquisition: Acquisition) -> Mapping[str, Any]:
    """As a `Change` holds it; what is no number (a camera that does not say) is None."""
    kept: dict[str, Any] = {}
    for one in fields(acquisition):
        value = getattr(acquisition, one.name)
        kept[one.name] = _number(value) if isinstance(value, float) else value
    return {
        **kept,
        "light": acquisition.light.value if acquisition.light is not None else None,
        "automatic": list(acquisition.automatic),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
