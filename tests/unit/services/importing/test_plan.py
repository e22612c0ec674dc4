"""A plan for an import: what is guessed, what a manifest says, and how a person changes it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.jobs.context import CallbackContext, Cancelled
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.making import Options, make_plan
from pfm_desktop.services.importing.manifest import manifest_beside, read_import_manifest
from pfm_desktop.services.importing.plan import ImportPlan, Person, twice, waits_for
from pfm_desktop.services.importing.reading import Record, RecordedPicture
from pfm_desktop.support.errors import BadInputError

PHONE = Path(__file__).resolve().parents[2] / "imaging" / "phone.heic"
Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]


def planned(*paths: Path, manifest: Path | None = None, options: Options | None = None) -> ImportPlan:
    read = read_import_manifest(manifest) if manifest is not None else None
    return make_plan(SilentContext(), paths, manifest=read, options=options or Options())


def shape(plan: ImportPlan) -> dict[str, list[list[str]]]:
    """Names by woman and visit."""
    return {
        woman.identifier or woman.key: [[one.name for one in visit.pictures] for visit in woman.visits]
        for woman in plan.women
    }


def reasons(plan: ImportPlan) -> dict[str, str]:
    return {one.name: one.reason for one in plan.skipped}


def waiting(plan: ImportPlan) -> dict[str, str]:
    """Why each picture cannot be brought in."""
    return {one.name: waits_for(one, visit) for woman in plan.women for visit in woman.visits for one in visit.pictures}


# guesses


def test_a_folder_becomes_women_visits_pictures_and_pairs(export: Path) -> None:
    plan = planned(export)
    assert shape(plan) == {
        "K-17": [["1_acid_60s.jpg", "1_fluo.jpg", "2_lugol.jpg"], ["saline.jpg"]],
        "K-18": [["acid.jpg"]],
    }
    visit = plan.women[0].visits[0]
    assert [one.stage.value for one in visit.pictures] == [
        Stage.ACETIC_ACID,
        Stage.FLUORESCENCE_AFTER_ACID,
        Stage.LUGOL,
    ]
    assert [(pair.white[-14:], pair.fluorescence[-10:]) for pair in visit.pairs] == [("1_acid_60s.jpg", "1_fluo.jpg")]
    assert visit.pictures[0].seconds == 60
    assert visit.pictures[0].device == "Maker Colposcope 3"


def test_the_stage_of_fluorescence_that_no_name_says_follows_from_the_acid_and_says_why(export: Path) -> None:
    lit = planned(export).women[0].visits[0].pictures[1]
    assert lit.stage.sure is Sure.LIKELY
    assert "acetic acid" in lit.stage.why


def test_a_stage_is_no_surer_than_the_source_that_it_follows_from(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "1_acid.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "K-17" / "2.jpg", picture(2, "2026:03:14 12:00:20", green=True))  # only its colours say it
    visit = planned(tmp_path / "K-17").women[0].visits[0]
    assert visit.pictures[1].stage.value is Stage.FLUORESCENCE_AFTER_ACID
    assert visit.pictures[1].stage.sure is Sure.UNSURE
    assert "colours" in visit.pictures[1].stage.why
    assert [pair.guess.sure for pair in visit.pairs] == [Sure.UNSURE]


def test_a_white_light_picture_named_fluorescence_waits_and_so_does_its_pair(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "1_acid.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "K-17" / "1_fluo.jpg", picture(2, "2026:03:14 12:00:20"))
    plan = planned(tmp_path / "K-17")
    (pair,) = plan.women[0].visits[0].pairs
    assert pair.guess.sure is Sure.UNSURE
    said = "its stage is only a guess: the file's name: fluo, but its colours are those of white light"
    assert waiting(plan) == {"1_acid.jpg": "", "1_fluo.jpg": said}
    assert set(waiting(changes.confirm(plan, [one.key for one in plan.pictures])).values()) == {""}


def test_what_is_no_picture_is_skipped_with_the_reason_and_the_rest_goes_on(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "in" / "note.txt", b"hello")
    put_file(tmp_path / "in" / "empty.jpg", b"")
    put_file(tmp_path / "in" / "cut.jpg", picture(1)[:300])
    put_file(tmp_path / "in" / "zip.jpg", b"PK\x03\x04rest")
    put_file(tmp_path / "in" / "a.dcm", b"\0" * 128 + b"DICM")
    put_file(tmp_path / "in" / "good.jpg", picture(2))
    plan = planned(tmp_path / "in")
    assert [one.name for one in plan.pictures] == ["good.jpg"]
    said = reasons(plan)
    assert said["in/note.txt"].startswith("not a picture")
    assert said["in/empty.jpg"].startswith("it is empty")
    assert said["in/cut.jpg"].startswith("damaged or cut short")
    assert said["in/zip.jpg"].startswith("a zip under another name")
    assert "damaged" in said["in/a.dcm"] or "cut short" in said["in/a.dcm"]
    assert not any(str(tmp_path) in reason for reason in said.values())


def test_a_picture_of_which_nothing_is_known_waits_and_nothing_is_invented(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "photos" / "IMG_0001.jpg", picture(1))
    plan = planned(tmp_path / "photos")
    (one,) = plan.pictures
    assert (one.patient.value, one.stage.value) == (None, None)
    assert waiting(plan)["IMG_0001.jpg"].startswith("whose it is is not known")
    plan = changes.set_patient(plan, [one.key], "K-17")
    assert waiting(plan)["IMG_0001.jpg"].startswith("when it was is only a guess")
    plan = changes.set_visit_time(plan, plan.women[0].visits[0].key, When(datetime(2026, 3, 14, 12).astimezone()))
    assert waiting(plan)["IMG_0001.jpg"].startswith("its stage is not known")
    assert waiting(changes.set_stage(plan, [one.key], Stage.LUGOL)) == {"IMG_0001.jpg": ""}


def test_times_of_files_are_no_reason_for_a_pair(tmp_path: Path, picture: Picture, put_file: Put) -> None:
    for name in ("a_white", "b_fluo", "c_white"):
        put_file(tmp_path / "K-17" / f"{name}.jpg", picture(len(name)))
    assert planned(tmp_path / "K-17").women[0].visits[0].pairs == ()


def test_a_heic_and_the_frames_of_a_video_are_pictures_too(tmp_path: Path, put_file: Put) -> None:
    put_file(tmp_path / "K-17" / "phone.heic", PHONE.read_bytes())
    writer = cv2.VideoWriter(str(tmp_path / "K-17" / "acid.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for number in range(40):
        writer.write(np.full((64, 96, 3), number * 5, np.uint8))
    writer.release()
    plan = planned(tmp_path / "K-17", options=Options(every=2))
    assert [one.name for one in plan.pictures] == ["acid.avi at 0 s", "acid.avi at 2 s", "phone.heic"]
    assert plan.pictures[2].when.value is not None
    assert plan.pictures[2].when.sure is Sure.SAID


def test_a_video_that_is_cut_short_is_said_to_be_and_a_whole_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "K-17" / "acid.avi"
    path.parent.mkdir()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for shade in range(60):
        writer.write(np.full((64, 96, 3), 60 + shade, np.uint8))
    writer.release()
    options = Options(every=1)
    whole = make_plan(SilentContext(), [tmp_path / "K-17"], options=options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = make_plan(SilentContext(), [tmp_path / "K-17"], options=options)
    assert whole.skipped == ()
    assert 0 < len(half.pictures) < len(whole.pictures)
    (said,) = half.skipped
    assert said.name == "K-17/acid.avi"
    assert said.reason.startswith("cut short after ")
    assert " s of 6 s" in said.reason
    assert not said.expected


def test_a_video_in_a_zip_is_to_be_unpacked_first(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "K-17.zip", "w") as out:
        out.writestr("a.avi", b"RIFF\0\0\0\0AVI LIST")
    assert "unpack it first" in reasons(planned(tmp_path / "K-17.zip"))["K-17.zip/a.avi"]


def test_dicom_is_joined_in_by_a_function_and_its_record_counts(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "export" / "1.dcm", b"\0" * 128 + b"DICM")
    record = Record("D-1", "Li", "娜", None, datetime(2026, 3, 14, 12).astimezone(), Stage.LUGOL)

    def dicom(data: bytes) -> list[RecordedPicture]:
        assert data.endswith(b"DICM")
        return [RecordedPicture(picture(1), record), RecordedPicture(picture(2), record)]

    plan = planned(tmp_path / "export", options=Options(dicom=dicom))
    assert shape(plan) == {"D-1": [["1.dcm (1)", "1.dcm (2)"]]}
    assert plan.women[0].people == (Person("Li", "娜"),)
    assert waiting(plan) == {"1.dcm (1)": "", "1.dcm (2)": ""}


def test_the_same_bytes_under_two_women_are_told(tmp_path: Path, picture: Picture, put_file: Put) -> None:
    for woman in ("K-17", "K-18"):
        put_file(tmp_path / "in" / woman / "acid.jpg", picture(1, "2026:03:14 12:00:00"))
    plan = planned(tmp_path / "in")
    assert len(twice(plan)) == 2
    assert twice(changes.leave_out(plan, [plan.pictures[0].key])) == {}


def test_two_folders_of_one_name_keep_their_pictures_apart(tmp_path: Path, picture: Picture, put_file: Put) -> None:
    for number, above in enumerate(("a", "b")):
        put_file(tmp_path / above / "K-17" / "acid.jpg", picture(number, f"2026:03:14 12:0{number}:00"))
    plan = planned(tmp_path / "a" / "K-17", tmp_path / "b" / "K-17")
    assert len({one.key for one in plan.pictures}) == 2
    assert shape(plan) == {"K-17": [["acid.jpg", "acid.jpg"]]}


def test_frames_of_a_video_whose_name_says_when_it_began_are_so_much_later(tmp_path: Path) -> None:
    (tmp_path / "K-17").mkdir()
    file = tmp_path / "K-17" / "acid_60s_20260314_120000.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for number in range(21):
        writer.write(np.full((64, 96, 3), number * 5, np.uint8))
    writer.release()
    plan = planned(tmp_path / "K-17", options=Options(every=1))
    began = datetime(2026, 3, 14, 12).astimezone()
    assert [(one.when.value.at - began).total_seconds() for one in plan.pictures if one.when.value] == [0, 1, 2]
    assert [one.stage.value for one in plan.pictures] == [Stage.ACETIC_ACID] * 3
    assert [one.seconds for one in plan.pictures] == [None] * 3


def test_a_plan_can_be_cancelled(export: Path) -> None:
    with pytest.raises(Cancelled):
        make_plan(CallbackContext(lambda *_: None, lambda: True), [export])


# the manifest


def manifest(path: Path, *lines: str, head: str = "patient,visit_time,stage,source,file") -> Path:
    path.write_text("\n".join([head, *lines]), encoding="utf-8")
    return path


def test_a_manifest_counts_more_than_any_guess(export: Path) -> None:
    file = manifest(
        export / "import.csv",
        "X-1,2025-01-02 10:00,lugol,,K-17/1_acid_60s.jpg",
        ",,,fluorescence,K-18/acid.jpg",
    )
    assert manifest_beside([export]) == file
    plan = planned(export, manifest=file)
    assert shape(plan)["X-1"] == [["1_acid_60s.jpg"]]
    moved = plan.women[[woman.identifier for woman in plan.women].index("X-1")].visits[0]
    assert moved.when.value == When(datetime(2025, 1, 2, 10).astimezone())
    assert moved.pictures[0].stage.value is Stage.LUGOL
    assert moved.pictures[0].seconds is None
    other = next(one for one in plan.pictures if one.name == "acid.jpg")
    assert (other.source.value, other.stage.value) == (Source.FLUORESCENCE, None)
    assert not any(one.name.endswith("import.csv") for one in plan.skipped)


def test_a_manifest_names_entries_of_a_zip_and_a_woman(tmp_path: Path, picture: Picture) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("sub/1.jpg", picture(1))
    file = manifest(
        tmp_path / "import.csv",
        "K-17,2026-03-14,acid,white,a.zip/sub/1.jpg,45,Li,1988-03-14",
        head="patient,visit_time,stage,source,file,seconds_since_acid,family_name,birth_date",
    )
    plan = planned(tmp_path / "a.zip", manifest=file)
    (one,) = plan.pictures
    assert (one.stage.value, one.seconds) == (Stage.ACETIC_ACID, 45)
    assert plan.women[0].people[0].family_name == "Li"
    assert waiting(plan) == {"1.jpg": ""}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("K-17,,acid,,", "no file"),
        ("K-17,,acid,,a\0.jpg", "no text"),
        ("K-17,yesterday,acid,,a.jpg", "is no time"),
        ("K-17,,purple,,a.jpg", "unknown stage purple"),
        ("K-17,,,infrared,a.jpg", "unknown source infrared"),
        ("K-17,,lugol,fluorescence,a.jpg", "not a stage of fluorescence"),
        ("K-17,,acid,,a.jpg,more", "more cells"),
    ],
)
def test_a_line_that_cannot_be_used_is_an_error_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadInputError, match=f"line 2: .*{said}"):
        read_import_manifest(manifest(tmp_path / "m.csv", line))


def test_a_file_named_twice_or_not_among_those_given_is_an_error(export: Path) -> None:
    with pytest.raises(BadInputError, match="lines 2 and 3 name the same file"):
        read_import_manifest(manifest(export / "m.csv", "a,,,,1.jpg", "b,,,,./1.jpg"))
    with pytest.raises(BadInputError, match=r"not among those given \(line 2: none.jpg"):
        planned(export, manifest=manifest(export / "m.csv", "a,,,,none.jpg"))


# changes by hand


def keys(plan: ImportPlan, *names: str) -> list[str]:
    return [one.key for one in plan.pictures if one.name in names]


def test_a_change_returns_a_new_plan_and_leaves_the_old_one(export: Path) -> None:
    plan = planned(export)
    before = shape(plan)
    changed = changes.set_patient(plan, keys(plan, "2_lugol.jpg"), "k-18")
    assert shape(plan) == before
    assert [one.name for visit in changed.women[1].visits for one in visit.pictures] == ["2_lugol.jpg", "acid.jpg"]


def test_a_picture_moves_to_another_visit_and_its_woman_and_stays_there(export: Path) -> None:
    plan = planned(export)
    target = plan.women[1].visits[0].key
    plan = changes.move(plan, keys(plan, "1_fluo.jpg"), target)
    assert shape(plan)["K-18"] == [["1_fluo.jpg", "acid.jpg"]]
    plan = changes.set_stage(plan, keys(plan, "1_fluo.jpg"), Stage.FLUORESCENCE_AFTER_ACID)
    assert shape(plan)["K-18"] == [["1_fluo.jpg", "acid.jpg"]]
    assert shape(plan)["K-17"][0] == ["1_acid_60s.jpg", "2_lugol.jpg"]


def test_a_picture_can_get_a_visit_of_its_own(export: Path) -> None:
    plan = planned(export)
    plan = changes.move(plan, keys(plan, "2_lugol.jpg"), None)
    assert ["2_lugol.jpg"] in shape(plan)["K-17"]


def test_one_of_two_with_a_visit_of_their_own_can_get_another_one(export: Path) -> None:
    plan = planned(export)
    plan = changes.move(plan, keys(plan, "1_acid_60s.jpg", "2_lugol.jpg"), None)
    assert ["1_acid_60s.jpg", "2_lugol.jpg"] in shape(plan)["K-17"]
    plan = changes.move(plan, keys(plan, "1_acid_60s.jpg"), None)
    assert shape(plan)["K-17"] == [["1_acid_60s.jpg"], ["1_fluo.jpg"], ["2_lugol.jpg"], ["saline.jpg"]]


def test_a_stage_set_by_hand_says_the_source_and_makes_pairs_anew(export: Path) -> None:
    plan = planned(export)
    plan = changes.set_stage(plan, keys(plan, "1_fluo.jpg"), Stage.SALINE)
    assert plan.women[0].visits[0].pairs == ()
    assert plan.picture(keys(plan, "1_fluo.jpg")[0]).source.value is Source.WHITE


def test_what_is_left_out_can_be_taken_in_again(export: Path) -> None:
    plan = planned(export)
    out = changes.leave_out(plan, keys(plan, "acid.jpg"))
    assert waiting(out)["acid.jpg"] == "left out by hand"
    assert changes.leave_out(out, keys(plan, "acid.jpg"), out=False) == plan


def test_what_is_not_known_can_be_said_of_all_at_once(tmp_path: Path, picture: Picture, put_file: Put) -> None:
    put_file(tmp_path / "in" / "IMG_1.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "in" / "IMG_2_lugol.jpg", picture(2, "2026:03:14 12:01:00"))
    plan = changes.fill_in(planned(tmp_path / "in"), patient="K-17", stages=[Stage.ACETIC_ACID])
    assert [one.stage.value for one in plan.settled()] == [Stage.ACETIC_ACID, Stage.LUGOL]
    assert set(waiting(plan).values()) == {""}
    again = changes.fill_in(planned(tmp_path / "in", manifest=timed(tmp_path / "in")), patient="K-17")
    assert again.women[0].visits[0].when.value == When(datetime(2025, 1, 2, 10).astimezone())
    with pytest.raises(ValueError, match="two stages"):
        changes.fill_in(plan, stages=[Stage.ACETIC_ACID, Stage.LUGOL])


def timed(folder: Path) -> Path:
    return manifest(folder / "m.csv", ",2025-01-02 10:00,,,IMG_1.jpg", ",2025-01-02 10:00,,,IMG_2_lugol.jpg")


def test_a_picture_or_visit_that_is_not_in_the_plan_is_a_key_error(export: Path) -> None:
    plan = planned(export)
    for change in (
        lambda: changes.leave_out(plan, ["none"]),
        lambda: changes.move(plan, [plan.pictures[0].key], "none"),
        lambda: plan.picture("none"),
    ):
        with pytest.raises(KeyError):
            change()


def test_a_visit_with_one_picture_of_contradicted_time_is_asked_about(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    put_file(tmp_path / "K-17" / "1_acid.jpg", picture(1, "2026:03:14 12:00:00"))
    put_file(tmp_path / "K-17" / "2026-03-08_lugol.jpg", picture(2, "2026:03:14 12:01:00"))
    (visit,) = planned(tmp_path / "K-17").women[0].visits
    assert visit.when.sure is Sure.UNSURE
    assert all("when it was" in waits_for(one, visit) for one in visit.pictures)


def test_pictures_of_a_day_only_are_in_the_order_in_which_people_count(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    for number, name in enumerate(("acetic 120s", "acetic 60s", "acetic 5s")):
        put_file(tmp_path / "K-17" / "2026-03-14" / f"{name}.jpg", picture(number))
    (visit,) = planned(tmp_path / "K-17").women[0].visits
    assert [one.name for one in visit.pictures] == ["acetic 5s.jpg", "acetic 60s.jpg", "acetic 120s.jpg"]


def test_pages_of_a_file_that_are_not_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "K-17").mkdir()
    pages = [Image.fromarray(np.full((48, 64, 3), 60 * number + 40, np.uint8)) for number in range(3)]
    pages[0].save(tmp_path / "K-17" / "acid.tif", save_all=True, append_images=pages[1:])
    plan = planned(tmp_path / "K-17")
    assert len(plan.pictures) == 1
    assert "only the first of 3 pictures" in reasons(plan)["K-17/acid.tif (2 to 3 of 3)"]


# pairs by hand


@pytest.fixture
def unpaired(tmp_path: Path, picture: Picture, put_file: Put) -> ImportPlan:
    """A visit of a day only: two white-light pictures and one of fluorescence, of which no pair is guessed."""
    for number, name in enumerate(("acetic 60s", "acetic 120s", "fluo")):
        put_file(tmp_path / "K-17" / "2026-03-14" / f"{name}.jpg", picture(number, green=name == "fluo"))
    return planned(tmp_path / "K-17")


def keys_of(plan: ImportPlan, *names: str) -> list[str]:
    return [one.key for name in names for one in plan.pictures if one.name.startswith(name)]


def pairs_of(plan: ImportPlan) -> list[tuple[str, str, Sure]]:
    return [
        (plan.picture(pair.white).name, plan.picture(pair.fluorescence).name, pair.guess.sure)
        for woman in plan.women
        for visit in woman.visits
        for pair in visit.pairs
    ]


def test_two_pictures_become_a_pair_by_hand_and_the_stage_follows(unpaired: ImportPlan) -> None:
    assert pairs_of(unpaired) == []
    plan = changes.make_pair(unpaired, keys_of(unpaired, "fluo", "acetic 120s"))
    assert pairs_of(plan) == [("acetic 120s.jpg", "fluo.jpg", Sure.SAID)]
    lit = next(one for one in plan.settled() if one.name == "fluo.jpg")
    assert lit.stage.value is Stage.FLUORESCENCE_AFTER_ACID
    again = changes.make_pair(plan, keys_of(plan, "fluo", "acetic 60s"))
    assert pairs_of(again) == [("acetic 60s.jpg", "fluo.jpg", Sure.SAID)]


def test_a_pair_can_be_parted_and_is_not_guessed_again(export: Path) -> None:
    plan = planned(export)
    assert len(pairs_of(plan)) == 1
    parted = changes.part_pairs(plan, keys_of(plan, "1_fluo"))
    assert ("1_acid_60s.jpg", "1_fluo.jpg") not in [pair[:2] for pair in pairs_of(parted)]
    made = changes.make_pair(parted, keys_of(plan, "1_fluo", "1_acid_60s"))
    assert pairs_of(made) == [("1_acid_60s.jpg", "1_fluo.jpg", Sure.SAID)]


@pytest.mark.parametrize("names", [("fluo",), ("acetic 60s", "acetic 120s"), ("acetic 60s", "acetic 120s", "fluo"), ()])
def test_what_is_no_pair_is_refused_and_the_plan_stays(unpaired: ImportPlan, names: tuple[str, ...]) -> None:
    with pytest.raises(BadInputError, match="these are no pair"):
        changes.make_pair(unpaired, keys_of(unpaired, *names))


def test_a_pair_by_hand_ends_where_its_pictures_part(unpaired: ImportPlan) -> None:
    plan = changes.make_pair(unpaired, keys_of(unpaired, "fluo", "acetic 60s"))
    apart = changes.move(plan, keys_of(plan, "fluo"), None)
    assert pairs_of(apart) == []
    with pytest.raises(BadInputError, match="these are no pair"):
        changes.make_pair(apart, keys_of(plan, "fluo", "acetic 60s"))
    assert pairs_of(changes.leave_out(plan, keys_of(plan, "fluo"))) == []


@pytest.fixture
def green_filter(tmp_path: Path, picture: Picture, put_file: Put) -> ImportPlan:
    """A visit with white light and one picture each through a green filter and after Lugol's iodine."""
    for number, name in enumerate(("acetic 60s", "green", "lugol")):
        put_file(tmp_path / "K-17" / "2026-03-14" / f"{name}.jpg", picture(number))
    return planned(tmp_path / "K-17")


@pytest.mark.parametrize("name", ["green", "lugol"])
def test_a_filtered_picture_is_paired_with_white_light_by_hand_and_never_by_a_guess(
    green_filter: ImportPlan, name: str
) -> None:
    assert pairs_of(green_filter) == []
    plan = changes.make_pair(green_filter, keys_of(green_filter, name, "acetic 60s"))
    assert pairs_of(plan) == [("acetic 60s.jpg", f"{name}.jpg", Sure.SAID)]
    assert pairs_of(changes.part_pairs(plan, keys_of(plan, name))) == []


def test_two_filtered_pictures_are_no_pair_by_hand_either(green_filter: ImportPlan) -> None:
    with pytest.raises(BadInputError, match="these are no pair"):
        changes.make_pair(green_filter, keys_of(green_filter, "green", "lugol"))


def test_a_pair_by_hand_ends_where_its_picture_is_said_to_be_of_another_stage(green_filter: ImportPlan) -> None:
    plan = changes.make_pair(green_filter, keys_of(green_filter, "green", "acetic 60s"))
    assert pairs_of(changes.set_stage(plan, keys_of(plan, "green"), Stage.SALINE)) == []
