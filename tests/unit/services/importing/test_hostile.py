"""Whatever is in a folder, zip or manifest: a reason in words, no error that nobody expected, nothing on the disk."""

from __future__ import annotations

import contextlib
import io
import os
import random
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.importing import changes
from pfm_desktop.services.importing.dates import ExifTime, When, guessed_time
from pfm_desktop.services.importing.found import Item, Skipped, hidden, shown
from pfm_desktop.services.importing.guess import Sure
from pfm_desktop.services.importing.guessing import guessed_shown
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.manifest import read_import_manifest
from pfm_desktop.services.importing.people import guessed_patient
from pfm_desktop.services.importing.plan import ImportPlan, waits_for
from pfm_desktop.services.importing.report import ImportReport, Line, Outcome, report_csv, write_report
from pfm_desktop.services.importing.sources import Reader, walk
from pfm_desktop.services.importing.words import said_by, seconds_in, without_meaning
from pfm_desktop.support.errors import BadInputError, UserError

Picture = Callable[..., bytes]
Put = Callable[[Path, bytes], Path]
LETTERS = "aZ09 _-.:/\\年月日前后醋酸ßéñ\u202e\u0301\U0001f600%'\"=\t\0"
PIECES = ("acid", "fluo", "lugol", "60s", "2min", "2026-03-14", "14.03.2026", "K-17", "patient", "ID", "IMG_0001",
          "20260314_120000", "99999999", "2026年3月14日", "白光", "荧光", "(2)", "", "-", "..")  # fmt: skip


def names(count: int) -> list[str]:
    """Names of pieces that mean something and of any letters."""
    chance = random.Random(7)
    made = []
    for _ in range(count):
        parts = [chance.choice(PIECES) for _ in range(chance.randint(0, 4))]
        parts += ["".join(chance.choice(LETTERS) for _ in range(chance.randint(0, 8)))]
        chance.shuffle(parts)
        made.append(chance.choice("_ -").join(parts))
    return made


def zip_bytes(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in entries.items():
            out.writestr(name, data)
    return stream.getvalue()


# names


def test_any_name_gives_guesses_that_say_why_and_unknown_ones_have_no_value() -> None:
    for first, second in zip(names(600), reversed(names(600)), strict=True):
        patient = guessed_patient((first, second), first)
        shown_as = guessed_shown((second,), first, None)
        when = guessed_time(exif=ExifTime(first, second), stem=first, folders=(second,), modified=None)
        for guess in (patient, shown_as.source, shown_as.stage, shown_as.seconds_since_acid, when):
            assert guess.why
            assert (guess.value is None) is (guess.sure is Sure.UNKNOWN)
        if shown_as.stage.value is not None:
            assert shown_as.stage.value.source is shown_as.source.value


def test_what_a_name_says_never_contradicts_itself() -> None:
    for name in names(600):
        found = said_by(name)
        assert not (found.contradicts and found.stage)
        assert found.stage is None or found.stage.source is found.source
        seconds = seconds_in(name)
        assert seconds is None or 0 <= seconds <= 1800
        assert without_meaning(name) == without_meaning(name).strip()


def test_a_long_name_takes_no_long_time() -> None:
    for name in ("a" * 5000, "9" * 5000, "2026-" * 1000, "acid_" * 1000, "patient " * 600, "1m" * 2000):
        guessed_patient((name,), name)
        guessed_shown((name,), name, None)
        guessed_time(exif=None, stem=name, folders=(name,), modified=None)


@pytest.mark.parametrize("name", ["\udcff\udcfe", "a\nb", "\x1b[31m", "\u202ecod.exe", "名"])
def test_any_name_can_be_shown_in_one_line_and_written_as_text(name: str) -> None:
    text = shown(name)
    text.encode("utf-8")
    assert text.isprintable()


@pytest.mark.parametrize(("attributes", "left_out"), [(0, False), (0x2, True), (0x4, True), (0x20, False)])
def test_what_windows_hides_is_left_out(attributes: int, left_out: bool) -> None:
    assert bool(hidden("a.jpg", attributes)) is left_out


# zips


@pytest.mark.parametrize("seed", range(12))
def test_a_zip_with_any_damage_gives_items_or_reasons_and_is_never_unpacked(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = zip_bytes({f"visit/{number}.jpg": bytes(range(50 * number)) for number in range(1, 5)})
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 0x50, 0x7F, 0xFF, chance.randrange(256)))
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        (tmp_path / "a.zip").write_bytes(data)
        with Reader() as reader:
            for item in walk([tmp_path / "a.zip"]):
                assert item.name.startswith("a.zip")
                if isinstance(item, Skipped):
                    assert item.reason
                    continue
                with contextlib.suppress(BadInputError):
                    assert len(reader.read(item)) == item.size
        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_zip_that_is_another_one_since_the_walk_is_refused_for_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes({"1.jpg": b"one", "2.jpg": b"two"}))
    items = [item for item in walk([path]) if isinstance(item, Item)]
    path.write_bytes(zip_bytes({"1.jpg": b"other and longer"}))
    with Reader() as reader:
        for item in items:
            with pytest.raises(BadInputError):
                reader.read(item)
    path.unlink()
    with Reader() as reader, pytest.raises(BadInputError):
        reader.read(items[0])


def test_a_reader_goes_to_and_fro_between_zips_and_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.zip").write_bytes(zip_bytes({"1.jpg": name.encode(), "2.jpg": name.encode() * 2}))
    (tmp_path / "in" / "c.jpg").write_bytes(b"c")
    items = [item for item in walk([tmp_path / "in"]) if isinstance(item, Item)]
    with Reader() as reader:
        for order in (items, items[::-1], items[::2] + items[1::2]):
            for item in order:
                letter = item.name.split("/")[1][0].encode()
                assert reader.read(item) == letter * item.size
                assert reader.read(item, most=1) == letter


def test_a_folder_called_like_a_zip_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in" / "a.zip").mkdir(parents=True)
    (tmp_path / "in" / "a.zip" / "1.jpg").write_bytes(b"x")
    assert [item.name for item in walk([tmp_path / "in"])] == ["in/a.zip/1.jpg"]


def test_folders_of_any_depth_are_walked_through(tmp_path: Path) -> None:
    deep = tmp_path / "in"
    for _ in range(300):
        deep = deep / "a"
    deep.mkdir(parents=True)
    (deep / "1.jpg").write_bytes(b"x")
    (item,) = walk([tmp_path / "in"])
    assert item.name.count("/a") == 300


@pytest.mark.skipif(os.name == "nt", reason="links as on Unix")
def test_a_folder_that_was_given_as_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "1.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert [item.name for item in walk([tmp_path / "link"])] == ["real/1.jpg"]


# plans


def held(plan: ImportPlan) -> list[str]:
    return sorted(picture.key for picture in plan.settled())


def changed_somehow(plan: ImportPlan, keys: list[str], chance: random.Random) -> ImportPlan:
    match chance.randrange(5):
        case 0:
            return changes.set_stage(plan, keys, chance.choice(list(Stage)))
        case 1:
            return changes.set_patient(plan, keys, chance.choice(("K-17", "k- 17", "", "K-20")))
        case 2:
            return changes.leave_out(plan, keys, out=chance.random() < 0.5)
        case 3:
            visit = chance.choice([visit.key for woman in plan.women for visit in woman.visits])
            return changes.set_visit_time(plan, visit, When(datetime(2026, 3, chance.randint(1, 28)).astimezone()))
    visits = [visit.key for woman in plan.women for visit in woman.visits]
    return changes.move(plan, keys, chance.choice([*visits, None]))


def test_whatever_is_changed_each_picture_is_in_one_visit_and_one_pair_at_most(
    tmp_path: Path, picture: Picture, put_file: Put
) -> None:
    chance = random.Random(3)
    for number in range(14):
        woman, kind = chance.choice(("K-17", "K-18", "photos")), chance.choice(("acid", "fluo", "x", "lugol"))
        taken = f"2026:03:{chance.randint(14, 15)} {chance.randint(8, 18):02}:00:00" if number % 4 else ""
        put_file(tmp_path / "in" / woman / f"{kind}_{number}.jpg", picture(number, taken))
    plan = make_plan(SilentContext(), [tmp_path / "in"])
    everything = held(plan)
    for _ in range(120):
        keys = chance.sample(everything, chance.randint(1, 3))
        plan = changed_somehow(plan, keys, chance)
        assert held(plan) == everything
        visits = [visit.key for woman in plan.women for visit in woman.visits]
        assert len(set(visits)) == len(visits)
        for woman in plan.women:
            for visit in woman.visits:
                own = {one.key: one for one in visit.pictures}
                paired = [key for pair in visit.pairs for key in (pair.white, pair.fluorescence)]
                assert len(set(paired)) == len(paired)
                assert set(paired) <= set(own)
                for one in visit.pictures:
                    ready = waits_for(one, visit) == ""
                    assert not ready or None not in (one.patient.value, visit.when.value, one.stage.value)


# manifests and reports


@pytest.mark.parametrize("seed", range(6))
def test_any_manifest_is_read_or_refused_in_words(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    cells = (
        *PIECES,
        "acetic_acid",
        "white",
        "1e999",
        "nan",
        "-5",
        "0001-01-01",
        "9999-12-31 23:59",
        '"',
        "a\0b",
        "../x",
    )
    head = "patient,visit_time,stage,source,file,seconds_since_acid,family_name,birth_date"
    for _ in range(60):
        rows = [
            ",".join(chance.choice(cells) for _ in range(chance.randint(4, 9))) for _ in range(chance.randint(0, 4))
        ]
        (tmp_path / "m.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
        with contextlib.suppress(UserError):
            found = read_import_manifest(tmp_path / "m.csv")
            assert all(row.file for row in found.rows.values())


def test_a_manifest_that_is_no_table_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"\xff\xfe\0\0", b"patient;visit_time;stage;source;file\n", b"a,b\n1,2\n"):
        (tmp_path / "m.csv").write_bytes(data)
        with pytest.raises(BadInputError):
            read_import_manifest(tmp_path / "m.csv")
    with pytest.raises(BadInputError):
        read_import_manifest(tmp_path)


def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    report = ImportReport((Line('a,"b"\nc', Outcome.SKIPPED, "why"), Line("d", Outcome.ADDED)))
    write_report(report, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == report_csv(report)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError):
        write_report(report, tmp_path / "file" / "out.csv")
