"""COCO JSON: whole, with ids, boxes and areas that other programs can rely on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pfm_desktop.interop.coco import BIOPSY, CERVIX, OS, CocoPicture, coco

SQUARE = ((10.0, 20.0), (29.0, 20.0), (29.0, 59.0), (10.0, 59.0))
FULL = CocoPicture(
    "pictures/a.png", 100, 80, {"patient": "W-1", "seconds_since_acid": None}, SQUARE, (50.2, 40.7),
    (("A", (12.0, 30.0)), ("B", (0.0, 79.0))),
)  # fmt: skip


def made(*pictures: CocoPicture) -> dict[str, Any]:
    return json.loads(json.dumps(coco(pictures, description="a set"), allow_nan=False))  # type: ignore[no-any-return]


def marks(category: int, *pictures: CocoPicture) -> list[dict[str, Any]]:
    return [one for one in made(*pictures)["annotations"] if one["category_id"] == category]


def test_ids_are_unique_and_every_reference_leads_somewhere() -> None:
    found = made(FULL, CocoPicture("pictures/b.png", 100, 80), FULL)
    for kind in ("images", "annotations", "categories"):
        ids = [one["id"] for one in found[kind]]
        assert ids == list(range(1, len(ids) + 1))
    assert {one["image_id"] for one in found["annotations"]} == {1, 3}
    assert {one["category_id"] for one in found["annotations"]} == {one["id"] for one in found["categories"]}


def test_pictures_have_file_size_and_what_is_known_beside() -> None:
    (image,) = made(FULL)["images"]
    assert image == {
        "id": 1, "file_name": "pictures/a.png", "width": 100, "height": 80, "patient": "W-1",
        "seconds_since_acid": None,
    }  # fmt: skip


def test_what_is_known_beside_never_takes_the_place_of_the_ids() -> None:
    (image,) = made(CocoPicture("a.png", 9, 9, {"id": 77, "file_name": "other.png"}))["images"]
    assert (image["id"], image["file_name"]) == (1, "a.png")


def test_polygons_are_measured_from_the_corner_of_the_picture() -> None:
    (cervix,) = marks(CERVIX, FULL)
    assert cervix["segmentation"] == [[10.5, 20.5, 29.5, 20.5, 29.5, 59.5, 10.5, 59.5]]
    assert cervix["bbox"] == [10.5, 20.5, 19, 39]
    assert cervix["area"] == 19 * 39
    assert cervix["iscrowd"] == 0


def test_the_area_is_that_of_the_polygon_whichever_way_it_runs() -> None:
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = tuple(zip((50 + 20 * np.cos(turn)).tolist(), (40 + 20 * np.sin(turn)).tolist(), strict=True))
    for outline in (circle, circle[::-1]):
        (found,) = marks(CERVIX, CocoPicture("a.png", 100, 80, cervix=outline))
        assert found["area"] == pytest.approx(np.pi * 400, rel=1e-3)


def test_keypoints_are_pixels_counted_from_nought_and_their_box_is_that_pixel() -> None:
    (os,) = marks(OS, FULL)
    assert os["keypoints"] == [50.2, 40.7, 2]
    assert os["num_keypoints"] == 1
    assert (os["bbox"], os["area"]) == ([50, 41, 1, 1], 1)


def test_a_point_has_the_outline_of_its_pixel_so_that_a_mask_can_be_made_of_it() -> None:
    for mark in (*marks(OS, FULL), *marks(BIOPSY, FULL)):
        (outline,) = mark["segmentation"]
        xs, ys = outline[::2], outline[1::2]
        left, top, width, height = mark["bbox"]
        assert (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)) == (left, top, width, height)
        assert len(outline) == 8, "readers take six numbers and more for a polygon"
        assert 0 <= left < 100
        assert 0 <= top < 80


def test_biopsies_keep_their_letters() -> None:
    assert [(one["letter"], one["keypoints"][:2]) for one in marks(BIOPSY, FULL)] == [("A", [12, 30]), ("B", [0, 79])]


def test_categories_of_points_name_their_one_keypoint() -> None:
    named = {one["name"]: one.get("keypoints") for one in made()["categories"]}
    assert named == {"cervix": None, "os": ["os"], "biopsy": ["site"]}


@pytest.mark.parametrize("spot", [(-0.51, 5.0), (99.5, 5.0), (5.0, 79.5), (5.0, -2.0), (1e9, 1e9)])
def test_a_point_outside_of_the_picture_is_left_out(spot: tuple[float, float]) -> None:
    assert made(CocoPicture("a.png", 100, 80, os=spot))["annotations"] == []


@pytest.mark.parametrize("spot", [(-0.5, -0.5), (0.0, 0.0), (99.49, 79.49)])
def test_the_box_of_a_point_at_the_edge_lies_in_the_picture(spot: tuple[float, float]) -> None:
    (os,) = marks(OS, CocoPicture("a.png", 100, 80, os=spot))
    left, top, width, height = os["bbox"]
    assert 0 <= left <= left + width <= 100
    assert 0 <= top <= top + height <= 80


def test_an_outline_beyond_the_picture_is_kept_within_it() -> None:
    (cervix,) = marks(CERVIX, CocoPicture("a.png", 100, 80, cervix=((-50, -50), (500, -50), (500, 500), (-50, 500))))
    assert cervix["bbox"] == [0, 0, 100, 80]
    assert cervix["area"] == 8000


@pytest.mark.parametrize(
    "outline", [(), ((1, 1),), ((1, 1), (9, 9)), ((1, 1), (5, 5), (9, 9)), ((-9, 0), (-5, 9), (-3, 3))]
)
def test_an_outline_that_encloses_nothing_is_left_out(outline: tuple[tuple[float, float], ...]) -> None:
    assert made(CocoPicture("a.png", 100, 80, cervix=outline))["annotations"] == []
