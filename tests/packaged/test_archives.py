"""Parts of an archive that were packed apart are one archive."""

from __future__ import annotations

import lzma
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from resources.installer import debian, parcels, xz_parts

from .conftest import ROOT

NO_XZ = pytest.mark.skipif(shutil.which("xz") is None, reason="there is no xz here")
pytestmark = [pytest.mark.slow, NO_XZ]


def packed(data: bytes, out: Path, *options: str) -> Path:
    done = subprocess.run(["xz", "-c", *options], input=data, capture_output=True, check=True)
    out.write_bytes(done.stdout)
    return out


def test_parts_are_one_stream_with_all_in_it(tmp_path: Path) -> None:
    drawn = random.Random(5)
    data = [drawn.randbytes(300_000) + bytes(500_000), b"", b"short", drawn.randbytes(90_000)]
    options = [("-T2", "--block-size=64KiB"), (), ("--x86", "--lzma2=preset=4"), ("-T1", "-0")]
    parts = [
        packed(one, tmp_path / f"{number}.xz", *words)
        for number, (one, words) in enumerate(zip(data, options, strict=True))
    ]
    out = xz_parts.join(parts, tmp_path / "all.xz")
    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ)  # of one stream
    assert reader.decompress(out.read_bytes()) == b"".join(data)
    assert reader.eof
    assert reader.unused_data == b""
    subprocess.run(["xz", "-t", out], check=True)
    listed = subprocess.run(["xz", "--robot", "-l", out], capture_output=True, text=True, check=True).stdout
    assert listed.splitlines()[-1].split("\t")[1] == "1"


def test_parts_with_other_checks_are_not_joined(tmp_path: Path) -> None:
    parts = [packed(b"one", tmp_path / "1.xz"), packed(b"two", tmp_path / "2.xz", "--check=crc32")]
    with pytest.raises(ValueError, match="other checks"):
        xz_parts.join(parts, tmp_path / "all.xz")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb here")
@pytest.mark.parametrize("is_same", [True, False])
def test_a_package_with_a_part_packed_ahead_unpacks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_same: bool
) -> None:
    """A part that is not what the bundle holds is not taken."""
    monkeypatch.setattr(debian.sysconfig, "get_path", lambda _: str(tmp_path / "site"))
    monkeypatch.setattr(debian.slim, "strip_one", lambda _: None)
    library = tmp_path / "site" / debian.LARGEST
    library.parent.mkdir(parents=True)
    library.write_bytes(random.Random(1).randbytes(400_000))
    bundle = tmp_path / "bundle"
    for name, content in (
        (debian.LARGEST, library.read_bytes() if is_same else b"another"), ("LICENSE", b"words"), ("a/b", b"more"),
    ):  # fmt: skip
        path = bundle / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    work = tmp_path / "work"
    ahead = debian.pack_ahead(work, 77)
    out = debian.write_deb(
        bundle, ROOT / "resources", work, tmp_path / "one.deb", version="9.9.9", moment=77, ahead=ahead
    )
    there = tmp_path / "there"
    subprocess.run(["dpkg-deb", "-x", out, there], check=True)
    inside = there / debian.HOME / "_internal"
    assert {path.relative_to(inside).as_posix(): path.read_bytes() for path in inside.rglob("*") if path.is_file()} == {
        path.relative_to(bundle / "_internal").as_posix(): path.read_bytes()
        for path in (bundle / "_internal").rglob("*")
        if path.is_file()
    }
    assert (there / "usr/share/applications/pfm-desktop.desktop").is_file()
    listed = subprocess.run(["dpkg-deb", "-c", out], capture_output=True, text=True, check=True).stdout.splitlines()
    names = [line.split(maxsplit=5)[5] for line in listed]
    assert len(names) == len({*names})  # what is named twice dpkg does not remove
    folders = [name for name in names if name.endswith("/")]
    for name in names:  # dpkg makes no folder by itself
        assert name == "./" or any(
            names.index(f) < names.index(name) for f in folders if name.startswith(f) and f != name
        )
    assert parcels.size_mb(there) > 0.001
