"""DICOM photographs that come in: every way of writing that is read, and everything that is refused."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import threading
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from benchmarks.dicom_parts import files, mutate
from benchmarks.dicom_parts.files import VALID, frames, packed, plain, smooth, with_photometric, written
from pfm_desktop.domain.source import Stage
from pfm_desktop.interop.dicom import read_pixels, read_streams
from pfm_desktop.interop.dicom.document import pdf_object
from pfm_desktop.interop.dicom.header import to_bytes
from pfm_desktop.interop.dicom.picture import ENDOSCOPIC, picture_object
from pfm_desktop.interop.dicom.read import looks_like_dicom, read_dicom_picture
from pfm_desktop.interop.dicom.read_streams import Layout
from pfm_desktop.interop.dicom.structured import report_object
from pfm_desktop.support.errors import BadInputError

LOSSLESS = sorted(set(VALID) - {"JPEG"})


def changed(dataset: Dataset, **elements: Any) -> bytes:
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return to_bytes(dataset)


def refusal(data: bytes) -> str:
    with pytest.raises(BadInputError) as caught:
        read_dicom_picture(data, "p.dcm")
    assert str(caught.value).startswith("p.dcm ")
    assert caught.value.remedy
    return str(caught.value)


def patched(data: bytes, tag: tuple[int, int], value: int) -> bytes:
    """Another number in a US element of the head."""
    at = data.rindex(struct.pack("<HH", *tag) + b"US\2\0")
    return data[: at + 8] + struct.pack("<H", value) + data[at + 10 :]


ROWS, COLUMNS = (0x28, 0x10), (0x28, 0x11)


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_pixel_of_a_lossless_picture_comes_back(name: str) -> None:
    first = read_dicom_picture(VALID[name]()).frames[0]
    assert first.shape == (48, 64, 3)
    assert first.dtype == np.uint8
    expected = smooth()
    if name.startswith("grey"):
        expected = np.repeat(expected[:, :, :1], 3, axis=2)
    assert np.array_equal(first, expected)


@pytest.mark.parametrize("name", ["frames", "RLE frames", "JPEG 2000 frames", "grey"])
def test_all_frames_come_back_in_their_order(name: str) -> None:
    picture = read_dicom_picture(VALID[name]())
    second = np.repeat(smooth()[:, :, 1:2], 3, axis=2) if name == "grey" else smooth(shift=9)
    assert len(picture.frames) == 2
    assert np.array_equal(picture.frames[1], second)
    assert "2 pictures in the file" in picture.notes


def test_a_jpeg_comes_back_nearly_as_it_was() -> None:
    first = read_dicom_picture(VALID["JPEG"]()).frames[0]
    assert np.abs(first.astype(int) - smooth()).max() <= 12


def test_a_jpeg_that_holds_rgb_is_not_taken_for_ycbcr() -> None:
    data = packed(plain(smooth()), JPEGBaseline8Bit, [files.jpeg(smooth(), keep_rgb=True)])
    assert np.abs(read_dicom_picture(data).frames[0].astype(int) - smooth()).max() <= 12


def test_a_jpeg_of_rgb_without_a_mark_is_left_as_it_is() -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.frombytes("YCbCr", (64, 48), smooth().tobytes()).save(stream, "JPEG", quality=98, subsampling=0)
    data = packed(plain(smooth()), JPEGBaseline8Bit, [stream.getvalue()])
    assert np.abs(read_dicom_picture(data).frames[0].astype(int) - smooth()).max() <= 12


def test_frames_in_several_fragments_are_told_apart_by_the_offset_table() -> None:
    packs = [files.jpeg_2000(smooth()), files.jpeg_2000(smooth(shift=9))]
    halves = [part for pack in packs for part in (pack[:100], pack[100:])]
    whole = [part + b"\0" * (len(part) % 2) for part in halves]
    offsets = [0, sum(8 + len(part) for part in whole[:2])]
    items = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(part)) + part for part in whole)
    table = b"\xfe\xff\x00\xe0" + struct.pack("<I2I", 8, *offsets)
    dataset = with_photometric(frames([smooth(), smooth(shift=9)]), "YBR_RCT")
    data = packed(dataset, JPEG2000Lossless, packs)
    at = data.rindex(b"\xe0\x7f\x10\x00OB") + 12
    data = data[:at] + table + items + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert np.array_equal(read_dicom_picture(data).frames[1], smooth(shift=9))
    assert "cannot be told apart" in refusal(data.replace(table, table[:-4] + struct.pack("<I", offsets[1] + 2)))


def test_planes_one_after_the_other_are_interleaved() -> None:
    dataset = plain(smooth())
    dataset.PlanarConfiguration = 1
    dataset.PixelData = np.moveaxis(smooth(), 2, 0).tobytes()
    assert np.array_equal(read_dicom_picture(to_bytes(dataset)).frames[0], smooth())


def test_monochrome_1_is_turned_over() -> None:
    dataset = with_photometric(frames([smooth()[:, :, 0]]), "MONOCHROME1")
    assert np.array_equal(read_dicom_picture(to_bytes(dataset)).frames[0][:, :, 0], 255 - smooth()[:, :, 0])


def test_twelve_bits_are_scaled_over_their_full_range() -> None:
    dataset = frames([np.full((20, 20), 4095, np.uint16), np.full((20, 20), 2048, np.uint16)])
    dataset.BitsStored, dataset.HighBit = 12, 11
    picture = read_dicom_picture(to_bytes(dataset))
    assert [int(one[0, 0, 0]) for one in picture.frames] == [255, 128]
    assert "12 bits scaled to 8 bits" in picture.notes


def test_plain_ycbcr_is_converted() -> None:
    from PIL import Image

    values = np.asarray(Image.fromarray(smooth()).convert("YCbCr"))
    dataset = with_photometric(plain(smooth()), "YBR_FULL")
    dataset.PixelData = values.tobytes()
    assert np.abs(read_dicom_picture(to_bytes(dataset)).frames[0].astype(int) - smooth()).max() <= 3


@pytest.mark.parametrize("tool", [("dcmcrle",), ("dcmcjpeg", "+eb"), ("dcmcjpls",)])
def test_what_dcmtk_packed_is_read(tool: tuple[str, ...], tmp_path: Path) -> None:
    if which(tool[0]) is None:
        pytest.skip(f"{tool[0]} (package dcmtk) is not installed")
    (tmp_path / "in.dcm").write_bytes(VALID["plain"]())
    subprocess.run([*tool, str(tmp_path / "in.dcm"), str(tmp_path / "out.dcm")], check=True, timeout=60)
    first = read_dicom_picture((tmp_path / "out.dcm").read_bytes()).frames[0]
    assert np.abs(first.astype(int) - smooth()).max() <= (12 if tool[0] == "dcmcjpeg" else 0)


def test_our_own_picture_comes_back_with_all_that_was_said_of_it(woman: Any) -> None:
    picture = read_dicom_picture(to_bytes(picture_object(woman.study, woman.white, woman.pixels)))
    facts = picture.facts
    assert np.array_equal(picture.frames[0], woman.pixels)
    assert (facts.family_name, facts.given_name, facts.identifier) == ("Wunderlich", "Roswitha", "MRN-778899")
    assert facts.birth_date == date(1931, 7, 3)
    assert facts.study_at is not None
    assert facts.study_at.moment(UTC) == woman.study.started_at
    assert facts.taken_at is not None
    assert facts.taken_at.moment(UTC) == woman.white.taken_at
    assert (facts.stage, facts.stage_from) == (Stage.ACETIC_ACID, "acquisition context")
    assert (facts.seconds_since_acid, facts.mm_per_px) == (60.0, 0.021)
    assert facts.device == "pfm-desktop Scope Model 7"
    assert (facts.lossy, facts.derived, facts.burned_in, facts.de_identified) == (True, False, False, False)
    assert picture.profile is not None


@pytest.mark.parametrize("stage", Stage)
def test_the_stage_of_our_own_pictures_comes_back(stage: Stage, woman: Any) -> None:
    picture = replace(woman.white, stage=stage)
    facts = read_dicom_picture(to_bytes(picture_object(woman.study, picture, woman.pixels))).facts
    assert facts.stage is stage


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("Colposcopy after Lugol's iodine", Stage.LUGOL),
        ("green filter", Stage.GREEN),
        ("3 % ACETIC acid 60s", Stage.ACETIC_ACID),
        ("saline", Stage.SALINE),
        ("fluorescence before acetic acid", Stage.FLUORESCENCE_BEFORE_ACID),
        ("autofluorescence, acetic acid", Stage.FLUORESCENCE_AFTER_ACID),
        ("fluorescence", None),
        ("cervix", None),
    ],
)
def test_the_stage_is_guessed_from_words_where_nothing_else_says_it(words: str, stage: Stage | None) -> None:
    dataset = plain(smooth())
    dataset.AcquisitionContextSequence = []
    facts = read_dicom_picture(changed(dataset, SeriesDescription=words, ImageComments="")).facts
    assert facts.stage is stage
    assert facts.stage_from == ("" if stage is None else "description")


def test_a_time_without_a_zone_says_so() -> None:
    dataset = plain(smooth())
    del dataset.TimezoneOffsetFromUTC
    dataset.AcquisitionDateTime = "20260314093000"
    facts = read_dicom_picture(to_bytes(dataset)).facts
    assert facts.study_at is not None
    assert facts.taken_at is not None
    assert not facts.study_at.zone_known
    assert not facts.taken_at.zone_known
    zone = timezone(timedelta(hours=1))
    assert facts.study_at.moment(zone) == datetime(2026, 3, 14, 9, 30, tzinfo=zone)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("20261399", "0930", None),
        ("2026.03.14", "09:30:15", (date(2026, 3, 14), time(9, 30, 15))),
        ("20260314", "0930", (date(2026, 3, 14), time(9, 30))),
        ("20260314", "093060.5", (date(2026, 3, 14), time(9, 30, 59, 500_000))),
        ("20260314", "99", (date(2026, 3, 14), None)),
        ("", "", None),
    ],
)
def test_days_and_times_that_make_no_sense_are_left_out(day: str, clock: str, expected: Any) -> None:
    dataset = plain(smooth())
    for keyword, representation, value in (("StudyDate", "DA", day), ("StudyTime", "TM", clock)):
        del dataset[keyword]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            setattr(dataset, keyword, value)
        assert representation == dataset[keyword].VR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = to_bytes(dataset)
    stated = read_dicom_picture(data).facts.study_at
    assert (None if stated is None else (stated.day, stated.clock)) == expected


def test_an_overlay_is_never_mistaken_for_a_fresh_picture() -> None:
    picture = read_dicom_picture(VALID["overlay"]())
    assert picture.facts.derived
    assert picture.facts.stage is None
    assert any("made from another one" in note for note in picture.notes)


def test_burned_in_words_are_told_about() -> None:
    picture = read_dicom_picture(changed(plain(smooth()), BurnedInAnnotation="YES"))
    assert picture.facts.burned_in
    assert any("may name the patient" in note for note in picture.notes)


def test_endoscopic_pictures_are_read() -> None:
    assert read_dicom_picture(changed(plain(smooth()), SOPClassUID=ENDOSCOPIC)).facts.kind == "VL Endoscopic"


def test_a_dicom_file_is_told_by_its_head() -> None:
    assert looks_like_dicom(VALID["plain"]()[:132])
    assert not looks_like_dicom(b"\x89PNG" + bytes(200))


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "is no photograph but CT Image Storage"),
        ("1.2.840.10008.1.3.10", "the directory of a disc"),
        ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "is a video"),
        ("1.2.840.10008.5.1.4.1.1.7.1", "black and white only"),
        ("1.2.3.4", "a kind that is not known"),
        ("", "a kind that is not known"),
    ],
)
def test_other_kinds_of_dicom_are_named_and_refused(uid: str, words: str) -> None:
    dataset = dcmread(io.BytesIO(VALID["plain"]()))
    dataset.SOPClassUID = uid
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert words in refusal(stream.getvalue())


def test_reports_of_our_own_are_no_pictures(woman: Any) -> None:
    assert "Comprehensive SR" in refusal(to_bytes(report_object(woman.study, woman.reading)))
    assert "Encapsulated PDF" in refusal(to_bytes(pdf_object(woman.study, b"%PDF-1", made_at=woman.reading.made_at)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n", "is no DICOM file"),
        (bytes(128) + b"DICM", "does not say how it is written"),
        (bytes(4000), "is no DICOM file"),
    ],
)
def test_what_is_no_dicom_is_refused(data: bytes, words: str) -> None:
    assert words in refusal(data)


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_file_cut_anywhere_is_refused(name: str) -> None:
    data = VALID[name]()
    for share in (0.02, 0.1, 0.3, 0.5, 0.9, 0.999):
        refusal(data[: int(len(data) * share)])


def test_a_deflated_file_is_refused_without_being_unpacked() -> None:
    data = written(plain(smooth()), ExplicitVRLittleEndian)
    bomb = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99", 1)
    assert "deflated" in refusal(written(plain(smooth()), DeflatedExplicitVRLittleEndian))
    assert "p.dcm" in refusal(bomb)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.201"])
def test_a_packing_that_is_not_read_is_named(syntax: str) -> None:
    dataset = dcmread(io.BytesIO(VALID["JPEG"]()))
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    dataset.save_as(stream)
    said = refusal(stream.getvalue())
    assert "is packed in a way that is not read" in said
    assert "JPEG" in said or "MPEG" in said


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"Rows": 65_535, "Columns": 65_535}, "is too large"),
        ({"NumberOfFrames": 100_000}, "is too large"),
        ({"NumberOfFrames": 0}, "declares no frames"),
        ({"NumberOfFrames": -4}, "declares no frames"),
        ({"Rows": 8}, "is too small for a picture"),
        ({"Rows": 47}, "not as many as its head says"),
        ({"Rows": 49}, "not as many as its head says"),
        ({"SamplesPerPixel": 4}, "colours that are not read"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colours that are not read (PALETTE COLOR)"),
        ({"PhotometricInterpretation": "YBR_FULL_422"}, "subsampled colours"),
        ({"BitsAllocated": 32}, "in a form that is not read"),
        ({"BitsStored": 0}, "in a form that is not read"),
        ({"PixelRepresentation": 1}, "in a form that is not read"),
    ],
)
def test_a_head_that_does_not_fit_its_pixels_is_refused(elements: dict[str, Any], words: str) -> None:
    assert words in refusal(changed(plain(smooth()), **elements))


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "PixelData"])
def test_a_head_that_says_too_little_is_refused(keyword: str) -> None:
    dataset = plain(smooth())
    del dataset[keyword]
    refusal(to_bytes(dataset))


@pytest.mark.parametrize("name", ["JPEG", "JPEG-LS", "JPEG 2000"])
def test_a_packed_picture_larger_than_its_head_says_is_not_unpacked(name: str) -> None:
    """Small in the head, huge in the stream: the size in the stream is looked at before anything is taken for it."""
    assert "of another size or colour" in refusal(patched(VALID[name](), ROWS, 40))
    assert "of another size or colour" in refusal(patched(VALID[name](), COLUMNS, 40))


@pytest.mark.parametrize("name", ["JPEG", "JPEG-LS", "JPEG 2000"])
def test_a_stream_that_claims_a_huge_picture_is_not_unpacked(name: str) -> None:
    data = VALID[name]()
    mark, offset = {"JPEG": (b"\xff\xc0", 5), "JPEG-LS": (b"\xff\xf7", 5), "JPEG 2000": (b"\xff\x51", 6)}[name]
    at = data.index(mark, data.rindex(b"\xe0\x7f\x10\x00")) + offset
    assert "of another size or colour" in refusal(data[:at] + b"\xff\xfe\xff\xfe" + data[at + 4 :])


def test_a_jpeg_2000_in_a_million_tiles_is_not_unpacked() -> None:
    pixels = smooth(100, 100)
    data = packed(with_photometric(plain(pixels), "YBR_RCT"), JPEG2000Lossless, [files.jpeg_2000(pixels)])
    at = data.rindex(b"\xff\x4f\xff\x51") + 24
    assert "more tiles than any picture" in refusal(data[:at] + struct.pack(">II", 1, 1) + data[at + 8 :])


def test_a_jpeg_2000_cut_into_usual_precincts_is_let_pass_and_one_cut_into_single_pixels_is_not() -> None:
    layout = Layout(2_000, 3_000, 1, 3, "YBR_RCT", 8, 8, 0, False)
    usual = bytes((0x44, 0x55, 0x66, 0x77, 0x88, 0x88))  # 16 pixels in the smallest picture, 256 in the largest
    assert read_streams._precincts(usual, layout) < 1_000
    assert read_streams._precincts(bytes(6), layout) > 6_000_000


COD = b"\xff\x52\x00\x0c"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (0, b"\xff\x52\x00\x0e\x01"),  # precincts are said, but not of all levels
        (6, b"\xff\xff"),  # layers
        (10, b"\x00\x00"),  # code blocks of four pixels
    ],
)
def test_a_jpeg_2000_that_is_cut_into_crumbs_is_not_unpacked(old: int, new: bytes) -> None:
    stream = files.jpeg_2000(smooth())
    at = stream.index(COD)
    head = bytearray(stream[at : at + 14])
    head[old : old + len(new)] = new
    crumbs = b"\x88\x88" if old == 0 else b""
    data = stream[:at] + bytes(head) + crumbs + stream[at + 14 :]
    picture = packed(with_photometric(plain(smooth()), "YBR_RCT"), JPEG2000Lossless, [data])
    assert "more finely than any picture" in refusal(picture)


def test_a_jpeg_2000_whose_tiles_have_crumbs_of_their_own_is_not_unpacked() -> None:
    stream = files.jpeg_2000(smooth())
    at = stream.index(b"\xff\x93")  # the end of the first tile's head
    style = COD + b"\x00\x00\xff\xff\x01\x05\x04\x04\x00\x01"
    data = stream[:at] + style + stream[at:]
    picture = packed(with_photometric(plain(smooth()), "YBR_RCT"), JPEG2000Lossless, [data])
    assert "more finely than any picture" in refusal(picture)


def test_a_jpeg_2000_of_many_parts_is_refused() -> None:
    stream = files.jpeg_2000(smooth())
    picture = packed(
        with_photometric(plain(smooth()), "YBR_RCT"), JPEG2000Lossless, [stream[:40] + b"\x40\x00" + stream[42:]]
    )
    assert "of another size or colour" in refusal(picture)


def test_a_jpeg_2000_that_would_take_all_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm_desktop.interop.dicom.read_streams.JPEG_2000_LIMIT", 3_000)
    assert "JPEG 2000 of more than" in refusal(VALID["JPEG 2000"]())


def test_a_jpeg_in_hundreds_of_scans_is_refused() -> None:
    stream = files.jpeg(smooth())
    data = packed(with_photometric(plain(smooth()), "YBR_FULL_422"), JPEGBaseline8Bit, [stream + b"\xff\xda" * 300])
    assert "more scans than any picture" in refusal(data)


def test_a_progressive_jpeg_which_may_take_hundreds_of_passes_is_refused() -> None:
    stream = files.jpeg(smooth(), progressive=True)
    data = packed(with_photometric(plain(smooth()), "YBR_FULL_422"), JPEGBaseline8Bit, [stream])
    assert "a kind of JPEG that is not read" in refusal(data)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_a_packing_that_is_not_the_one_declared_is_refused(syntax: Any) -> None:
    refusal(packed(plain(smooth()), syntax, [b"no picture at all" * 8]))


def test_packed_pixels_with_no_parts_are_refused() -> None:
    data = VALID["RLE"]()
    at = data.rindex(b"\xe0\x7f\x10\x00OB") + 12
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert "it holds no pixels" in refusal(data[:at] + end)
    assert "packed pixels are missing" in refusal(data[:at] + b"\xfe\xff\x00\xe0\0\0\0\0" + end)


def test_run_lengths_unpack_to_the_frame_and_no_further() -> None:
    bomb = b"\x81\x07" * 1_000_000
    assert len(read_pixels._segment(bomb, 3_000, "p")) == 3_000
    with pytest.raises(BadInputError, match="end too early"):
        read_pixels._segment(b"\x81\x07", 3_000, "p")
    assert "more room than it would unpacked" in refusal(packed(plain(smooth()), RLELossless, [bomb]))


def test_sequences_a_thousand_deep_are_refused() -> None:
    data = VALID["plain"]()
    deep = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 1_000
    at = data.index(b"\x08\x00\x18\x22SQ")
    assert "more than 16 deep" in refusal(data[:at] + deep + data[at:])


def test_an_element_that_is_there_twice_is_refused() -> None:
    data = VALID["plain"]()
    at, after = data.index(b"\x10\x00\x10\x00PN"), data.index(b"\x10\x00\x20\x00LO")
    assert "one is there twice" in refusal(data[:after] + data[at:after] + data[after:])


def test_an_element_longer_than_the_file_is_refused() -> None:
    data = VALID["plain"]()
    at = data.rindex(b"\xe0\x7f\x10\x00OB\0\0") + 8
    assert "longer than what is left" in refusal(data[:at] + struct.pack("<I", 0xFFFFFFF0) + data[at + 4 :])


def test_a_file_of_nothing_but_elements_ends_early() -> None:
    head = VALID["plain"]()[:132]
    meta = VALID["plain"]()[132:]
    elements = b"".join(struct.pack("<HH2sH", 9, number, b"LO", 0) for number in range(65_536))
    more = b"".join(struct.pack("<HH2sH", group, number, b"LO", 0) for group in (11, 13) for number in range(65_536))
    last = b"".join(struct.pack("<HH2sH", 15, number, b"LO", 0) for number in range(65_536))
    end = meta.index(b"\x08\x00\x05\x00CS")
    assert "more elements than any picture" in refusal(head + meta[:end] + elements + more + last)


def test_no_reference_out_of_the_file_is_followed(tmp_path: Path) -> None:
    dataset = plain(smooth())
    del dataset["PixelData"]
    dataset.PixelDataProviderURL = f"file://{tmp_path}/secret"
    assert "it holds no pixels" in refusal(to_bytes(dataset))


def test_texts_from_outside_are_cut_and_cleaned() -> None:
    dataset = plain(smooth())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = changed(dataset, ImageComments="a\x00b\x1b[31m" + "x" * 5_000, PatientName="Fam\r\nily^Giv\ten")
    facts = read_dicom_picture(data).facts
    assert facts.description.isprintable()
    assert len(facts.description) <= 200
    assert (facts.family_name, facts.given_name) == ("Fam ily", "Giv en")


def test_a_file_of_a_gigabyte_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfm_desktop.interop.dicom.read.BYTE_LIMIT", 1_000)
    assert "is too large" in refusal(VALID["plain"]())


def test_what_a_file_says_does_not_get_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    data = VALID["plain"]().replace(b"ISO_IR 192", b"ISO_IR 999").replace(b"Beispiel", b"Bei\xffpiel")
    read_dicom_picture(data)
    read_dicom_picture(VALID["plain"]().replace(b"19800102", b"birthday"))
    refusal(VALID["JPEG-LS"]().replace(b"\xff\xda", b"\xff\xdb"))
    assert not caplog.records


def test_two_readers_at_once_leave_the_filters_of_warnings_as_they_were() -> None:
    before = list(warnings.filters)
    data = VALID["RLE frames"]()
    threads = [threading.Thread(target=read_dicom_picture, args=(data,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


def test_damaged_files_are_read_or_refused_and_never_anything_else() -> None:
    from benchmarks.fuzz_dicom import damaged_file

    outcomes = {"decoded": 0, "refused": 0}
    for number in range(80):
        what, data = damaged_file(number, 42)
        try:
            picture = read_dicom_picture(data)
        except BadInputError:
            outcomes["refused"] += 1
        else:
            assert all(frame.ndim == 3 and frame.dtype == np.uint8 for frame in picture.frames), what
            outcomes["decoded"] += 1
    assert min(outcomes.values()) > 10


def test_the_same_seed_damages_the_same_files() -> None:
    from benchmarks.fuzz_dicom import damaged_file

    assert damaged_file(7, 3) == damaged_file(7, 3)
    assert damaged_file(7, 3) != damaged_file(8, 3)


def test_any_kind_of_damage_takes_any_bytes() -> None:
    chance = random.Random(5)
    for _name, damage in mutate.KINDS:
        for data in (b"", b"x", bytes(300), VALID["plain"]()):
            assert isinstance(damage(data, chance), bytes)


def test_the_benchmark_counts_a_reader_that_died_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from benchmarks import fuzz_dicom

    class Dying:
        first = 50.0
        answers = iter([("decoded", 0.1, 60.0), ("the process died", 30.0, 0.0), ("refused", 0.2, 61.0)])

        def read(self, data: bytes) -> tuple[str, float, float]:
            return next(self.answers)

        def end(self) -> None:
            pass

    monkeypatch.setattr(fuzz_dicom, "Reading", Dying)
    tally = fuzz_dicom.run(3, 1, tmp_path / "kept")
    assert dict(tally.counts) == {"decoded": 1, "crashes": 1, "refused": 1}
    assert (tally.longest, tally.peak, tally.start) == (30.0, 61.0, 50.0)
    assert "the process died" in tally.crashes[0]
    assert (tmp_path / "kept" / "1.dcm").is_file()
