"""Lesions as they were drawn: figures, diagram and what the report says of them."""

from __future__ import annotations

import math
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from pfm_desktop.domain.anatomy import Anatomy, Outline
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.diagram import APART, NO_CERVIX, NO_OS, OS_OUTSIDE
from pfm_desktop.domain.registration import DISAGREE
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.interop.pdf import pdf_bytes
from pfm_desktop.services import documenting, drawing, report, review
from pfm_desktop.services.measuring import Ground, LesionMeasure, diagram_of, measures_of
from pfm_desktop.services.report_drawing import OUTLINED
from pfm_desktop.services.report_forms import measured_words
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels import measuring as model
from pfm_desktop.viewmodels.report_preview import DIAGRAM_NAME, preview_html

from .test_report import Desk, pixels_of, shifted

pytestmark = pytest.mark.slow
WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE


def disc(x: float, y: float, radius: float) -> Outline:
    turn = np.linspace(0, 2 * math.pi, 180, endpoint=False)
    points = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])
    return tuple((float(a), float(b)) for a, b in points)


CERVIX = disc(200, 150, 120)


@pytest.fixture
def desk(lib: Library) -> Desk:
    """Os at (200, 150) in white light, pins A in white light and B in fluorescence; lesion 1 at 1 to 2 o'clock."""
    made = Desk(lib)
    drawing.draw_contour(lib, made.pair.id, WHITE, disc(240, 110, 30))
    return made


def calibrate(desk: Desk, mm_per_px: float | None = 0.1) -> None:
    before, now = {"mm_per_px": None}, {"mm_per_px": mm_per_px}
    desk.lib.apply(Change("picture", desk.pair.white_id or "", before, now, "calibrated"))


def ground(desk: Desk, registration: Registration | None = None, **found: Any) -> Ground:
    case = desk.case
    return Ground(case, desk.pair.id, report.os_of(case, desk.pair.id), report.usable(registration), **found)


def only(desk: Desk, registration: Registration | None = None, **found: Any) -> LesionMeasure:
    (made,) = measures_of(ground(desk, registration, **found)).values()
    return made


def test_millimetres_stand_only_where_the_picture_is_calibrated(desk: Desk) -> None:
    made = only(desk)
    assert made.measured.area_mm2 is None
    assert measured_words(made) == "not calibrated: no mm; anterior left; 1-2 o'clock"
    calibrate(desk)
    words = measured_words(only(desk))
    assert words == "28.3 mm\u00b2, longest diameter 6.0 mm; anterior left; 1-2 o'clock"


def test_the_share_of_the_cervix_is_of_the_drawn_one_and_of_the_found_one_only_where_it_is_said(desk: Desk) -> None:
    found = {WHITE: Anatomy((CERVIX,), (200.0, 150.0))}
    assert measured_words(only(desk, found=found)).startswith("not calibrated: no mm; 6 % of the cervix as found;")
    review.mark_cervix(desk.lib, desk.pair.id, WHITE, disc(200, 150, 60))
    made = only(desk, found=found)
    assert made.cervix_said
    assert made.measured.cervix_share == pytest.approx(0.25, rel=0.01)
    review.clear_os(desk.lib, desk.pair.id, WHITE)
    assert measured_words(only(desk, found=found)).endswith("1-2 o'clock about the os as found")
    assert only(desk).measured.hours is None


def test_os_and_cervix_of_the_other_picture_count_through_the_registration_and_never_through_a_refused_one(
    desk: Desk,
) -> None:
    review.clear_os(desk.lib, desk.pair.id, WHITE)
    review.mark_os(desk.lib, desk.pair.id, GLOW, 230, 150)
    review.mark_cervix(desk.lib, desk.pair.id, GLOW, disc(230, 150, 60))
    assert only(desk).measured.hours is None
    assert only(desk).measured.cervix_share is None
    made = only(desk, shifted(30))
    assert made.measured.hours == (1, 2)
    assert made.measured.cervix_share == pytest.approx(0.25, rel=0.01)
    no = refused("too little overlap", (400, 300), (400, 300))
    for bad in (no, replace(shifted(30), reason=DISAGREE)):
        assert only(desk, bad).measured.hours is None
        assert only(desk, bad).measured.cervix_share is None


def test_a_lesion_on_both_pictures_is_measured_on_the_white_light_one_and_says_so(desk: Desk) -> None:
    drawing.draw_contour(desk.lib, desk.pair.id, GLOW, disc(100, 100, 50))
    made = only(desk)
    assert (made.place, made.elsewhere) == (WHITE, True)
    assert made.measured.area_px == pytest.approx(math.pi * 900, rel=0.01)
    assert "drawn on both pictures" in measured_words(made)
    drawing.remove_contour(desk.lib, desk.case.contours[0].id)
    assert only(desk).place is GLOW


# ---- the diagram


def test_a_diagram_says_what_is_missing_and_guesses_nothing(desk: Desk) -> None:
    found = {WHITE: Anatomy((CERVIX,), (200.0, 150.0))}
    made = diagram_of(ground(desk, found=found))
    assert made is not None
    assert (made.missing, made.areas, made.biopsies) == ((NO_CERVIX,), (), ())
    review.clear_os(desk.lib, desk.pair.id, WHITE)
    made = diagram_of(ground(desk, found=found))
    assert made is not None
    assert made.missing == (NO_OS, NO_CERVIX)
    review.mark_os(desk.lib, desk.pair.id, WHITE, 5, 5)
    review.mark_cervix(desk.lib, desk.pair.id, WHITE, CERVIX)
    made = diagram_of(ground(desk))
    assert made is not None
    assert made.missing == (OS_OUTSIDE,)
    review.clear_cervix(desk.lib, desk.pair.id, WHITE)
    review.mark_cervix(desk.lib, desk.pair.id, GLOW, CERVIX)
    made = diagram_of(ground(desk))
    assert made is not None
    assert made.missing == (APART,)


def test_a_diagram_is_filled_with_lesions_by_number_and_signs_pins_by_letter_and_the_junction(desk: Desk) -> None:
    review.mark_cervix(desk.lib, desk.pair.id, WHITE, CERVIX)
    drawing.draw_junction(desk.lib, desk.pair.id, WHITE, ((150.0, 150.0), (200.0, 180.0), (250.0, 150.0)))
    lesion = desk.case.lesions[0].id
    documenting.set_lesion(desk.lib, lesion, "grade_2", ["dense_acetowhite", "coarse_mosaic"])
    made = diagram_of(ground(desk))
    assert made is not None
    assert [area.label for area in made.areas] == ["1 AW M"]
    x, y = np.mean(np.array(made.areas[0].edges[0]), axis=0)
    assert x > 0 > y, "anterior and on her left"
    assert [one.letter for one in made.biopsies] == ["A"]
    assert made.missing == ("Biopsy B: on the other picture, and the pair is not registered",)
    assert len(made.junctions) == 1
    registered = diagram_of(ground(desk, shifted(10)))
    assert registered is not None
    assert [one.letter for one in registered.biopsies] == ["A", "B"]
    assert registered.missing == ()
    b = registered.biopsies[1]
    assert (b.x, b.y) == pytest.approx((-110 / 148.7, 100 / 148.7), abs=0.6)
    assert b.x < 0 < b.y


def test_where_nothing_is_drawn_there_is_no_diagram(lib: Library) -> None:
    desk = Desk(lib)
    for pin in desk.case.pins:
        review.remove_pin(lib, pin.id)
    assert diagram_of(ground(desk)) is None
    assert desk.report().diagram is None


# ---- the report


def test_the_report_says_size_and_place_of_a_lesion_and_has_the_diagram_in_print_and_preview(desk: Desk) -> None:
    calibrate(desk)
    review.mark_cervix(desk.lib, desk.pair.id, WHITE, CERVIX)
    content = desk.report()
    (name, words) = content.lesions[0]
    assert name == "Lesion 1"
    assert words.endswith(
        "As drawn: 28.3 mm\u00b2, longest diameter 6.0 mm; 6 % of the cervix; anterior left; 1-2 o'clock"
    )
    assert content.diagram is not None
    html = preview_html(content)
    printed = " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf_bytes(content))).pages).split())
    left = "12 o'clock is up, the patient's left is on the right"
    for said in ("Diagram of the cervix", left, "28.3 mm", "Biopsy B:"):
        assert said in printed
        assert said.replace("'", "&#x27;") in html
    assert f'src="{DIAGRAM_NAME}"' in html


def test_contours_are_drawn_into_the_pictures_of_the_report_and_only_where_there_is_a_way(desk: Desk) -> None:
    plain = [pixels_of(picture) for picture in desk.report().pictures]
    assert [OUTLINED in picture.caption for picture in desk.report().pictures] == [True, False]
    at_edge = plain[0][110, 205:216]
    assert np.ptp(at_edge) > 100, "a light line on a dark one"
    both = desk.report(pictures=replace(desk.pictures, registration=shifted(30)))
    assert [OUTLINED in picture.caption for picture in both.pictures] == [True, True]
    moved = pixels_of(both.pictures[1])
    assert np.ptp(moved[110, 235:246]) > 100
    drawing.draw_junction(desk.lib, desk.pair.id, WHITE, ((20.0, 250.0), (380.0, 250.0)))
    assert np.ptp(pixels_of(desk.report().pictures[0])[245:256, 100:200]) > 100


def test_a_report_says_what_is_missing_for_a_diagram_only_where_something_is_drawn(desk: Desk) -> None:
    assert desk.report().diagram is not None
    assert DIAGRAM_NAME not in preview_html(desk.report()), "no empty circles"
    drawing.remove_contour(desk.lib, desk.case.contours[0].id)
    assert desk.report().diagram is None, "pins alone need none"
    made = diagram_of(ground(desk))
    assert made is not None
    assert made.empty


def test_what_was_only_found_stands_in_no_report(desk: Desk) -> None:
    content = desk.report()
    assert "as found" not in content.lesions[0][1]
    assert content.diagram is not None
    assert content.diagram.missing == (NO_CERVIX,)
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf_bytes(content))).pages)
    assert "Not filled from what was drawn: the outline of the cervix is not drawn." in " ".join(printed.split())


# ---- what is offered for the forms


def view(desk: Desk, locked: str = "", **found: Any) -> model.DrawingView:
    known = model.Known(desk.pair.id, None, **found)
    return model.drawing_view(desk.case, known, desk.case.lesions[0], locked)


def test_nothing_is_offered_in_millimetres_of_a_picture_without_a_scale_nor_of_what_was_only_found(desk: Desk) -> None:
    shown = view(desk)
    assert shown.words == "Lesion 1 as drawn: not calibrated: no mm; anterior left; 1-2 o'clock."
    assert shown.offer is not None
    assert (dict(shown.offer.answers), shown.offer.size) == ({"hours": ["1", "2"], "quadrants": 1}, None)
    assert "draw the cervix (C)" in shown.wanting
    review.clear_os(desk.lib, desk.pair.id, WHITE)
    shown = view(desk, found={WHITE: Anatomy((CERVIX,), (200.0, 150.0))})
    assert shown.offer is None
    assert "mark the os (O; Shift+O: as found)" in shown.wanting
    assert "draw the cervix (C; Shift+C: as found)" in shown.wanting


def test_what_is_offered_is_taken_over_in_one_step_and_is_not_offered_again(desk: Desk) -> None:
    calibrate(desk)
    review.mark_cervix(desk.lib, desk.pair.id, WHITE, CERVIX)
    offer = view(desk).offer
    assert offer is not None
    assert offer.words == "O'clock: 1, 2; Quadrants covered: 1; Of the cervix: 6 %; Swede, lesion size: 1"
    made = model.taken_edit(offer, by="Dr. Test")(desk.lib)
    assert isinstance(made, tuple)
    lesion = desk.case.lesions[0]
    assert (lesion.swede.lesion_size, lesion.answers["percent"]) == (1, 6)
    assert view(desk).offer is None
    assert view(desk).wanting == ""
    review.undo_all(desk.lib, made)
    assert desk.case.lesions[0].answers == {}
    assert view(desk).offer == offer


def test_in_a_locked_visit_all_is_said_and_nothing_offered(desk: Desk) -> None:
    shown = view(desk, locked="somebody else has the library open")
    assert shown.words
    assert (shown.offer, shown.wanting) == (None, "")


def test_a_lesion_that_is_not_drawn_on_these_pictures_says_how_to_draw_it(desk: Desk) -> None:
    drawing.remove_contour(desk.lib, desk.case.contours[0].id)
    assert view(desk).words.startswith("Lesion 1 is not drawn on these pictures: press D")
    assert view(desk, locked="it is read only").words == "", "it could not be drawn"
    assert model.drawing_view(None, model.Known(), None) == model.DrawingView()
    assert model.drawing_view(desk.case, model.Known("somebody's"), desk.case.lesions[0]) == model.DrawingView()
