"""What a file is, by its first bytes and never by its name."""

from __future__ import annotations

from enum import StrEnum

HEAD = 132  # bytes that tell every kind


class Kind(StrEnum):
    """A kind of file that may hold pictures; the values are for people."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WebP"
    HEIC = "HEIC"
    AVI = "AVI video"
    MKV = "Matroska video"
    DICOM = "DICOM"
    ZIP = "zip"

    @property
    def is_picture(self) -> bool:
        """Whether `imaging.io` decodes it."""
        return self not in (Kind.AVI, Kind.MKV, Kind.DICOM, Kind.ZIP)

    @property
    def is_video(self) -> bool:
        """Whether `imaging.video` takes frames from it."""
        return self in (Kind.AVI, Kind.MKV)


_MAGIC: tuple[tuple[bytes, int, Kind], ...] = (
    (b"\xff\xd8\xff", 0, Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", 0, Kind.PNG),
    (b"II*\x00", 0, Kind.TIFF),
    (b"MM\x00*", 0, Kind.TIFF),
    (b"II+\x00", 0, Kind.TIFF),  # BigTIFF
    (b"MM\x00+", 0, Kind.TIFF),
    (b"DICM", 128, Kind.DICOM),  # before BMP: the 128 bytes ahead of it may be anything
    (b"BM", 0, Kind.BMP),
    (b"\x1a\x45\xdf\xa3", 0, Kind.MKV),
    (b"PK\x03\x04", 0, Kind.ZIP),
    (b"PK\x05\x06", 0, Kind.ZIP),
)
_IN_RIFF = {b"WEBP": Kind.WEBP, b"AVI ": Kind.AVI}
# brands of ISO/IEC 23008-12 whose coding is HEVC, and the two that leave it open
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")


def kind_of(head: bytes) -> Kind | None:
    """Kind of a file from its first bytes (`HEAD` of them, fewer where it is shorter); None for what is not known."""
    if head[:4] == b"RIFF" and head[8:12] in _IN_RIFF:
        return _IN_RIFF[head[8:12]]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return Kind.HEIC
    return next((kind for magic, at, kind in _MAGIC if head[at : at + len(magic)] == magic), None)
