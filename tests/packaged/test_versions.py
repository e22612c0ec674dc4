"""Which version a library is, and by which names scanners know it."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.installer import versions

PARTS = {"torch": "2.13.0", "pyside6-essentials": "6.11.3"}


@pytest.mark.parametrize(
    ("name", "content", "part", "version"),
    [
        ("libcrypto.so.3", b"\0OpenSSL 3.0.19 27 Jan 2026\0", "OpenSSL", "3.0.19"),
        ("libcrypto-5409cd36.so.1.1.1k", b"\0OpenSSL 1.1.1k  FIPS 25 Mar 2021\0", "OpenSSL", "1.1.1k"),
        ("libssl.so.3", b"\0OPENSSL_3.0.0\0needs OpenSSL 3.0.0 or later\0", "OpenSSL", ""),
        ("avcodec.dll", b"..FFmpeg version 8.1.1\0", "FFmpeg", "8.1.1"),
        (
            "libtbb.so.12",
            b"\0oneTBB: SPECIFICATION VERSION\t1.0\0oneTBB: VERSION\t\t2021.13.1\0",
            "oneTBB",
            "2021.13.1",
        ),
        ("libsqlite3.so.0", b"\0SQLite format 3\x003.40.1\0gcc-12.2.0\0", "SQLite", "3.40.1"),
        ("libheif.so.1.23.0", b"\x001.23.0\0of 1.2.3\x001.24.0\0", "libheif", ""),  # which of two is not guessed
        ("libzstd-40ad5e7e.so.1.5.7", b"", "Zstandard", "1.5.7"),
        ("libbrotlidec-7e5462ba.so.1", b"", "Brotli", ""),
        ("libicuuc.so.73", b"", "ICU", "73"),
        ("libtorch.so", b"", "PyTorch", "2.13.0"),
        ("Qt6Core.dll", b"", "Qt", "6.11.3"),
        ("libxcb-9065bb12.so.1.1.0", b"\x001.1.0\0", "libxcb", ""),  # that of its interface, not its own
    ],
)
def test_a_version_is_what_the_library_says_or_none(
    tmp_path: Path, name: str, content: bytes, part: str, version: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert versions.of_library(tmp_path / name, part, PARTS) == version


def test_of_two_libraries_of_one_part_one_may_say_it_for_both() -> None:
    here, there = Path("a"), Path("b")
    of = {
        (here / "crypto", "OpenSSL"): "3.0.19", (here / "ssl", "OpenSSL"): "", (there / "ssl", "OpenSSL"): "",
        (there / "one", "FFmpeg"): "8.1.1", (there / "two", "FFmpeg"): "7.0", (there / "three", "FFmpeg"): "",
    }  # fmt: skip
    told = versions.of_neighbours(of)
    assert told == {**of, (here / "ssl", "OpenSSL"): "3.0.19"}


def test_what_was_linked_into_a_library_is_found_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "_rust.abi3.so"
    path.write_bytes(b"\x7fELF.. OpenSSL 4.0.3 29 Sep 2026\0..\0libpng version 1.6.59\0 inflate 1.3.1 Copyright 1995")
    assert [(one.part, one.version) for one in versions.within(path)] == [
        ("OpenSSL", "4.0.3"), ("libpng", "1.6.59"), ("zlib", "1.3.1"),
    ]  # fmt: skip
    assert [one.part for one in versions.within(path, "OpenSSL")] == ["libpng", "zlib"]
    path.write_bytes(b"\0community\x004.19.0\0 of a community\0four")
    assert [(one.part, one.version) for one in versions.within(path)] == [("SQLCipher", "4.19.0")]
    path.write_bytes(b"")
    assert versions.within(path) == []


def test_scanners_know_it_by_its_purl_and_cpe() -> None:
    assert versions.names("OpenSSL", "1.1.1k") == {
        "purl": "pkg:generic/openssl@1.1.1k", "cpe": "cpe:2.3:a:openssl:openssl:1.1.1k:*:*:*:*:*:*:*",
    }  # fmt: skip
    assert versions.names("XZ Utils", "5.8.4")["purl"] == "pkg:generic/xz-utils@5.8.4"
    assert versions.names("libXau", "1.0") == {"purl": "pkg:generic/libxau@1.0"}
    assert versions.names("OpenSSL", "") == {}
