"""The same shot in other bytes is found where its moment is known."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pfm_desktop.domain.source import Stage
from pfm_desktop.imaging.io import decode_picture
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.plan import ImportPlan
from pfm_desktop.services.importing.report import ImportReport, Outcome
from pfm_desktop.services.importing.run import foreseen, import_plan
from pfm_desktop.services.importing.taken import Taken
from pfm_desktop.services.importing.twins import shots_of_the_moment
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.worklist import Question

from .test_run import brought_in, counts, everything, planned

pytestmark = pytest.mark.slow

Put = Callable[[Path, bytes], Path]


def photograph(seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3)).astype(np.uint8)
    return np.array(Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC))


def saved(
    pixels: NDArray[np.uint8], *, quality: int = 92, form: str = "JPEG", moment: str = "2026:03:14 12:00:00"
) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x8769] = {0x9003: moment}
    Image.fromarray(pixels).save(out, form, quality=quality, exif=exif)
    return out.getvalue()


def with_comment(jpeg: bytes) -> bytes:
    """As a program leaves it that writes a rating: the packed pixels are untouched."""
    comment = b"five stars"
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


@pytest.mark.parametrize("how", ["one byte more", "EXIF", "PNG", "packed again"])
def test_the_same_shot_in_other_bytes_is_one(lib: Library, tmp_path: Path, put_file: Put, how: str) -> None:
    scene = photograph(1)
    put_file(tmp_path / "in" / "K-17" / "acid.jpg", saved(scene))
    brought_in(lib, planned(tmp_path / "in"))
    anew = {
        "one byte more": lambda: saved(scene) + b"\0",
        "EXIF": lambda: with_comment(saved(scene)),
        "PNG": lambda: saved(decode_picture(saved(scene), "acid.jpg").pixels, form="PNG"),
        "packed again": lambda: saved(scene, quality=60),
    }[how]()
    name = "acid.png" if how == "PNG" else "acid.jpg"
    put_file(tmp_path / "hers" / "K-17" / name, anew)
    put_file(tmp_path / "other" / "K-18" / name, anew)
    for work in (foreseen, import_plan):
        of_another = work(SilentContext(), lib, planned(tmp_path / "other"))
        assert counts(of_another) == (0, 0, 1)
        assert "is on record for another woman (K-17)" in of_another.skipped[0].reason
        if how != "packed again":  # of one woman only equal pixels are the same picture
            (line,) = work(SilentContext(), lib, planned(tmp_path / "hers")).lines
            assert (line.outcome, line.reason) == (Outcome.THERE, "it is in this visit already, and was saved anew")
    plan = planned(tmp_path / "other")
    although = changes.take_although_elsewhere(plan, [plan.pictures[0].key])
    assert counts(brought_in(lib, although)) == (1, 0, 0)


def test_two_shots_of_one_second_are_two_pictures(lib: Library, tmp_path: Path, put_file: Put) -> None:
    for woman, seed in (("K-17", 1), ("K-18", 2)):
        put_file(tmp_path / woman / woman / "acid.jpg", saved(photograph(seed)))
        assert counts(brought_in(lib, planned(tmp_path / woman))) == (1, 0, 0)
    put_file(tmp_path / "burst" / "K-17" / "acid_2.jpg", saved(photograph(1), quality=80))
    assert counts(brought_in(lib, planned(tmp_path / "burst"))) == (1, 0, 0)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_picture_saved_anew_without_its_moment_is_known_by_its_pixels(
    lib: Library, tmp_path: Path, put_file: Put, form: str
) -> None:
    whole = saved(photograph(1))
    put_file(tmp_path / "in" / "K-17" / "2026-03-14" / "acid.jpg", whole)
    brought_in(lib, planned(tmp_path / "in"))
    out = io.BytesIO()
    Image.fromarray(decode_picture(whole, "acid.jpg").pixels).save(out, "PNG")
    anew = out.getvalue() if form == "PNG" else without_exif(whole)
    for woman, outcome in (("K-17", Outcome.THERE), ("K-18", Outcome.SKIPPED)):
        put_file(tmp_path / woman / woman / "2026-03-15" / f"acid.{form.lower()}", anew)
        (line,) = brought_in(lib, planned(tmp_path / woman)).lines
        assert (line.outcome, "saved anew" in line.reason) == (outcome, True)
    with lib.read() as session:
        assert stored.patient_by_identifier(session, "K-18") is None
    # twice within one import, in one visit and for two women
    put_file(tmp_path / "both" / "K-30" / "2026-03-14" / "acid.jpg", other := saved(photograph(5)))
    put_file(tmp_path / "both" / "K-30" / "2026-03-14" / "acid_2.jpg", without_exif(other))
    put_file(tmp_path / "two" / "K-30" / "2026-03-14" / "acid.jpg", other)
    put_file(tmp_path / "two" / "K-31" / "2026-03-14" / "acid.jpg", without_exif(other) + b"\0")
    for work in (foreseen, import_plan):
        assert counts(work(SilentContext(), lib, planned(tmp_path / "two"))) == (0, 0, 2)
    for work in (foreseen, import_plan):
        assert counts(work(SilentContext(), lib, planned(tmp_path / "both"))) == (1, 1, 0)


def test_a_clock_that_stands_still_makes_no_twins(lib: Library, tmp_path: Path, put_file: Put) -> None:
    for number in range(13):
        put_file(tmp_path / "in" / "K-17" / f"acid_{number}.jpg", saved(photograph(number)))
    assert counts(brought_in(lib, planned(tmp_path / "in"))) == (13, 0, 0)
    put_file(tmp_path / "other" / "K-18" / "acid.jpg", saved(photograph(1), quality=60))
    (picture,) = planned(tmp_path / "other").pictures
    assert shots_of_the_moment(lib, [picture], Taken()) == {}


def test_a_covered_lens_tells_nobody_apart(lib: Library, tmp_path: Path, put_file: Put) -> None:
    dark = np.zeros((64, 64, 3), np.uint8)
    for number, woman in enumerate(("K-17", "K-18")):
        put_file(tmp_path / woman / woman / "2026-03-14" / "acid.jpg", without_exif(saved(dark, quality=90 - number)))
        assert counts(brought_in(lib, planned(tmp_path / woman))) == (1, 0, 0)


def without_exif(jpeg: bytes) -> bytes:
    """The packed pixels untouched."""
    length = int.from_bytes(jpeg[4:6], "big")
    assert jpeg[2:4] in (b"\xff\xe0", b"\xff\xe1")
    rest = jpeg[4 + length :]
    if rest[:2] == b"\xff\xe1":
        rest = rest[2 + int.from_bytes(rest[2:4], "big") :]
    return jpeg[:2] + rest


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_what_is_lost_in_the_store_is_put_back_by_the_same_file_and_said(
    lib: Library, tmp_path: Path, put_file: Put, harm: str
) -> None:
    put_file(tmp_path / "in" / "K-17" / "acid.jpg", saved(photograph(1)))
    plan = planned(tmp_path / "in")
    brought_in(lib, plan)
    harmed(lib, plan, b"" if harm == "gone" else b"rotten")
    put_file(
        tmp_path / "anew" / "K-17" / "acid.png", saved(decode_picture(saved(photograph(1)), "a").pixels, form="PNG")
    )
    assert counts(foreseen(SilentContext(), lib, planned(tmp_path / "anew"))) == (1, 0, 0)
    (line,) = brought_in(lib, plan).lines
    assert (line.outcome, "was put back" in line.reason) == (Outcome.THERE, True)
    assert lib.pictures.is_whole(plan.pictures[0].sha256)


def test_nearly_the_same_shot_under_two_women_of_one_import_is_left_out_for_both(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "K-30" / "acid.jpg", saved(photograph(1)))
    put_file(tmp_path / "in" / "K-31" / "acid.jpg", saved(photograph(1), quality=70))
    put_file(tmp_path / "in" / "K-32" / "acid.jpg", saved(photograph(2)))
    plan = planned(tmp_path / "in")
    for work in (foreseen, import_plan):
        report = work(SilentContext(), lib, plan)
        assert (report.count(Outcome.ADDED), len(report.skipped)) == (1, 2)
        assert "nearly the same picture, of the same second, stands under another woman too" in report.skipped[0].reason
    (key,) = [one.key for one in plan.pictures if "K-31" in one.key]
    assert counts(brought_in(lib, changes.leave_out(plan, [key]))) == (1, 1, 1)


def test_a_copy_without_its_moment_waits_with_the_shot_that_stands_under_two_women(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(6))
    put_file(tmp_path / "in" / "K-40" / "2026-03-14" / "acid_1.jpg", original)
    put_file(tmp_path / "in" / "K-40" / "2026-03-15" / "acid_2.jpg", without_exif(original))
    put_file(tmp_path / "in" / "K-41" / "acid_1.jpg", saved(photograph(6), quality=60))
    plan = planned(tmp_path / "in")
    assert counts(foreseen(SilentContext(), lib, plan)) == (0, 0, 3)
    (key,) = [one.key for one in plan.pictures if "K-40" in one.key and "acid_1" in one.key]
    without_one = changes.leave_out(plan, [key])
    assert counts(foreseen(SilentContext(), lib, without_one)) == (0, 0, 3), "the copy is still hers"
    both = [one.key for one in plan.pictures if "K-40" in one.key]
    assert counts(brought_in(lib, changes.leave_out(plan, both))) == (1, 0, 2)


def test_a_visit_goes_on_over_midnight_in_two_imports_too(lib: Library, tmp_path: Path, put_file: Put) -> None:
    moments = (("a", "2026:06:01 23:20:00"), ("a", "2026:06:01 23:50:00"), ("b", "2026:06:02 00:35:00"))
    for number, (day, moment) in enumerate(moments):
        put_file(tmp_path / day / "K-40" / f"acid_{number}.jpg", saved(photograph(number), moment=moment))
    brought_in(lib, planned(tmp_path / "a"))
    brought_in(lib, planned(tmp_path / "b"))
    with lib.read() as session:
        woman = stored.patient_by_identifier(session, "K-40")
        assert woman is not None
        (row,) = stored.visit_rows(session, Question(patient_id=woman.id, limit=9))
    assert row.pictures == 3


def test_the_original_that_knows_its_moment_comes_in_beside_a_copy_that_lost_it(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(7))
    put_file(tmp_path / "mail" / "K-17" / "2026-03-20" / "acid.jpg", without_exif(original))
    brought_in(lib, planned(tmp_path / "mail"))
    put_file(tmp_path / "stick" / "K-17" / "lugol.jpg", original)
    for work in (foreseen, import_plan):
        (line,) = work(SilentContext(), lib, planned(tmp_path / "stick")).lines
        assert line.outcome is Outcome.ADDED
        assert line.reason == "it is in her visit of 20 Mar 2026 too, as acetic acid, as a copy without its moment"
    assert counts(brought_in(lib, planned(tmp_path / "stick"))) == (0, 1, 0)
    assert counts(brought_in(lib, planned(tmp_path / "mail"))) == (0, 1, 0)


@pytest.mark.parametrize("name", ["acid.jpg", "acid.jfif", "acid"])
def test_the_time_of_a_copy_s_file_is_no_moment_of_its_own(
    lib: Library, tmp_path: Path, put_file: Put, name: str
) -> None:
    """Else a shot that was saved anew in the evening would keep its original out, and be filed under another woman."""
    original = saved(photograph(9))
    evening = datetime(2026, 3, 14, 18, 30).astimezone().timestamp()
    copy = put_file(tmp_path / "mail" / "K-17" / "2026-03-14" / name, without_exif(original))
    os.utime(copy, (evening, evening))
    assert counts(brought_in(lib, planned(tmp_path / "mail"))) == (1, 0, 0)
    put_file(tmp_path / "stick" / "K-17" / "acid.jpg", original)
    for work in (foreseen, import_plan):
        (line,) = work(SilentContext(), lib, planned(tmp_path / "stick")).lines
        assert (line.outcome, line.reason) == (
            Outcome.ADDED,
            "it is in her visit of 14 Mar 2026 too, as a copy without its moment",
        )
    for folder in ("mail", "stick"):
        assert counts(brought_in(lib, planned(tmp_path / folder))) == (0, 1, 0)
    put_file(tmp_path / "other" / "K-18" / "acid.jpg", saved(photograph(9), quality=60))
    for work in (foreseen, import_plan):
        (line,) = work(SilentContext(), lib, planned(tmp_path / "other")).skipped
        assert "on record for another woman (K-17)" in line.reason


def test_an_original_of_another_woman_is_left_out_also_where_hers_holds_a_copy_without_its_moment(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(8))
    put_file(tmp_path / "mail" / "K-17" / "2026-03-14" / "acid.jpg", without_exif(original))
    brought_in(lib, planned(tmp_path / "mail"))
    put_file(tmp_path / "other" / "K-99" / "acid.jpg", original)
    plan = planned(tmp_path / "other")
    although = changes.take_although_elsewhere(plan, [plan.pictures[0].key])
    assert counts(brought_in(lib, although)) == (1, 0, 0)
    put_file(tmp_path / "hers" / "K-17" / "acid.jpg", original)
    for work in (foreseen, import_plan):
        report = work(SilentContext(), lib, planned(tmp_path / "hers"))
        assert counts(report) == (0, 0, 1)
        assert "on record for another woman (K-99)" in report.skipped[0].reason


def test_pixels_of_another_woman_are_known_also_where_her_file_is_lost(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "K-99" / "acid.jpg", saved(photograph(9)))
    plan = planned(tmp_path / "in")
    brought_in(lib, plan)
    harmed(lib, plan)
    anew = saved(decode_picture(saved(photograph(9)), "a").pixels, form="PNG")
    put_file(tmp_path / "other" / "K-17" / "acid.png", anew)
    assert counts(brought_in(lib, planned(tmp_path / "other"))) == (0, 0, 1)


def test_what_is_hers_on_record_is_there_though_a_twin_stands_under_another_woman(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "K-30" / "acid.jpg", saved(photograph(1)))
    brought_in(lib, planned(tmp_path / "in"))
    put_file(tmp_path / "in" / "K-31" / "acid.jpg", saved(photograph(1), quality=70))
    for work in (foreseen, import_plan):
        assert counts(work(SilentContext(), lib, planned(tmp_path / "in"))) == (0, 1, 1)


def test_a_third_variant_beside_copy_and_original_is_there(lib: Library, tmp_path: Path, put_file: Put) -> None:
    original = saved(photograph(10))
    copy = without_exif(original)
    for name, data, added in (("mail", copy, 1), ("stick", original, 1), ("rated", original + b"\0", 0)):
        put_file(tmp_path / name / "K-17" / "2026-03-14" / "acid.jpg", data)
        assert brought_in(lib, planned(tmp_path / name)).count(Outcome.ADDED) == added
    patient = cases.add_patient(lib, identifier="K-18", family_name="Real")
    visit = cases.add_visit(lib, patient.id).id
    first = cases.add_picture(lib, visit, copy, stage=Stage.ACETIC_ACID)
    moment = datetime(2026, 3, 14, 12, tzinfo=UTC)
    second = cases.add_picture(lib, visit, original, stage=Stage.ACETIC_ACID, taken_at=moment)
    assert second.id != first.id
    third = cases.add_picture(lib, visit, original + b"\0", stage=Stage.ACETIC_ACID, taken_at=moment)
    assert third == second


def harmed(lib: Library, plan: ImportPlan, left: bytes = b"") -> None:
    """The stored file of the first picture holds something else, or is gone."""
    path = lib.pictures.find(plan.pictures[0].sha256)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(left) if left else path.unlink()


def outcomes(report: ImportReport) -> list[tuple[str, str]]:
    return sorted((line.outcome.value, line.reason) for line in report.lines)


def test_copy_and_original_in_two_visits_of_one_import_are_foreseen_as_they_come_in(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(3), moment="2026:03:15 09:00:00")
    put_file(tmp_path / "in" / "K-18" / "2026-03-14" / "acid_1.jpg", without_exif(original))
    put_file(tmp_path / "in" / "K-18" / "2026-03-15" / "acid_2.jpg", original)
    plan = planned(tmp_path / "in")
    before = foreseen(SilentContext(), lib, plan)
    report = import_plan(SilentContext(), lib, plan)
    assert (counts(before), before.visits) == (counts(report), report.visits) == ((2, 0, 0), 2)
    assert outcomes(before) == outcomes(report)


def test_a_lost_file_that_the_import_puts_back_is_foreseen(lib: Library, tmp_path: Path, put_file: Put) -> None:
    original = saved(photograph(4))
    put_file(tmp_path / "in" / "K-17" / "acid.jpg", original)
    brought_in(lib, planned(tmp_path / "in"))
    for file in lib.pictures.files():
        file.unlink()
    put_file(tmp_path / "in" / "K-17" / "acid.png", saved(decode_picture(original, "acid.jpg").pixels, form="PNG"))
    plan = planned(tmp_path / "in")
    before, report = (work(SilentContext(), lib, plan) for work in (foreseen, import_plan))
    assert counts(before) == counts(report) == (0, 2, 0)


def test_beside_a_lost_twin_the_original_that_is_whole_stands_for_a_copy(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(6))
    put_file(tmp_path / "in" / "K-17" / "acid.png", saved(decode_picture(original, "acid.jpg").pixels, form="PNG"))
    brought_in(lib, planned(tmp_path / "in"))
    for file in lib.pictures.files():
        file.unlink()
    put_file(tmp_path / "more" / "K-17" / "2026-03-14" / "acid.jpg", original)
    put_file(tmp_path / "more" / "K-17" / "2026-03-14" / "acid_2.jpg", without_exif(original))
    plan = planned(tmp_path / "more")
    before, report = (work(SilentContext(), lib, plan) for work in (foreseen, import_plan))
    assert counts(before) == counts(report) == (1, 1, 0)


def test_a_shot_of_the_second_of_another_womans_lost_one_waits(lib: Library, tmp_path: Path, put_file: Put) -> None:
    put_file(tmp_path / "in" / "K-17" / "acid.jpg", saved(photograph(9)))
    brought_in(lib, planned(tmp_path / "in"))
    for file in lib.pictures.files():
        file.unlink()
    put_file(tmp_path / "other" / "K-18" / "acid.jpg", saved(photograph(9), quality=60))
    plan = planned(tmp_path / "other")
    for work in (foreseen, import_plan):
        (line,) = work(SilentContext(), lib, plan).lines
        assert (
            line.outcome,
            "whose file is missing or altered, is on record for another woman (K-17)" in line.reason,
        ) == (
            Outcome.SKIPPED,
            True,
        )
    although = changes.take_although_elsewhere(plan, [plan.pictures[0].key])
    assert counts(brought_in(lib, although)) == (1, 0, 0)


def test_a_copy_that_is_nobodys_keeps_hers_from_nothing(lib: Library, tmp_path: Path, put_file: Put) -> None:
    original = saved(photograph(10))
    put_file(tmp_path / "in" / "K-17" / "2026-03-14" / "acid.jpg", original)
    put_file(tmp_path / "in" / "unsorted" / "acid.jpg", without_exif(original))
    (hers, nobodys) = sorted(brought_in(lib, planned(tmp_path / "in")).lines, key=lambda line: line.outcome.value)
    assert hers.outcome is Outcome.ADDED
    assert nobodys.reason.startswith("whose it is is not known")


def test_an_original_joins_her_visit_of_that_day(lib: Library, tmp_path: Path, put_file: Put) -> None:
    original = saved(photograph(11))
    put_file(tmp_path / "mail" / "K-17" / "2026-03-14" / "acid.jpg", without_exif(original))
    brought_in(lib, planned(tmp_path / "mail"))
    put_file(tmp_path / "stick" / "K-17" / "2026-03-14" / "acid.jpg", original)
    report = brought_in(lib, planned(tmp_path / "stick"))
    assert (counts(report), report.visits) == ((1, 0, 0), 0)


def test_what_is_confirmed_keeps_its_own_moment_although_its_folder_says_the_day_of_copying(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    card = tmp_path / "card 2026-11-29" / "K-17"
    original = saved(photograph(12))
    put_file(card / "acid_1.jpg", original)
    put_file(card / "acid_2.jpg", original + b"\0")
    plan = planned(tmp_path / "card 2026-11-29")
    assert counts(foreseen(SilentContext(), lib, plan)) == (0, 0, 2)
    confirmed = changes.confirm(plan, [one.key for one in plan.pictures])
    assert counts(brought_in(lib, confirmed)) == (1, 1, 0)
    (case,) = everything(lib)
    assert [(one.time_known, one.taken_at) for one in case.pictures] == [(True, datetime(2026, 3, 14, 12, tzinfo=UTC))]
    put_file(tmp_path / "other" / "K-18" / "acid.jpg", saved(photograph(12), quality=60))
    assert counts(brought_in(lib, planned(tmp_path / "other"))) == (0, 0, 1)


def test_with_what_is_unsure_an_original_keeps_its_moment_too(lib: Library, tmp_path: Path, put_file: Put) -> None:
    put_file(tmp_path / "card 2026-11-29" / "K-17" / "acid.jpg", saved(photograph(13)))
    assert counts(brought_in(lib, planned(tmp_path / "card 2026-11-29"), also_unsure=True)) == (1, 0, 0)
    (case,) = everything(lib)
    assert case.pictures[0].time_known


def test_shots_of_one_second_that_are_given_to_two_women_are_foreseen_as_they_come_in(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "K-17" / "acid_1.jpg", saved(photograph(14)))
    put_file(tmp_path / "in" / "K-17" / "acid_2.jpg", saved(photograph(14), quality=60))
    plan = planned(tmp_path / "in")
    given = changes.set_patient(plan, [plan.pictures[1].key], "K-18")
    before, report = (work(SilentContext(), lib, given) for work in (foreseen, import_plan))
    assert (counts(before), outcomes(before)) == (counts(report), outcomes(report))
    assert counts(report) == (1, 0, 1)


def test_other_shots_of_a_day_join_no_visit_whose_time_is_not_known(
    lib: Library, tmp_path: Path, put_file: Put
) -> None:
    original = saved(photograph(15), moment="2026:03:14 17:00:00")
    put_file(tmp_path / "mail" / "K-17" / "2026-03-14" / "acid.jpg", without_exif(original))
    brought_in(lib, planned(tmp_path / "mail"))
    put_file(tmp_path / "stick" / "K-17" / "acid_9.jpg", saved(photograph(16), moment="2026:03:14 09:00:00"))
    put_file(tmp_path / "stick" / "K-17" / "acid_17.jpg", original)
    report = brought_in(lib, planned(tmp_path / "stick"))
    assert (counts(report), report.visits) == ((2, 0, 0), 1)
    assert sorted(len(case.pictures) for case in everything(lib)) == [1, 2]
