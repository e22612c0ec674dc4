"""Marks on pictures as COCO JSON (cocodataset.org, format-data): `images`, `categories`, `annotations`.

Frames: in COCO polygons, boxes and areas are measured from the picture's top-left corner, so 0.5 is added to ours
(0 is the centre of the top-left pixel). Its keypoints are pixels counted from 0, as ours are, and stay as they are; a
reader such as detectron2 adds the 0.5 itself. The box of a point is the pixel that it lies in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pfm_desktop.domain.anatomy import Outline, Spot

CERVIX, OS, BIOPSY = 1, 2, 3  # category ids
CORNER = 0.5
VISIBLE = 2  # of a keypoint: labelled and visible
_DIGITS = 3  # of a coordinate in pixels
_LEAST_POINTS = 3


@dataclass(frozen=True)
class CocoPicture:
    """A picture file, its size in pixels, and what a person marked on it in our frame.

    `facts` stand beside it in `images`; `biopsies` are letters with their spots.
    """

    file: str
    width: int
    height: int
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)
    cervix: Outline | None = None
    os: Spot | None = None
    biopsies: tuple[tuple[str, Spot], ...] = ()


def coco(pictures: Sequence[CocoPicture], *, description: str) -> dict[str, Any]:
    """The whole mapping, for `json`. Ids count from 1 in the order given; marks outside of a picture are left out."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures, start=1):
        own = {"id": number, "file_name": picture.file, "width": picture.width, "height": picture.height}
        images.append({**picture.facts, **own})
        for mark in _marks(picture):
            annotations.append({"id": len(annotations) + 1, "image_id": number, "iscrowd": 0, **mark})
    return {
        "info": {"description": description},
        "licenses": [],
        "images": images,
        "categories": _categories(),
        "annotations": annotations,
    }


def _categories() -> list[dict[str, Any]]:
    named = {"supercategory": "cervix", "skeleton": []}
    return [
        {"id": CERVIX, "name": "cervix", "supercategory": "cervix"},
        {"id": OS, "name": "os", "keypoints": ["os"], **named},
        {"id": BIOPSY, "name": "biopsy", "keypoints": ["site"], **named},
    ]


def _marks(picture: CocoPicture) -> Iterator[dict[str, Any]]:
    if picture.cervix is not None:
        polygon = _polygon(picture.cervix, picture.width, picture.height)
        if polygon is not None:
            yield polygon
    spots: list[tuple[int, Spot, dict[str, str]]] = [(OS, picture.os, {})] if picture.os is not None else []
    spots += [(BIOPSY, spot, {"letter": letter}) for letter, spot in picture.biopsies]
    for category, (x, y), more in spots:
        if -CORNER <= x < picture.width - CORNER and -CORNER <= y < picture.height - CORNER:
            yield {"category_id": category, **_point(x, y), **more}


def _polygon(outline: Outline, width: int, height: int) -> dict[str, Any] | None:
    """An outline, kept within the picture; None where nothing of it is left."""
    inside = [
        (
            round(min(max(x + CORNER, 0.0), float(width)), _DIGITS),
            round(min(max(y + CORNER, 0.0), float(height)), _DIGITS),
        )
        for x, y in outline
    ]
    area = _area(inside)
    if len(inside) < _LEAST_POINTS or area <= 0:
        return None
    return {
        "category_id": CERVIX,
        "segmentation": [[value for point in inside for value in point]],
        "area": round(area, _DIGITS),
        "bbox": _box(inside),
    }


def _point(x: float, y: float) -> dict[str, Any]:
    left, top = int(x + CORNER), int(y + CORNER)  # both at least 0
    return {
        # the pixel itself: readers make no mask of an empty one, and stop
        "segmentation": [[left, top, left + 1, top, left + 1, top + 1, left, top + 1]],
        "keypoints": [round(x, _DIGITS), round(y, _DIGITS), VISIBLE],
        "num_keypoints": 1,
        "area": 1.0,
        "bbox": [left, top, 1, 1],
    }


def _area(points: Sequence[Spot]) -> float:
    """Of a polygon, by the shoelace rule, in square pixels."""
    following = [*points[1:], *points[:1]]
    twice = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, following, strict=True))
    return abs(twice) / 2


def _box(points: Sequence[Spot]) -> list[float]:
    """Left, top, width, height."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return [min(xs), min(ys), round(max(xs) - min(xs), _DIGITS), round(max(ys) - min(ys), _DIGITS)]
