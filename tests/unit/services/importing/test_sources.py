"""Walking through folders, zips and files that people bring."""

from __future__ import annotations

import os
import socket
import stat
import struct
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from pfm_desktop.services.importing import found, zips
from pfm_desktop.services.importing.found import Item, Skipped
from pfm_desktop.services.importing.sources import Reader, walk
from pfm_desktop.support.errors import BadInputError


def put(path: Path, data: bytes = b"picture") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(paths: list[Path]) -> list[str]:
    return [item.name for item in walk(paths) if isinstance(item, Item)]


def reasons(paths: list[Path]) -> dict[str, str]:
    return {item.name: item.reason for item in walk(paths) if isinstance(item, Skipped)}


def zipped(path: Path, entries: dict[str, bytes], *, packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as out:
        for name, data in entries.items():
            out.writestr(zipfile.ZipInfo(name, (2026, 3, 14, 10, 15, 22)), data, packing)
    return path


# folders


def test_a_folder_is_walked_through_in_order_of_name_with_its_own_name_first(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "a/1.jpg", "a/deep/er/3.jpg", "0.jpg"):
        put(tmp_path / "K-17" / name)
    assert names([tmp_path / "K-17"]) == ["K-17/0.jpg", "K-17/a/1.jpg", "K-17/a/deep/er/3.jpg", "K-17/b/2.jpg"]


def test_an_item_says_its_size_its_time_and_its_folders_and_gives_its_bytes(tmp_path: Path) -> None:
    os.utime(put(tmp_path / "in" / "sub" / "a.jpg", b"abc"), (1_773_500_000, 1_773_500_000))
    (item,) = walk([tmp_path / "in"])
    assert isinstance(item, Item)
    assert (item.size, item.file_name, item.folders) == (3, "a.jpg", ("in", "sub"))
    assert item.modified == datetime.fromtimestamp(1_773_500_000).astimezone()
    with Reader() as reader:
        assert reader.read(item) == b"abc"
        assert reader.read(item, most=2) == b"ab"


def test_the_walk_is_lazy(tmp_path: Path) -> None:
    for name in ("a/1.jpg", "b/2.jpg"):
        put(tmp_path / name)
    going = walk([tmp_path])
    next(going)
    put(tmp_path / "b" / "3.jpg")
    assert [item.name.rsplit("/", 1)[-1] for item in going] == ["2.jpg", "3.jpg"]


def test_what_was_named_by_a_person_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be looked at"):
        list(walk([tmp_path / "none"]))


def test_a_file_given_twice_is_found_once(tmp_path: Path) -> None:
    file = put(tmp_path / "in" / "a.jpg")
    assert names([tmp_path / "in", file, tmp_path / "in"]) == ["in/a.jpg"]


@pytest.mark.parametrize(
    "name", [".DS_Store", "Thumbs.db", "desktop.ini", "._a.jpg", "__MACOSX/a.jpg", ".git/a.jpg", "@eaDir/a.jpg"]
)
def test_hidden_and_system_files_are_skipped_and_nobody_misses_them(tmp_path: Path, name: str) -> None:
    put(tmp_path / "in" / name)
    (skipped,) = walk([tmp_path / "in"])
    assert isinstance(skipped, Skipped)
    assert skipped.expected


@pytest.mark.skipif(os.name == "nt", reason="links and pipes as on Unix")
def test_links_are_not_followed_and_the_reason_says_where_they_lead(tmp_path: Path) -> None:
    put(tmp_path / "secret" / "other.jpg")
    inside = put(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "out.jpg").symlink_to(tmp_path / "secret" / "other.jpg")
    (tmp_path / "in" / "outer").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "same.jpg").symlink_to(inside)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in" / "self")
    assert names([tmp_path / "in"]) == ["in/a.jpg"]
    said = reasons([tmp_path / "in"])
    assert said["in/out.jpg"] == said["in/outer"] == "a link that leads out of the folder"
    assert said["in/same.jpg"] == said["in/loop"] == "a link to what is looked at where it lies"
    assert said["in/self"] == "a link that leads nowhere or in a circle"


@pytest.mark.skipif(os.name == "nt", reason="links and pipes as on Unix")
def test_pipes_and_sockets_are_skipped_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    listening = socket.socket(socket.AF_UNIX)
    home = Path.cwd()
    try:
        os.chdir(tmp_path)  # a socket's path must be short
        listening.bind("s.jpg")
    finally:
        os.chdir(home)
        listening.close()
    said = reasons([tmp_path])
    assert sorted(said.values()) == ["a pipe, not a file", "a socket, not a file"]


@pytest.mark.skipif(os.name == "nt", reason="devices as on Unix")
def test_a_device_is_skipped() -> None:
    (skipped,) = walk([Path("/dev/zero")])
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "a device, not a file"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_that_may_not_be_read_are_skipped_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.jpg").chmod(0)
    (tmp_path / "in" / "sub").mkdir(mode=0)
    assert len(reasons([tmp_path / "in"])) == 2


def test_a_file_beyond_the_limit_is_skipped_but_a_video_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm_desktop.services.importing.sources.FILE_LIMIT", 10)
    put(tmp_path / "in" / "a.jpg", b"x" * 11)
    put(tmp_path / "in" / "a.avi", b"x" * 11)
    assert names([tmp_path / "in"]) == ["in/a.avi"]
    assert "too large" in reasons([tmp_path / "in"])["in/a.jpg"]


def test_a_folder_with_too_many_files_is_left_at_the_limit_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.services.importing.sources.ENTRY_LIMIT", 3)
    for number in range(5):
        put(tmp_path / "in" / f"{number}.jpg")
    assert len(names([tmp_path / "in"])) == 3
    assert "more than 3 files" in reasons([tmp_path / "in"])["in"]


def test_a_library_in_the_folder_is_not_brought_in_as_pictures(tmp_path: Path) -> None:
    put(tmp_path / "in" / "lib" / "library.sqlite")
    put(tmp_path / "in" / "lib" / "pictures" / "ab" / "x.jpg")
    assert names([tmp_path / "in"]) == []
    assert "a library of this program" in reasons([tmp_path / "in"])["in/lib"]


@pytest.mark.skipif(os.name == "nt", reason="names of other bytes than text")
def test_a_name_that_is_no_text_can_be_shown_and_its_file_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff\n.jpg")).write_bytes(b"abc")
    (item,) = walk([tmp_path / "in"])
    assert isinstance(item, Item)
    item.name.encode("utf-8")
    assert item.name.isprintable()
    with Reader() as reader:
        assert reader.read(item) == b"abc"


@pytest.mark.skipif(os.name == "nt", reason="links as on Unix")
def test_a_file_that_became_a_link_or_a_pipe_since_the_walk_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "secret.jpg")
    file = put(tmp_path / "in" / "a.jpg")
    (item,) = walk([tmp_path / "in"])
    assert isinstance(item, Item)
    for replace in (lambda: file.symlink_to(tmp_path / "secret.jpg"), lambda: os.mkfifo(file)):
        file.unlink()
        replace()
        with Reader() as reader, pytest.raises(BadInputError):
            reader.read(item)


# zips


def test_a_zip_gives_its_entries_with_their_bytes_and_nothing_is_unpacked_to_the_disk(tmp_path: Path) -> None:
    path = zipped(tmp_path / "K-17.zip", {"visit/a.jpg": b"abc", "b.jpg": b"de"})
    before = sorted(tmp_path.rglob("*"))
    found_items = [item for item in walk([path]) if isinstance(item, Item)]
    assert [item.name for item in found_items] == ["K-17.zip/visit/a.jpg", "K-17.zip/b.jpg"]
    assert found_items[0].modified == datetime(2026, 3, 14, 10, 15, 22).astimezone()
    with Reader() as reader:
        assert [reader.read(item) for item in found_items] == [b"abc", b"de"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_within_a_folder_is_walked_through_but_not_one_within_a_zip(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.jpg": b"a"}).read_bytes()
    (tmp_path / "in").mkdir()
    zipped(tmp_path / "in" / "outer.zip", {"inner.zip": inner, "b.jpg": b"b"})
    assert names([tmp_path / "in"]) == ["in/outer.zip/b.jpg"]
    assert "a zip within a zip" in reasons([tmp_path / "in"])["in/outer.zip/inner.zip"]


@pytest.mark.parametrize(
    "name",
    ["/etc/a.jpg", "../a.jpg", "a/../../b.jpg", "C:/a.jpg", "C:\\a.jpg", "..\\a.jpg", "\\\\server\\share\\a.jpg"],
)
def test_an_entry_whose_name_leads_out_of_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {name: b"a", "good.jpg": b"b"})
    assert names([path]) == ["a.zip/good.jpg"]
    assert list(reasons([path]).values()) == ["its name leads out of the zip"]


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("a.jpg")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(entry, "/etc/passwd")
    assert reasons([tmp_path / "a.zip"]) == {"a.zip/a.jpg": "a link, not a file"}


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": b"a"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in reasons([path])["a.zip/a.jpg"]


def test_an_entry_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": b"a"}, packing=zipfile.ZIP_LZMA)
    assert "packed in a way that is not read" in reasons([path])["a.zip/a.jpg"]


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.bmp": b"\0" * 11_000_000, "small.bmp": b"\0" * 1_000_000})
    assert names([path]) == ["a.zip/small.bmp"]
    assert "200 times" in reasons([path])["a.zip/a.bmp"]


def test_many_small_bombs_are_one_and_say_what_is_allowed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{number}.bmp": b"\0" * 9_900_000 for number in range(11)})
    assert names([path]) == []
    reason = reasons([path])["a.zip"]
    assert reason.startswith("unpacks to 109 MB, more than 100 times its 0.1 MB")
    assert "20 GB" in reason


def test_a_few_pictures_of_one_colour_are_read_however_well_they_pack(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{number}.bmp": b"\0" * 9_900_000 for number in range(10)})
    assert len(names([path])) == 10


def test_what_packs_as_pictures_do_is_read_beyond_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "WHOLE_FREE", 1000)
    path = zipped(tmp_path / "a.zip", {f"{number}.bmp": os.urandom(2_000) for number in range(3)})
    assert len(names([path])) == 3


def test_only_the_head_of_an_entry_is_unpacked_to_see_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", {"a.bin": bytes(5_000_000)})
    (item,) = [one for one in walk([path]) if isinstance(one, Item)]
    monkeypatch.setattr(zips, "entry_bytes", pytest.fail)
    with Reader() as reader:
        assert reader.read(item, most=132) == bytes(132)


def test_an_entry_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": b"a"})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", found.FILE_LIMIT + 1)
    path.write_bytes(data)
    assert "too large" in reasons([path])["a.zip/a.jpg"]


def test_a_zip_that_unpacks_to_too_much_in_all_is_left_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "TOTAL_LIMIT", 25)
    path = zipped(tmp_path / "a.zip", {f"{number}.jpg": bytes(10) for number in range(4)})
    assert len(names([path])) == 2
    assert len(reasons([path])) == 2


def test_an_entry_that_lies_about_its_size_is_not_read_further_than_it_said(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": bytes(1000)})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.index(mark) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    (item,) = walk([path])
    assert isinstance(item, Item)
    with Reader() as reader, pytest.raises(BadInputError, match="damaged within the zip"):
        reader.read(item)


def test_a_zip_with_too_many_entries_is_refused_before_its_directory_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", {f"{number}.jpg": b"a" for number in range(4)})
    monkeypatch.setattr(zips, "ENTRY_LIMIT", 3)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "holds more than 3 files" in reasons([path])["a.zip"]


def test_a_name_that_stands_in_the_zip_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("a.jpg", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            out.writestr("a.jpg", b"2")
    assert names([path]) == ["a.zip/a.jpg"]
    assert reasons([path]) == {"a.zip/a.jpg": "its name stands in the zip twice"}


@pytest.mark.parametrize("kept", [0, 10, 60, 100])
def test_a_zip_cut_short_is_skipped_with_the_reason(tmp_path: Path, kept: int) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": bytes(range(200))})
    path.write_bytes(path.read_bytes()[:kept])
    assert "cut short" in reasons([path])["a.zip"]


def test_a_damaged_entry_is_refused_and_the_others_can_be_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.jpg": b"first" * 20, "b.jpg": b"second"}, packing=zipfile.ZIP_STORED)
    data = path.read_bytes().replace(b"firstfirst", b"fIrstfirst", 1)
    path.write_bytes(data)
    first, second = (item for item in walk([path]) if isinstance(item, Item))
    with Reader() as reader:
        with pytest.raises(BadInputError, match="damaged within the zip"):
            reader.read(first)
        assert reader.read(second) == b"second"


@pytest.mark.parametrize("coding", ["utf-8", "gb2312"])
def test_chinese_names_are_read_also_where_the_zip_does_not_say_how_they_are_written(
    tmp_path: Path, coding: str
) -> None:
    raw = "醋酸.jpg".encode(coding)
    path = zipped(tmp_path / "a.zip", {"x" * len(raw): b"a"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    assert names([path]) == ["a.zip/醋酸.jpg"]


def test_names_of_other_systems_stay_as_they_are(tmp_path: Path) -> None:
    raw = "Übersicht.jpg".encode("cp437")
    path = zipped(tmp_path / "a.zip", {"x" * len(raw): b"a"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    assert names([path]) == ["a.zip/Übersicht.jpg"]
