"""What a clinician draws on a picture: contours of lesions, and the squamocolumnar junction (SCJ).

Each function carries out one edit, which is on disk when it returns, as in `services.review`. All raise `BadInputError`
for what is no contour or line, `SignedError` once the visit is signed, and `StorageError` when the change cannot be
kept; nothing is changed then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.drawing import Contour, points_from_json, points_to_json
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.shapes import line_length, polygon_area, shape_area
from pfm_desktop.domain.source import Source
from pfm_desktop.services.cases import new_id
from pfm_desktop.services.documenting import adding_lesion
from pfm_desktop.storage import access, documented, drawn, records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.brush import Reshaped

LEAST_PX, LEAST_SHARE = 9.0, 2e-5  # the smallest contour: square pixels, and share of the picture
LEAST_LINE = 0.01  # the shortest SCJ line: share of the picture's longer side


def draw_contour(
    lib: Library, pair_id: str, frame: Source, outline: Outline, lesion_id: str | None = None
) -> tuple[Change, ...]:
    """A contour of a lesion on the picture of `frame`, N x 2 pixels; None: of the first lesion, which is made where
    there is none.

    Of a line that crosses itself the outer edge is kept. What overlaps contours of the same lesion becomes one with
    them, so that no tissue counts twice.
    """
    from pfm_desktop.imaging import brush
    from pfm_desktop.imaging.stroke import enclosed

    room = _Room(lib, pair_id, frame, lesion_id)
    room.check(outline, 3)
    kept = enclosed(outline)
    if len({*kept}) < 3 or polygon_area(kept) < room.least_area:
        raise BadInputError(
            tr("this is no contour: it encloses nothing"),
            safe=tr("nothing was changed"),
            remedy=tr("draw around the lesion, or click at least three corners"),
        )
    made = brush.joined([one.shape for one in room.contours], kept, room.size)
    if _adds_nothing(room.contours, made):
        raise BadInputError(
            tr("this lies within the contour of lesion {number} already", number=room.number),
            safe=tr("nothing was changed"),
            remedy=tr("to take a part away use the eraser (E); for another lesion add one in Findings"),
        )
    return room.become(made, f"{room.capital_name} drawn")


def paint(
    lib: Library, pair_id: str, frame: Source, line: Outline, radius: float, lesion_id: str | None = None
) -> tuple[Change, ...]:
    """Go along `line` with a round brush of `radius` pixels; lesion as for `draw_contour`."""
    from pfm_desktop.imaging import brush

    room = _Room(lib, pair_id, frame, lesion_id)
    room.check(line, 1)
    made = brush.painted([one.shape for one in room.contours], line, max(1.0, radius), room.size)
    if _adds_nothing(room.contours, made) or not made.made:
        return ()
    return room.become(made, f"{room.capital_name} painted")


def erase(
    lib: Library, pair_id: str, frame: Source, line: Outline, radius: float, lesion_id: str | None = None
) -> tuple[Change, ...]:
    """Take away from the contours of a lesion where a round brush goes; () where it meets none."""
    from pfm_desktop.imaging import brush

    room = _Room(lib, pair_id, frame, lesion_id, makes=False)
    room.check(line, 1)
    if not room.contours:
        return ()
    made = brush.erased([one.shape for one in room.contours], line, max(1.0, radius), room.size)
    return room.become(made, f"{room.capital_name} erased in part") if made.touched else ()


def move_corner(lib: Library, drawing_id: str, corner: int, x: float, y: float) -> tuple[Change, ...]:
    """Move a corner of a contour without holes, or of the SCJ line, to (x, y) pixels of its picture.

    Of a contour that crosses itself then the outer edge is kept, and contours of the same lesion that it overlaps
    become one with it.
    """
    access.require(lib.account, Act.EDIT_VISITS)
    old = _known(lib, drawing_id, "line")
    body, contour = dict(old["body"]), old["kind"] == drawn.CONTOUR
    name = "outline" if contour else "line"
    points = list(points_from_json(body[name]))
    if not 0 <= corner < len(points) or body.get("holes"):
        raise BadInputError(
            tr("this line has no such corner"), safe=tr("nothing was changed"), remedy=tr("choose it again")
        )
    points[corner] = (float(x), float(y))
    with lib.read() as session:
        picture = stored.picture(session, old["picture_id"])
    if picture is None or not (0 <= x <= picture.width - 1 and 0 <= y <= picture.height - 1):
        raise BadInputError(
            tr("the corner leaves the picture"), safe=tr("nothing was changed"), remedy=tr("stay on the picture")
        )
    if not contour:
        new = body | {"line": points_to_json(tuple(points))}
        return (lib.apply(Change("annotation", drawing_id, {"body": body}, {"body": new}, "SCJ line moved")),)
    return _with_outline(lib, drawing_id, old, tuple(points), picture)


def _with_outline(
    lib: Library, contour_id: str, old: dict[str, Any], outline: Outline, picture: Picture
) -> tuple[Change, ...]:
    from pfm_desktop.imaging import brush
    from pfm_desktop.imaging.stroke import enclosed

    kept, lesion_id = enclosed(outline), old["body"]["lesion_id"]
    if polygon_area(kept) < max(LEAST_PX, LEAST_SHARE * picture.width * picture.height):
        raise BadInputError(
            tr("the contour would enclose nothing"),
            safe=tr("nothing was changed"),
            remedy=tr("to remove it press Delete"),
        )
    with lib.read() as session:
        others = [
            one
            for one in drawn.contours_of(session, old["visit_id"])
            if (one.lesion_id, one.picture_id) == (lesion_id, picture.id) and one.id != contour_id
        ]
        lesion = records.snapshot(session, "lesion", lesion_id)
    made = brush.joined([one.shape for one in others], kept, (picture.width, picture.height))
    text = f"Corner of lesion {lesion['number']} moved" if lesion is not None else "Corner moved"
    body = {"lesion_id": lesion_id, **max(made.made, key=shape_area).to_json()}
    changes = [Change("annotation", contour_id, {"body": old["body"]}, {"body": body}, text)]
    swallowed = [others[number].id for number in made.touched]
    changes += [Change("annotation", key, _known(lib, key, "contour"), None, text) for key in swallowed]
    return lib.apply_all(changes)


def remove_contour(lib: Library, contour_id: str) -> Change:
    """Take a contour away; the lesion stays, with its signs and scores."""
    access.require(lib.account, Act.EDIT_VISITS)
    old = _known(lib, contour_id, "contour")
    with lib.read() as session:
        lesion = records.snapshot(session, "lesion", old["body"].get("lesion_id", ""))
    number = f" {lesion['number']}" if lesion is not None else ""
    return lib.apply(Change("annotation", contour_id, old, None, f"Contour of lesion{number} removed"))


def draw_junction(lib: Library, pair_id: str, frame: Source, line: Outline) -> Change:
    """The squamocolumnar junction on the picture of `frame` (N x 2 pixels, open), in place of an earlier line on it."""
    room = _Room(lib, pair_id, frame, None, makes=False)
    room.check(line, 2)
    if line_length(line) < LEAST_LINE * max(room.size):
        raise BadInputError(
            tr("this is no line"),
            safe=tr("nothing was changed"),
            remedy=tr("draw along the junction, or click points along it and press Enter"),
        )
    body = {"line": points_to_json(line)}
    with lib.read() as session:
        lines = drawn.junctions_of(session, room.visit_id)
        before = next((one for one in lines if one.picture_id == room.picture.id), None)
        old = records.snapshot(session, "annotation", before.id) if before is not None else None
    if before is not None and old is not None:
        return lib.apply(Change("annotation", before.id, {"body": old["body"]}, {"body": body}, "SCJ line drawn anew"))
    return lib.apply(Change("annotation", new_id(), None, room.fields(drawn.JUNCTION, body), "SCJ line drawn"))


def remove_junction(lib: Library, junction_id: str) -> Change:
    """Take the line of the junction away."""
    access.require(lib.account, Act.EDIT_VISITS)
    return lib.apply(Change("annotation", junction_id, _known(lib, junction_id, "line"), None, "SCJ line removed"))


class _Room:
    """The picture that is drawn on, and the lesion that is drawn: how they are before the edit. `makes`: a lesion is
    made where there is none."""

    def __init__(self, lib: Library, pair_id: str, frame: Source, lesion_id: str | None, *, makes: bool = True) -> None:
        access.require(lib.account, Act.EDIT_VISITS)  # what is seen of a lesion is a finding
        self._lib = lib
        with lib.read() as session:
            pair = stored.pair(session, pair_id)
            picture = stored.picture(session, pair.picture_id(frame) or "") if pair is not None else None
            if pair is None or picture is None:
                raise StorageError(tr("this picture is no longer in the library"), safe=tr("nothing was changed"))
            lesions = documented.lesions_of(session, pair.visit_id)
            contours = drawn.contours_of(session, pair.visit_id)
        self.picture: Picture = picture
        self.visit_id, self.size = pair.visit_id, (picture.width, picture.height)
        self.least_area = max(LEAST_PX, LEAST_SHARE * picture.width * picture.height)
        lesion = next((one for one in lesions if lesion_id in (None, one.id)), None)
        if lesion is None and lesion_id is not None:
            raise StorageError(
                tr("this lesion is no longer in the visit"),
                safe=tr("nothing was changed"),
                remedy=tr("choose one in Findings"),
            )
        self._first: tuple[Change, ...] = adding_lesion(lib, self.visit_id) if lesion is None and makes else ()
        self._lesion_id = self._first[0].key if self._first else lesion.id if lesion is not None else ""
        self.number = lesion.number if lesion is not None else 1
        self.capital_name = f"Lesion {self.number}"  # for the journal
        self.contours: tuple[Contour, ...] = tuple(
            one for one in contours if (one.lesion_id, one.picture_id) == (self._lesion_id, picture.id)
        )

    def check(self, line: Outline, least: int) -> None:
        """Raise unless these are so many points within the picture; never of NaN."""
        points = np.asarray(line, np.float64).reshape(-1, 2)
        edge = np.array(self.size, np.float64) - 0.5
        inside = bool(((points >= -0.5) & (points <= edge)).all())
        if not inside:
            raise BadInputError(
                tr("the line leaves the picture"), safe=tr("nothing was changed"), remedy=tr("draw on the picture")
            )
        if len(points) < least:
            raise BadInputError(
                tr("one point is no line: nothing was drawn")
                if len(points) == 1
                else tr("too few points: nothing was drawn"),
                safe=tr("nothing was changed"),
                remedy=tr("drag along what you draw, or click its corners"),
            )

    def fields(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Of a new record."""
        return {
            "visit_id": self.visit_id,
            "picture_id": self.picture.id,
            "kind": kind,
            "author": "",
            "made_at": datetime.now(UTC).isoformat(),
            "body": body,
        }

    def become(self, made: Reshaped, text: str) -> tuple[Change, ...]:
        """Carry out what a brush or an outline makes of the contours; the first of those touched go on, others go."""
        shapes = [shape for shape in made.made if shape_area(shape) >= LEAST_PX]
        keys = [self.contours[number].id for number in made.touched]
        changes = list(self._first)
        for key, shape in zip(keys, shapes, strict=False):
            old = _known(self._lib, key, "contour")
            body = {"lesion_id": self._lesion_id, **shape.to_json()}
            changes.append(Change("annotation", key, {"body": old["body"]}, {"body": body}, text))
        spare = keys[len(shapes) :]
        changes += [Change("annotation", key, _known(self._lib, key, "contour"), None, text) for key in spare]
        for shape in shapes[len(keys) :]:
            body = {"lesion_id": self._lesion_id, **shape.to_json()}
            changes.append(Change("annotation", new_id(), None, self.fields(drawn.CONTOUR, body), text))
        return self._lib.apply_all(changes)


def _adds_nothing(contours: tuple[Contour, ...], made: Reshaped) -> bool:
    return len(made.touched) == 1 and made.made == (contours[made.touched[0]].shape,)


_GONE = {
    "line": tr("this line is no longer in the library"),
    "contour": tr("this contour is no longer in the library"),
}


def _known(lib: Library, key: str, what: str) -> dict[str, Any]:
    with lib.read() as session:
        old = records.snapshot(session, "annotation", key)
    if old is None:
        raise StorageError(_GONE[what], safe=tr("nothing was changed"))
    return old
