"""Sets for research: nothing of the women or the clinic is in any byte, and what belongs together still joins."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from sqlalchemy import text

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Turn
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.interop.tabular import read_manifest
from pfm_desktop.jobs import Cancelled, SilentContext
from pfm_desktop.services import accounts, burned_in, cases, labelling, pairing, review
from pfm_desktop.services.export.research import Format, ResearchExport, Wish, export_research
from pfm_desktop.services.export.research_case import NOT_CHOSEN, SAID_WORDS
from pfm_desktop.services.export.visits import pictures_in
from pfm_desktop.services.export.whose import whose
from pfm_desktop.storage import crosswalk, journal
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError

from ..conftest import put_on_record
from .conftest import DAYS, PLANTED, SIZE, Ids, case_of, everything, found_in, noted_png, phantom, stopping_at

pytestmark = pytest.mark.slow

CTX = SilentContext()
FORMATS = list(Format)


@pytest.fixture(autouse=True)
def _moved_by_two_hundred_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no moved day is another true day by chance."""
    monkeypatch.setattr(crosswalk.secrets, "randbelow", lambda limit: 199 if limit > 2 else 0)


def exported(lib: Library, out: Path, kind: Format = Format.CSV, **wishes: object) -> ResearchExport:
    wish = replace(Wish(kind, pixels_looked_at=True), **wishes)  # type: ignore[arg-type]
    return export_research(CTX, lib, out, wish)


def rows(folder: Path, name: str = "cases.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8"))))


def lines_on_record(lib: Library) -> list[journal.JournalEntry]:
    with lib.read() as session:
        return list(journal.entries(session, what="export"))


def mine(lib: Library, ids: Ids) -> str:
    return crosswalk.aliases(lib, [ids.patient])[ids.patient].pseudonym


@pytest.mark.parametrize("kind", FORMATS)
def test_no_name_number_word_or_day_of_the_clinic_is_in_any_byte_or_file_name(
    kind: Format, clinic: Library, tmp_path: Path
) -> None:
    made = exported(clinic, tmp_path / "set", kind)
    files = everything(tmp_path / "set")
    assert (made.women, made.visits, made.pictures) == (2, 3, 4)
    assert len(files) > 6
    assert found_in(files, PLANTED) == []
    assert found_in(files, DAYS) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_no_id_or_hash_of_the_library_is_in_any_byte(kind: Format, clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set", kind)
    case = case_of(clinic, ids.first)
    own = [ids.patient, ids.other_patient, ids.first, ids.second, ids.other, clinic.id]
    own += [one for picture in case.pictures for one in (picture.id, picture.sha256)]
    own += [pin.id for pin in case.pins] + [pair.id for pair in case.pairs]
    aliases = crosswalk.aliases(clinic, [ids.patient, ids.other_patient])
    own += [alias.salt.hex() for alias in aliases.values()]
    assert found_in(everything(tmp_path / "set"), tuple(own)) == []


def test_the_search_for_what_was_planted_finds_it_where_it_is(clinic: Library, ids: Ids) -> None:
    """Or the tests above would say nothing."""
    own = {"original": clinic.pictures.get(case_of(clinic, ids.first).pictures[0].sha256)}
    assert {word for _, word in found_in(own, PLANTED)} >= {"Wunderlich", "778899", "Quentin", "SERIAL-4711", "Obersee"}
    assert {word for _, word in found_in(own, DAYS)} == {"2026:05:14"}


def test_pictures_hold_nothing_but_upright_pixels(clinic: Library, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    for path in (tmp_path / "set" / "pictures").iterdir():
        data = path.read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})
            assert not image.getexif()
        assert not [chunk for chunk in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"tIME") if chunk in data]
    (marked,) = [row for row in rows(tmp_path / "set", "pictures.csv") if row["os_x"]]
    white = np.asarray(Image.open(tmp_path / "set" / marked["file"]))
    assert np.abs(white.astype(int) - phantom().white.astype(int)).mean() < 4  # the camera held it on its side


@pytest.mark.parametrize("kind", FORMATS)
def test_the_table_of_pictures_names_every_picture_file_and_no_other(
    kind: Format, clinic: Library, tmp_path: Path
) -> None:
    exported(clinic, tmp_path / "set", kind)
    named = {row["file"] for row in rows(tmp_path / "set", "pictures.csv")}
    objects = ("structured-report.dcm", "registration.dcm")
    there = {name for name in everything(tmp_path / "set") if name.endswith((".png", ".dcm"))}
    assert named == {name for name in there if not name.endswith(objects)}


def test_days_move_and_the_days_between_visits_stay(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    days = [date.fromisoformat(row["day"]) for row in rows(tmp_path / "set") if row["patient"] == mine(clinic, ids)]
    true = [case_of(clinic, visit).visit.started_at.astimezone().date() for visit in (ids.first, ids.second)]
    assert days[1] - days[0] == true[1] - true[0] == timedelta(days=30)
    assert abs((days[0] - true[0]).days) == 200


def test_seconds_between_the_pictures_of_a_visit_stay(clinic: Library, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    pictures = {row["stage"]: row for row in rows(tmp_path / "set", "pictures.csv") if row["seconds_since_acid"]}
    assert float(pictures["fluorescence_after_acid"]["seconds"]) - float(pictures["acetic_acid"]["seconds"]) == 15
    assert pictures["acetic_acid"]["seconds_since_acid"] == "60.0"


def test_a_time_that_is_not_known_is_not_made_up(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set", visits=(ids.other,))
    assert [row["seconds"] for row in rows(tmp_path / "set", "pictures.csv")] == [""]


def test_the_age_is_at_most_ninety(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    ages = {row["patient"] == mine(clinic, ids): row["age"] for row in rows(tmp_path / "set")}
    assert ages == {True: "90", False: "36"}


def test_what_was_found_stands_in_the_tables(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set", visits=(ids.first,))
    (case,) = rows(tmp_path / "set")
    assert (case["first_read"], case["second_read"], case["impression"]) == ("low", "high", "high")
    assert (case["ai_revealed"], case["vessels"], case["swede_total"]) == ("yes", "2", "7")
    pins = rows(tmp_path / "set", "pins.csv")
    assert [(pin["letter"], pin["hour"]) for pin in pins] == [("A", "3"), ("B", "12")]


def test_a_second_export_joins_the_first_by_pseudonym_and_codes(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "one")
    patient = cases.add_patient(clinic, identifier="new")
    visit = cases.add_visit(clinic, patient.id)
    cases.add_picture(clinic, visit.id, noted_png(phantom().white[:100]), stage=Stage.SALINE)
    exported(clinic, tmp_path / "two")
    before, after = ({row["case"]: row for row in rows(tmp_path / name)} for name in ("one", "two"))
    assert len(after) == len(before) + 1
    assert all(after[code] == row for code, row in before.items())
    assert set(everything(tmp_path / "one")) <= set(everything(tmp_path / "two"))


def test_two_exports_as_dicom_have_the_same_uids(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(clinic, tmp_path / name, Format.DICOM, visits=(ids.first,))
    one, two = everything(tmp_path / "one"), everything(tmp_path / "two")
    assert one == two


def test_women_stand_in_the_order_of_their_pseudonyms_and_not_of_their_days(clinic: Library, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    order = [(row["patient"], row["day"]) for row in rows(tmp_path / "set")]
    assert order == sorted(order)


def test_the_manifest_is_one_that_training_reads(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    made = exported(clinic, tmp_path / "set")
    cases_in = read_manifest(tmp_path / "set" / "manifest.csv")
    assert {(row.patient, row.grade) for row in cases_in} == {
        (mine(clinic, ids), Grade.HIGH),
        (mine(clinic, ids), Grade.LOW),
    }
    assert [row.fluorescence is None for row in sorted(cases_in, key=lambda row: row.grade.rank)] == [True, False]
    assert made.labelled == 2
    assert [one.why for one in made.left_out] == ["no label, and no impression"]  # the other woman's


def test_a_picture_of_two_visits_is_trained_on_once(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    visit = cases.add_visit(clinic, ids.patient)
    same = noted_png(np.ascontiguousarray(phantom().white[:, ::-1]))
    cases.add_picture(clinic, visit.id, same, stage=Stage.ACETIC_ACID)
    pairing.ensure_pair(clinic, visit.id)
    review.set_impression(clinic, visit.id, Grade.LOW)
    made = exported(clinic, tmp_path / "set", visits=(ids.second, visit.id))
    assert made.labelled == 1
    assert "stands in another visit" in made.left_out[0].why


def test_coco_points_and_outlines_lie_where_they_were_marked(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set", Format.COCO, visits=(ids.first,))
    made = json.loads((tmp_path / "set" / "coco.json").read_text(encoding="utf-8"))
    by_name = {category["id"]: category["name"] for category in made["categories"]}
    marks = {by_name[one["category_id"]]: one for one in made["annotations"] if by_name[one["category_id"]] != "biopsy"}
    x, y = phantom().os
    assert marks["os"]["keypoints"] == pytest.approx([x, y, 2], abs=0.01)
    image = next(one for one in made["images"] if one["id"] == marks["os"]["image_id"])
    with Image.open(tmp_path / "set" / image["file_name"]) as png:
        assert png.size == (image["width"], image["height"]) == (SIZE, SIZE)
    left, top, width, height = marks["cervix"]["bbox"]
    assert (left, top) == pytest.approx((20.5, 20.5))
    assert (left + width, top + height) == pytest.approx((200.5, 200.5))


def test_words_drawn_in_are_made_black_in_boxes_and_along_the_edges(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    picture = case_of(clinic, ids.second).pictures[0]
    exported(clinic, tmp_path / "set", visits=(ids.second,), blank_margin=10, boxes={picture.id: ((50, 60, 90, 70),)})
    (path,) = (tmp_path / "set" / "pictures").iterdir()
    pixels = np.asarray(Image.open(path))
    for part in (pixels[:10], pixels[-10:], pixels[:, :10], pixels[:, -10:], pixels[60:70, 50:90]):
        assert not part.any()
    assert np.array_equal(pixels[80:-10, 10:-10], phantom().white[80:-10, ::-1][:, 10:-10])


def test_a_picture_whose_file_says_that_words_are_in_it_stays_until_somebody_covered_them(
    clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    picture = case_of(clinic, ids.second).pictures[0].id
    burned_in.note(clinic, [picture])
    kept = exported(clinic, tmp_path / "kept")
    assert kept.pictures == 3
    assert SAID_WORDS in {one.why for one in kept.left_out}
    assert exported(clinic, tmp_path / "covered", boxes={picture: ((50, 60, 90, 70),)}).pictures == 4
    assert exported(clinic, tmp_path / "margin", blank_margin=10).pictures == 4


@pytest.mark.parametrize("box", [(300, 0, 400, 10), (20, 20, 20, 30), (30, 10, 20, 40), (-20, 0, 0, 50)])
def test_a_box_that_covers_nothing_is_a_mistake_and_nothing_goes_out(
    clinic: Library, ids: Ids, tmp_path: Path, box: tuple[int, int, int, int]
) -> None:
    picture = case_of(clinic, ids.second).pictures[0]
    with pytest.raises(BadInputError, match="covers nothing"):
        exported(clinic, tmp_path / "set", visits=(ids.second,), boxes={picture.id: (box,)})
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


def test_a_box_of_a_picture_that_is_not_exported_is_a_mistake(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    elsewhere = case_of(clinic, ids.other).pictures[0].id
    with pytest.raises(BadInputError, match="not in this export"):
        exported(clinic, tmp_path / "set", visits=(ids.second,), boxes={elsewhere: ((0, 0, 9, 9),)})
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


@pytest.mark.parametrize("kind", FORMATS)
def test_nothing_is_written_before_somebody_looked_at_the_pictures(
    kind: Format, clinic: Library, tmp_path: Path
) -> None:
    with pytest.raises(BadInputError, match="looked at"):
        export_research(CTX, clinic, tmp_path / "set", Wish(kind, blank_margin=20))
    assert not (tmp_path / "set").exists()
    assert lines_on_record(clinic) == []


def test_a_margin_that_covers_the_pictures_leaves_nothing_to_export(clinic: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="margin to blank covers"):
        exported(clinic, tmp_path / "set", blank_margin=SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]


@pytest.mark.parametrize("kind", FORMATS)
def test_its_two_lines_of_the_journal_have_counts_and_no_names_and_paths(
    kind: Format, clinic: Library, tmp_path: Path
) -> None:
    exported(clinic, tmp_path / "Wunderlich set", kind, search="wunderlich")
    begun, line = lines_on_record(clinic)
    said = json.dumps([[one.key, one.text, one.new] for one in (begun, line)]).lower()
    assert begun.text == "Export begun: for research, under pseudonyms"
    assert begun.new is not None
    assert len(begun.new["visit_ids"]) == begun.new["visits_asked"] == 2
    assert line.new is not None
    assert (line.new["format"], line.new["women"], line.new["visits"], line.new["pictures"]) == (kind.value, 1, 2, 3)
    assert "wunderlich" not in said
    assert "w-" not in said
    assert "/" not in said


@pytest.mark.parametrize("step", [1, 2, 4, 6])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_cancelled_export_leaves_no_file_and_its_end_is_on_record(
    kind: Format, step: int, clinic: Library, tmp_path: Path
) -> None:
    with pytest.raises(Cancelled):
        export_research(stopping_at(step), clinic, tmp_path / "set", Wish(kind, pixels_looked_at=True))
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]
    lines = [line.text.split(";")[0] for line in lines_on_record(clinic)]
    assert lines in ([], ["Export begun: for research, under pseudonyms", "Export not completed: cancelled"])
    assert lines or step < 6


def test_a_damaged_picture_is_left_out_and_named(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    put_on_record(clinic, ids.second, b"no picture at all")
    made = exported(clinic, tmp_path / "set", visits=(ids.second,))
    assert made.pictures == 1
    (left,) = made.left_out
    assert left.visit_id == ids.second
    assert "not a picture" in left.why


@pytest.mark.parametrize("kind", FORMATS)
def test_where_nothing_can_go_out_nothing_is_written(kind: Format, lib: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no visit was found"):
        exported(lib, tmp_path / "set", kind)
    cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id)
    with pytest.raises(BadInputError, match="none of these visits has a picture"):
        exported(lib, tmp_path / "set", kind)
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


def test_a_pseudonym_that_came_to_hold_her_new_name_is_not_used(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    with clinic.write() as session:
        session.execute(text("UPDATE crosswalk SET pseudonym = 'W-abcdef'"))
    called = mine(clinic, ids)
    cases.edit_patient(clinic, ids.patient, identifier="MRN-778899", family_name=called[2:6])
    made = exported(clinic, tmp_path / "set")
    assert made.women == 1
    assert sum("pseudonym" in one.why for one in made.left_out) == 2


def test_whose_list_of_pseudonyms_lies_readable_is_told_so(clinic: Library, tmp_path: Path) -> None:
    assert "not encrypted" in exported(clinic, tmp_path / "set").notes[0]


@pytest.fixture
def encrypted(tmp_path: Path) -> Library:
    lib, _ = accounts.make_library(tmp_path / "encrypted", "Dr. Ada Weiß", "four words that differ")
    patient = cases.add_patient(lib, identifier="K-17", family_name="Wunderlich")
    visit = cases.add_visit(lib, patient.id)
    cases.add_picture(lib, visit.id, noted_png(phantom().white), stage=Stage.SALINE)
    return lib


def test_in_an_encrypted_library_the_list_of_pseudonyms_is_in_no_readable_byte(
    encrypted: Library, tmp_path: Path
) -> None:
    with encrypted as lib:
        made = exported(lib, tmp_path / "set")
        (pseudonym,) = {row["patient"] for row in rows(tmp_path / "set")}
    assert "encrypted with it" in made.notes[0]
    assert found_in(everything(tmp_path / "encrypted"), (pseudonym,)) == []


def test_an_annotator_takes_nothing_out(encrypted: Library, tmp_path: Path) -> None:
    accounts.add(encrypted, "Anna", {Role.ANNOTATOR}, "quite another sentence")
    encrypted.close()
    with accounts.sign_in(tmp_path / "encrypted", "Anna", "quite another sentence") as lib:
        with pytest.raises(NotAllowedError):
            exported(lib, tmp_path / "set")
        with pytest.raises(NotAllowedError):
            crosswalk.aliases(lib, [])
        with pytest.raises(NotAllowedError):
            whose(lib, "W-123456")
    assert not (tmp_path / "set").exists()


def test_a_library_that_takes_no_record_gives_no_export(clinic: Library, tmp_path: Path) -> None:
    with Library.open(clinic.path) as along:  # in use, so for reading only
        assert along.read_only
        with pytest.raises(StorageError, match="cannot be put on record"):
            exported(along, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_only_who_exported_can_look_into_the_folder(clinic: Library, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    assert stat.S_IMODE((tmp_path / "set").stat().st_mode) == 0o700


def test_who_a_pseudonym_is_can_be_asked_and_that_is_on_record(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set")
    called = mine(clinic, ids)
    assert whose(clinic, f" {called} ").family_name == "Wunderlich"
    line = lines_on_record(clinic)[-1]
    assert "looked up" in line.text
    assert called not in f"{line}"
    with pytest.raises(BadInputError, match="nobody"):
        whose(clinic, "W-zzz")


def test_dicom_objects_pass_the_standards_checker_and_say_how_they_were_de_identified(
    clinic: Library, ids: Ids, tmp_path: Path, verify: Callable[[bytes, Path], list[str]]
) -> None:
    exported(clinic, tmp_path / "set", Format.DICOM)
    files = {name: data for name, data in everything(tmp_path / "set").items() if name.endswith(".dcm")}
    assert len(files) == 4 + 2 + 1  # pictures, reports of the two read visits, one registration
    for data in files.values():
        assert verify(data, tmp_path) == []
        dataset = dcmread(io.BytesIO(data))
        assert dataset.PatientIdentityRemoved == "YES"
        assert dataset.PatientID in {alias.pseudonym for alias in _aliases(clinic, ids)}
        assert dataset.PatientBirthDate == ""
        assert dataset.get("BurnedInAnnotation", "NO") == "NO"


def _aliases(clinic: Library, ids: Ids) -> list[crosswalk.Alias]:
    return list(crosswalk.aliases(clinic, [ids.patient, ids.other_patient]).values())


def test_no_answer_of_a_model_is_in_a_set_for_research(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    exported(clinic, tmp_path / "set", Format.DICOM)
    files = everything(tmp_path / "set")
    assert found_in(files, ("Algorithm Name", "Probability", "abababab")) == []
    assert not [name for name in files if "heatmap" in name]


def test_a_picture_that_nobody_looked_at_stays_here(clinic: Library, ids: Ids, tmp_path: Path) -> None:
    pictures = pictures_in(CTX, clinic, [ids.first, ids.second, ids.other])
    kept = pictures[0]
    made = exported(clinic, tmp_path / "set", only=frozenset({kept.id}))
    assert (made.visits, made.pictures) == (1, 1)
    assert len(list((tmp_path / "set" / "pictures").iterdir())) == 1
    said = {one.what: one.why for one in made.left_out}
    assert all(said[f"picture {picture.id[:8]}"] == NOT_CHOSEN for picture in pictures[1:])


def test_nothing_is_written_where_every_picture_was_left_out(clinic: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="none of these visits"):
        exported(clinic, tmp_path / "set", only=frozenset())
    assert not (tmp_path / "set").exists()


def test_the_pictures_of_visits_come_visit_by_visit_in_time_order(clinic: Library, ids: Ids) -> None:
    found = pictures_in(CTX, clinic, [ids.second, ids.first])
    wanted = [*case_of(clinic, ids.second).pictures, *case_of(clinic, ids.first).pictures]
    assert list(found) == wanted
    with pytest.raises(Cancelled):
        pictures_in(stopping_at(1), clinic, [ids.second, ids.first])


@pytest.mark.parametrize("kind", FORMATS)
def test_reads_and_histology_go_out_without_a_word_that_somebody_typed(
    kind: Format, clinic: Library, ids: Ids, tmp_path: Path
) -> None:
    (pair,) = labelling.pairs_for(CTX, clinic, [ids.second])
    task = labelling.make_task(clinic, labelling.Wish("Notburga", search="Wunderlich", repeats=0.0), [pair])
    for reader, grade in (("Dr. Quentin", Grade.LOW), ("Sigrid", Grade.HIGH)):
        clinic.who = reader
        labelling.give(clinic, task.id, Turn(pair), grade=grade, note="secret note", seconds=4.25)
    labelling.set_histology(clinic, ids.second, Grade.CANCER, reported_on=date(2026, 6, 1), text="polyp of Frieda")
    exported(clinic, tmp_path / "set", kind)
    files = everything(tmp_path / "set")
    assert found_in(files, PLANTED) == []
    assert found_in(files, DAYS) == []
    reads = rows(tmp_path / "set", "reads.csv")
    assert [(row["reader"], row["grade"], row["seconds"]) for row in reads] == [
        ("R1", "low", "4.2"), ("R2", "high", "4.2"),
    ]  # fmt: skip
    assert [(row["task"], row["place"]) for row in reads] == [("T1", "1")] * 2
    case = next(row for row in rows(tmp_path / "set") if row["case"] == reads[0]["case"])
    assert (case["histology"], case["label"], case["label_from"]) == ("cancer", "cancer", "histology")
    assert reads[0]["white"] == case["white"]
