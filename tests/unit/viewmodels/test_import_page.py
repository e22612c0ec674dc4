"""What the import page says, shows as rows and does in the background."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.importing.guess import Sure, unsure
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.run import import_plan
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.viewmodels import import_page as page
from pfm_desktop.viewmodels import import_words
from pfm_desktop.viewmodels.import_rows import BECOMES, COLUMNS, SURE, Kind, Row, rows_of
from pfm_desktop.viewmodels.importing import ImportPreview, ask_library

from .test_importing import lines, put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "in" / "K-17" / "1_acid_60s.jpg", 1, "2026:03:14 12:01:00")
    put(tmp_path / "in" / "K-17" / "1_fluo.jpg", 2, "2026:03:14 12:01:20")
    put(tmp_path / "in" / "K-17" / "IMG_3.jpg", 3, "2026:03:14 12:03:00")
    put(tmp_path / "in" / "photos" / "lugol.jpg", 4)
    (tmp_path / "in" / "note.txt").write_text("hello")
    return tmp_path / "in"


@pytest.fixture
def preview(folder: Path) -> ImportPreview:
    return ImportPreview(make_plan(SilentContext(), [folder]))


def row(preview: ImportPreview, name: str) -> Row:
    return next(one for one in rows_of(preview).rows if one.cells[0].startswith(name))


def asked(preview: ImportPreview, lib: Library) -> ImportPreview:
    preview.library_says(preview.plan, ask_library(SilentContext(), lib, preview.plan))
    return preview


# what goes where


def test_folders_zips_videos_and_many_files_are_for_the_import_and_a_few_files_for_one_visit(tmp_path: Path) -> None:
    few = [tmp_path / f"{number}.jpg" for number in range(page.FEW)]
    assert not page.for_import(few)
    assert page.for_import([*few, tmp_path / "one more.jpg"])
    assert page.for_import([tmp_path])
    for name in ("a.zip", "A.ZIP", "b.avi", "c.mkv", "d.dcm"):
        assert page.for_import([tmp_path / name])


def test_looking_follows_a_manifest_beside_the_pictures(lib: Library, folder: Path) -> None:
    (folder / "import.csv").write_text(
        "patient,visit_time,stage,source,file\nK-50,2026-01-02 10:00,lugol,,photos/lugol.jpg\n", encoding="utf-8"
    )
    plan = page.look(SilentContext(), lib, [folder]).plan
    said = next(one for one in plan.pictures if one.name == "lugol.jpg")
    assert (said.patient.value, said.stage.sure) == ("K-50", Sure.SAID)


def test_looking_at_what_is_not_there_is_an_error(lib: Library, tmp_path: Path) -> None:
    with pytest.raises(BadInputError):
        page.look(SilentContext(), lib, [tmp_path / "gone"])


# rows


def test_rows_are_women_visits_pictures_and_at_the_end_what_is_no_picture(preview: ImportPreview) -> None:
    rows = rows_of(preview)
    assert [one.kind for one in rows.rows] == [
        Kind.WOMAN, Kind.VISIT, Kind.PICTURE, Kind.PICTURE, Kind.PICTURE, Kind.WOMAN, Kind.VISIT, Kind.PICTURE,
        Kind.FILES, Kind.FILE,
    ]  # fmt: skip
    assert all(len(one.cells) == len(COLUMNS) for one in rows.rows)
    assert rows.top == [0, 5, 8]
    assert rows.below[0] == [1]
    assert rows.below[1] == [2, 3, 4]
    assert [rows.rows[number].place for number in rows.below[1]] == [0, 1, 2]
    assert rows.rows[0].pictures == rows.rows[1].pictures


def test_a_row_says_how_sure_and_what_becomes_of_it(preview: ImportPreview) -> None:
    assert row(preview, "1_acid").cells[SURE] == "Likely"
    assert row(preview, "1_acid").cells[BECOMES] == "Will be brought in"
    assert row(preview, "IMG_3").cells[SURE] == "Not known: stage"
    assert row(preview, "lugol").cells[SURE] == "Not known: whose. Unsure: time"
    assert row(preview, "lugol").cells[BECOMES] == "Waits for you"
    assert row(preview, "IMG_3").waits
    assert not row(preview, "1_acid").waits


def test_details_say_each_guess_with_its_reason(preview: ImportPreview) -> None:
    told = row(preview, "lugol").details.splitlines()
    assert told[0] == "in/photos/lugol.jpg"
    assert told[1].startswith("Whose: Not known (")
    assert told[2].startswith("Visit time: ")
    assert "(unsure: only the file's time says it" in told[2]
    assert told[3].startswith("Stage: Lugol's iodine (white light) (likely: ")
    assert told[-1].startswith("Waits for you")


def test_a_guessed_pair_has_its_mark_behind_the_sentence_in_any_language(
    preview: ImportPreview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_words, "tr", lambda _text, **values: "{picture} beside it".format(**values))
    visit = preview.plan.women[0].visits[0]
    told = import_words.guesses_of(visit.pictures[0], visit, ("1_fluo.jpg", unsure(True, "by time")))
    assert told[-1].words == "1_fluo.jpg beside it?"
    assert import_words._with_reason(told[-1]) == "1_fluo.jpg beside it (unsure: by time)"


def test_a_woman_whose_number_begins_as_what_is_not_known_is_known(preview: ImportPreview) -> None:
    preview.set_patient([lines(preview)["lugol.jpg"].key], "Not known 7")
    titles = [one.cells[0] for one in rows_of(preview).rows if one.kind is Kind.WOMAN]
    assert any(title.startswith("Not known 7. ") for title in titles)
    assert not any("Not known whose" in title for title in titles)


def test_the_filter_keeps_what_is_unsure_or_missing_with_its_woman_and_what_is_no_picture(
    preview: ImportPreview,
) -> None:
    shown = rows_of(preview, only_open=True).rows
    assert [one.cells[0] for one in shown if one.kind is Kind.PICTURE] == ["IMG_3.jpg", "lugol.jpg"]
    assert [one.kind for one in shown].count(Kind.FILE) == 1
    preview.leave_out([lines(preview)["lugol.jpg"].key])
    assert not any(one.cells[0] == "lugol.jpg" for one in rows_of(preview, only_open=True).rows)


def test_a_woman_says_what_the_library_knows_of_her(preview: ImportPreview, lib: Library) -> None:
    cases.add_patient(lib, identifier="k-17", family_name="Adler", given_name="Anna", birth_date=date(1988, 3, 14))
    asked(preview, lib)
    assert row(preview, "K-17").cells[0].startswith("K-17: in the library as Adler, Anna, born 14 Mar 1988. 2 of 3")
    preview.set_patient([lines(preview)["lugol.jpg"].key], "K-99")
    asked(preview, lib)
    assert "new in this library" in row(preview, "K-99").cells[0]


def test_the_same_picture_under_two_women_names_the_other(preview: ImportPreview, folder: Path) -> None:
    (folder / "K-18").mkdir()
    (folder / "K-18" / "acid.jpg").write_bytes((folder / "K-17" / "1_acid_60s.jpg").read_bytes())
    both = ImportPreview(make_plan(SilentContext(), [folder]))
    assert row(both, "1_acid").cells[BECOMES] == "Left out: the same picture stands under another woman too (K-18)"
    assert lines(both)["acid.jpg"].elsewhere
    assert not lines(preview)["1_acid_60s.jpg"].elsewhere


# what is said


def test_counts_are_of_what_will_be_brought_in(preview: ImportPreview, lib: Library) -> None:
    assert page.counts_text(preview) == "1 woman, 1 visit, 2 pictures; 2 to be looked at; 1 left out"
    import_plan(SilentContext(), lib, preview.plan)
    asked(preview, lib)
    assert page.counts_text(preview) == "Nothing to import yet; 2 to be looked at; 2 already in the library; 1 left out"


def test_notes_of_what_will_be_done_are_not_told_as_done_and_are_few(preview: ImportPreview, lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="K-17")
    when = next(one.when.value for one in preview.plan.pictures if one.name == "1_acid_60s.jpg")
    assert when is not None
    cases.add_visit(lib, patient.id, started_at=when.at)
    asked(preview, lib)
    assert page.notes_text(preview) == "Pictures of K-17 will be added to her visit of 14 Mar 2026."
    many = ImportPreview(preview.plan)
    says = ask_library(SilentContext(), lib, preview.plan)
    many.library_says(preview.plan, type(says)(notes=tuple(f"Note {number}." for number in range(9))))
    assert page.notes_text(many).splitlines() == ["Note 0.", "Note 1.", "Note 2.", "And 6 such notes more."]


def test_what_the_library_knows_of_an_identifier(lib: Library) -> None:
    patient = cases.add_patient(lib, identifier="K-17", family_name="Adler", birth_date=date(1988, 3, 14))
    visit = cases.add_visit(lib, patient.id)
    day = visit.started_at.astimezone().date()
    said = page.woman_text(SilentContext(), lib, " k-17 ")
    assert said.startswith("In the library: Adler, born 14 Mar 1988; 1 visit, the last on ")
    assert f"{day.day:02d}" in said
    assert "will be added" in page.woman_text(SilentContext(), lib, "K-99")
    assert "not known whose" in page.woman_text(SilentContext(), lib, "  ")


def test_a_report_tells_what_was_left_out_first(preview: ImportPreview, lib: Library) -> None:
    report = page.bring_in(SilentContext(), lib, preview.plan)
    assert page.report_heading(report) == "2 pictures added, 0 there already, 3 left out"
    rows = page.report_rows(report)
    assert {row[1] for row in rows} == {"Left out"}
    everything = page.report_rows(report, everything=True)
    assert [row[1] for row in everything] == ["Left out"] * 3 + ["Added"] * 2
    assert everything[-1][2].startswith("K-17, 14 Mar 2026")


# confirming


def test_confirming_takes_guesses_for_true_and_leaves_open_what_is_not_known(preview: ImportPreview) -> None:
    lugol = lines(preview)["lugol.jpg"].key
    preview.set_patient([lugol], "K-18")
    assert page.unsure_keys(preview) == (lines(preview)["IMG_3.jpg"].key, lugol) or lugol in page.unsure_keys(preview)
    assert lines(preview)["lugol.jpg"].problem.startswith("when it was is only a guess")
    preview.confirm([lugol])
    assert lines(preview)["lugol.jpg"].problem == ""
    visit = preview.plan.women[1].visits[0]
    assert visit.when.sure is Sure.SAID
    assert visit.when.why.startswith("confirmed by hand; only the file's time")
    preview.confirm([lines(preview)["IMG_3.jpg"].key])
    assert lines(preview)["IMG_3.jpg"].problem.startswith("its stage is not known")
    assert preview.undo_text == "confirming 1 picture"
    preview.undo()
    preview.undo()
    assert lines(preview)["lugol.jpg"].problem.startswith("when it was is only a guess")


def test_confirming_one_visit_leaves_others_as_they_are(preview: ImportPreview) -> None:
    before = preview.plan.women[1]
    preview.confirm([lines(preview)["1_acid_60s.jpg"].key])
    assert preview.plan.women[1] == before


def test_a_pair_that_is_only_guessed_is_made_once_it_is_confirmed(tmp_path: Path, lib: Library) -> None:
    put(tmp_path / "K-1" / "a_acid.jpg", 1, "2026:03:14 12:01:00")
    put(tmp_path / "K-1" / "b_fluo.jpg", 2, "2026:03:14 12:03:30")
    preview = ImportPreview(make_plan(SilentContext(), [tmp_path / "K-1"]))
    assert lines(preview)["a_acid.jpg"].pair == "b_fluo.jpg?"
    assert lines(preview)["a_acid.jpg"].unsure
    preview.confirm(page.unsure_keys(preview))
    assert lines(preview)["a_acid.jpg"].pair == "b_fluo.jpg"
    assert import_plan(SilentContext(), lib, preview.plan).pairs == 1


def test_a_stage_goes_to_pictures_of_its_source_where_both_are_chosen(preview: ImportPreview) -> None:
    acid, lit = (lines(preview)[name].key for name in ("1_acid_60s.jpg", "1_fluo.jpg"))
    assert page.keys_of_source(preview, (acid, lit), Source.WHITE) == (acid,)
    assert page.keys_of_source(preview, (acid, lit), Stage.FLUORESCENCE_AFTER_ACID.source) == (lit,)
    assert page.keys_of_source(preview, (acid,), Source.FLUORESCENCE) == (acid,)  # somebody means that it is not white


def test_what_was_asked_before_something_was_brought_in_is_asked_again(preview: ImportPreview, lib: Library) -> None:
    asked(preview, lib)
    told: list[bool] = []
    preview.on_changed.append(lambda: told.append(preview.asked))
    preview.ask_again()
    assert told == [False]


# small pictures


def test_small_pictures_are_read_from_folders_and_zips(folder: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "K-20.zip", "w") as made:
        made.write(folder / "K-17" / "1_fluo.jpg", "1_fluo.jpg")
    plan = make_plan(SilentContext(), [folder, tmp_path / "K-20.zip"])
    for picture in plan.pictures:
        assert page.small_pixels(picture).shape == (48, 64, 3)


def test_a_picture_that_is_gone_is_an_error_that_says_so(folder: Path) -> None:
    plan = make_plan(SilentContext(), [folder])
    (folder / "K-17" / "1_fluo.jpg").unlink()
    gone = next(one for one in plan.pictures if one.name == "1_fluo.jpg")
    with pytest.raises(BadInputError):
        page.small_pixels(gone)


# who is confirmed


def two_names(tmp_path: Path) -> ImportPreview:
    for number, woman in enumerate(("Lang Ida", "Kurz Ute")):
        put(tmp_path / "both" / woman / "4711" / "acetic 60s.jpg", number, f"2026:03:14 12:0{number}:00")
    put(tmp_path / "both" / "Garcia Maria" / "lugol.jpg", 7, "2026:03:15 12:00:00")
    return ImportPreview(make_plan(SilentContext(), [tmp_path / "both"]))


def test_confirming_says_how_many_pictures_of_how_many_women(tmp_path: Path) -> None:
    preview = two_names(tmp_path)
    keys = page.unsure_keys(preview)
    assert page.confirms_text(preview, keys) == "3 pictures of 2 women"
    assert page.confirms_text(preview, keys[:1]) == "1 picture of 1 woman"


def test_differently_named_folders_under_one_woman_are_a_doubt_and_one_name_is_none(tmp_path: Path) -> None:
    preview = two_names(tmp_path)
    doubts = page.confirm_doubts(preview, page.unsure_keys(preview))
    assert list(doubts) == ["4711"]
    assert "Lang Ida" in doubts["4711"]
    assert "Kurz Ute" in doubts["4711"]
    preview.set_patient(page.unsure_keys(preview), "K-1")
    assert page.confirm_doubts(preview, [one.key for one in preview.plan.pictures]) == {}


def test_rows_show_the_folder_where_names_alone_do_not_tell_pictures_apart(tmp_path: Path) -> None:
    rows = [one.cells[0] for one in rows_of(two_names(tmp_path)).rows if one.kind is Kind.PICTURE]
    assert "acetic 60s.jpg (Lang Ida/4711)" in rows
    assert "acetic 60s.jpg (Kurz Ute/4711)" in rows
    assert "lugol.jpg" in rows


def test_a_woman_on_record_with_pictures_says_how_many(preview: ImportPreview, lib: Library) -> None:
    import_plan(SilentContext(), lib, preview.plan)
    assert "with 2 pictures" in row(asked(preview, lib), "K-17").cells[0]


def test_a_guess_at_an_identifier_that_is_on_record_with_pictures_is_a_doubt(tmp_path: Path, lib: Library) -> None:
    put(tmp_path / "march" / "Patient 1" / "acid.jpg", 1, "2026:03:14 12:00:00")
    put(tmp_path / "april" / "Patient 1" / "acid.jpg", 2, "2026:04:14 12:00:00")
    march = make_plan(SilentContext(), [tmp_path / "march"])
    assert import_plan(SilentContext(), lib, march).women == 0
    import_plan(SilentContext(), lib, march, also_unsure=True)
    preview = asked(ImportPreview(make_plan(SilentContext(), [tmp_path / "april"])), lib)
    assert "with 1 picture" in row(preview, "1?").cells[0]
    assert "would be added to hers" in page.confirm_doubts(preview, page.unsure_keys(preview))["1"]
