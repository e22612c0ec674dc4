"""The pictures in an item, and what each says of itself."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pfm_desktop.imaging.io import decode_picture
from pfm_desktop.services.importing.dates import ExifTime
from pfm_desktop.services.importing.found import Item
from pfm_desktop.services.importing.reading import (
    ReadDicom,
    Record,
    RecordedPicture,
    Seen,
    bytes_of,
    look,
    part_name,
    try_out,
)
from pfm_desktop.services.importing.sources import Reader, walk
from pfm_desktop.support.errors import BadInputError

PHONE = Path(__file__).resolve().parents[2] / "imaging" / "phone.heic"
DICOM = b"\0" * 128 + b"DICM"
Picture = Callable[..., bytes]


def item(path: Path, data: bytes | None = None) -> Item:
    if data is not None:
        path.write_bytes(data)
    (found,) = walk([path])
    assert isinstance(found, Item)
    return found


def seen(one: Item, *, every: float = 10.0, dicom: ReadDicom | None = None) -> list[Seen]:
    with Reader() as reader:
        return list(look(reader, one, every=every, dicom=dicom))


def kept(one: Item, part: float | None = None, dicom: ReadDicom | None = None) -> bytes:
    with Reader() as reader:
        return bytes_of(reader, one, part, dicom=dicom)


def written(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 60, 3), (180, 90, 90), np.uint8)).save(stream, kind)
    return stream.getvalue()


def video(path: Path, frames: int = 30) -> Item:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 64))
    for number in range(frames):
        writer.write(np.full((64, 96, 3), number * 5, np.uint8))
    writer.release()
    return item(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
def test_a_picture_is_known_by_its_bytes_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    one = item(tmp_path / "a.dat", written(kind))
    (found,) = seen(one)
    assert (found.width, found.height, found.part, found.record) == (60, 40, None, None)
    assert found.sha256 == hashlib.sha256(written(kind)).hexdigest()
    assert kept(one) == written(kind)


def test_time_and_device_come_from_the_exif_data(tmp_path: Path, picture: Picture) -> None:
    (found,) = seen(item(tmp_path / "a.jpg", picture(1, "2026:03:14 12:00:00", offset="+08:00")))
    assert found.exif == ExifTime("2026:03:14 12:00:00", "+08:00")
    assert found.device == "Maker Colposcope 3"
    (plain,) = seen(item(tmp_path / "b.jpg", picture(1)))
    assert (plain.exif, plain.device) == (None, "")


def test_a_heic_is_read_as_it_is_kept(tmp_path: Path) -> None:
    one = item(tmp_path / "a.heic", PHONE.read_bytes())
    (found,) = seen(one)
    assert (found.width, found.height, found.device) == (96, 64, "Pfm Phone 1")
    assert kept(one) == PHONE.read_bytes()


def test_colours_of_fluorescence_are_seen(tmp_path: Path, picture: Picture) -> None:
    for name, green in (("a.jpg", True), ("b.jpg", False)):
        (found,) = seen(item(tmp_path / name, picture(1, green=green)))
        assert found.fluorescent is green


def test_a_large_picture_is_known_in_its_own_size(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((1600, 2400, 3), (180, 90, 90), np.uint8)).save(stream, "JPEG")
    (found,) = seen(item(tmp_path / "a.jpg", stream.getvalue()))
    assert (found.width, found.height) == (2400, 1600)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"GIF89a" + b"\0" * 50, "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (b"PK\x03\x04" + b"\0" * 50, "a zip under another name"),
        (DICOM, "DICOM is not read here"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "not a picture|damaged"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 50, "cannot be read as a video"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(tmp_path: Path, data: bytes, said: str) -> None:
    one = item(tmp_path / "a.jpg", data)
    with pytest.raises(BadInputError, match=said) as raised:
        seen(one)
    assert raised.value.remedy


# videos


def test_a_video_is_a_picture_for_each_so_many_seconds_and_each_is_the_same_again(tmp_path: Path) -> None:
    one = video(tmp_path / "a.avi")
    found = seen(one, every=1)
    assert [picture.part for picture in found] == [0, 1, 2]
    for picture in reversed(found):
        data = kept(one, picture.part)
        assert hashlib.sha256(data).hexdigest() == picture.sha256
        assert decode_picture(data, "a").pixels.shape == (64, 96, 3)


def test_a_reader_goes_to_and_fro_between_videos(tmp_path: Path) -> None:
    first, second = video(tmp_path / "a.avi"), video(tmp_path / "b.avi", frames=15)
    with Reader() as reader:
        for one, part in ((first, 2.0), (second, 1.0), (first, 0.0), (second, 0.0)):
            assert bytes_of(reader, one, part) == kept(one, part)
        with pytest.raises(BadInputError, match="has no frame at"):
            bytes_of(reader, second, 2.0)


def test_a_video_in_a_zip_is_to_be_unpacked_first(tmp_path: Path) -> None:
    video(tmp_path / "a.avi")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as out:
        out.write(tmp_path / "a.avi", "a.avi")
    one = item(tmp_path / "z.zip")
    with pytest.raises(BadInputError, match="in a zip") as raised:
        seen(one)
    assert "unpack it first" in raised.value.remedy
    with pytest.raises(BadInputError, match="in a zip"):
        kept(one, 0.0)


# DICOM, as it is joined in


def test_the_function_that_reads_dicom_gets_the_bytes_and_its_pictures_and_records_count(
    tmp_path: Path, picture: Picture
) -> None:
    record = Record("D-1", taken_at=datetime(2026, 3, 14).astimezone(), device="Colposcope 9")

    def dicom(data: bytes) -> Sequence[RecordedPicture]:
        assert data == DICOM
        return [RecordedPicture(picture(number), record) for number in (1, 2)]

    one = item(tmp_path / "a", DICOM)
    found = seen(one, dicom=dicom)
    assert [(one.part, one.record, one.device) for one in found] == [
        (0, record, "Colposcope 9"),
        (1, record, "Colposcope 9"),
    ]
    assert kept(one, 1.0, dicom) == picture(2)
    with pytest.raises(BadInputError, match="fewer pictures"):
        kept(one, 2.0, dicom)


def test_a_picture_in_a_dicom_file_that_does_not_decode_is_refused(tmp_path: Path) -> None:
    def dicom(data: bytes) -> Sequence[RecordedPicture]:
        return [RecordedPicture(b"no picture", Record())]

    with pytest.raises(BadInputError):
        seen(item(tmp_path / "a.dcm", DICOM), dicom=dicom)


def test_what_the_function_refuses_is_refused(tmp_path: Path) -> None:
    def dicom(data: bytes) -> Sequence[RecordedPicture]:
        raise BadInputError("it holds no picture", remedy="choose another one")

    with pytest.raises(BadInputError, match="it holds no picture"):
        seen(item(tmp_path / "a.dcm", DICOM), dicom=dicom)


# names


@pytest.mark.parametrize(
    ("name", "part", "said"),
    [
        ("a.jpg", None, "a.jpg"),
        ("a.avi", 0.0, "a.avi at 0 s"),
        ("A.MKV", 12.5, "A.MKV at 12.5 s"),
        ("a.dcm", 0.0, "a.dcm (1)"),
    ],
)
def test_one_of_several_pictures_is_named_after_its_file(name: str, part: float | None, said: str) -> None:
    assert part_name(Item(f"in/{name}", 1, None, Path(name)), part) == said


def test_trying_out_reads_pictures_and_videos_and_refuses_the_rest(tmp_path: Path) -> None:
    try_out(PHONE.read_bytes())
    one = video(tmp_path / "a.avi")
    try_out(one.path.read_bytes(), one.path)
    with pytest.raises(BadInputError):
        try_out(b"hello")


@pytest.mark.parametrize(("kind", "count"), [("TIFF", 3), ("WEBP", 2)])
def test_further_pictures_of_a_file_are_counted(tmp_path: Path, kind: str, count: int) -> None:
    pages = [Image.fromarray(np.full((48, 64, 3), 60 * number + 40, np.uint8)) for number in range(count)]
    pages[0].save(tmp_path / "a", kind, save_all=True, append_images=pages[1:])
    (path,) = [one for one in walk([tmp_path / "a"]) if isinstance(one, Item)]
    with Reader() as reader:
        (seen,) = look(reader, path)
    assert seen.more == count - 1


@pytest.mark.parametrize(
    ("name", "first"), [("a.docx", "a.xml"), ("letter", "[Content_Types].xml"), ("a.jpg", "_rels/.rels")]
)
def test_a_document_is_called_one(tmp_path: Path, name: str, first: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as out:
        out.writestr(first, "x")
    (path,) = [one for one in walk([tmp_path / name]) if isinstance(one, Item)]
    with Reader() as reader, pytest.raises(BadInputError, match="a document, not a picture"):
        list(look(reader, path))
