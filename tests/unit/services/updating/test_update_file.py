"""What an update file is believed, and what not."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pfm_desktop.jobs.context import SilentContext
from pfm_desktop.services.updating import update_file
from pfm_desktop.services.updating.update_file import Kind
from pfm_desktop.support.errors import BadInputError
from resources.installer import updates
from tests.publishing import Publisher

CTX = SilentContext()


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    return tmp_path / "seen"


def rezipped(path: Path, parts: dict[str, bytes | None], packed: int = zipfile.ZIP_STORED) -> Path:
    """The same file with parts that are others, gone (None) or new."""
    with zipfile.ZipFile(path) as archive:
        content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    content |= parts
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(zipfile.ZipInfo(name), data, compress_type=packed)
    return path


def part(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def test_an_untouched_file_is_what_its_publisher_signed(publisher: Publisher, seen: Path, tmp_path: Path) -> None:
    path = publisher.file("0.2.0", publisher.installer("0.2.0"), publisher.installer("0.2.0", Kind.DEB), library=13)
    update = update_file.read(path, publisher.root, seen)
    assert update.publisher == "A clinic's maker"
    assert {(offer.kind, offer.version, offer.library) for offer in update.offers} == {
        (Kind.FOLDER, "0.2.0", 13),
        (Kind.DEB, "0.2.0", 13),
    }
    assert update.until - update.signed_at == timedelta(days=400)
    for offer in update.offers:
        update_file.check_whole(CTX, update, offer)
        update_file.copy_out(CTX, update, offer, tmp_path / "out" / offer.name)
        assert (tmp_path / "out" / offer.name).read_bytes() == (publisher.folder / offer.name).read_bytes()
    assert not seen.exists()  # reading remembers nothing


def test_one_byte_that_changed_in_an_installer_is_found_and_nothing_is_left_of_it(
    publisher: Publisher, seen: Path, tmp_path: Path
) -> None:
    name = "targets/pfm-desktop_0.2.0_amd64.deb"
    path = publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB))
    data = bytearray(part(path, name))
    data[700] ^= 1
    rezipped(path, {name: bytes(data)})  # with checksums of the zip that fit
    update = update_file.read(path, publisher.root, seen)
    with pytest.raises(BadInputError, match="is not what was signed"):
        update_file.check_whole(CTX, update, update.offers[0])
    with pytest.raises(BadInputError, match="is not what was signed"):
        update_file.copy_out(CTX, update, update.offers[0], tmp_path / "out" / "x.deb")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bit_that_the_stick_lost_is_found_by_the_zip_itself(publisher: Publisher, seen: Path) -> None:
    path = publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB))
    path.write_bytes(path.read_bytes().replace(b"an installer of", b"an  nstaller of", 1))
    update = update_file.read(path, publisher.root, seen)
    with pytest.raises(BadInputError, match=r"cut off|not what was signed"):
        update_file.check_whole(CTX, update, update.offers[0])


def test_what_another_key_signed_is_refused(publisher: Publisher, seen: Path, tmp_path: Path) -> None:
    stranger = Publisher(publisher.folder, tmp_path / "other-keys")
    with pytest.raises(BadInputError, match="not signed by those whom this program trusts"):
        update_file.read(stranger.file("0.2.0"), publisher.root, seen)
    # also where the stranger's root calls itself the next one of ours
    path = stranger.file("0.2.0")
    rezipped(path, {"metadata/2.root.json": part(path, "metadata/1.root.json")})
    with pytest.raises(BadInputError, match=r"trusts|missing or altered|signed before"):
        update_file.read(path, publisher.root, seen)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_signature_that_does_not_fit_is_refused(publisher: Publisher, seen: Path, role: str) -> None:
    path = publisher.file("0.2.0")
    name = f"metadata/{role}.json"
    changed = part(path, name).replace(b'"spec_version":"1.0', b'"spec_version":"1.1')
    assert changed != part(path, name)
    rezipped(path, {name: changed})
    with pytest.raises(BadInputError, match=r"not signed by|missing or altered"):
        update_file.read(path, publisher.root, seen)


def test_an_old_file_says_until_when_it_was_good_and_that_the_clock_may_be_wrong(
    publisher: Publisher, seen: Path
) -> None:
    path = publisher.file("0.2.0", days=-3)
    with pytest.raises(BadInputError) as told:
        update_file.read(path, publisher.root, seen)
    day = datetime.now(UTC) - timedelta(days=3)
    assert f"{day.year}" in str(told.value)
    assert "good until" in str(told.value)
    assert "set the clock of the computer where it is wrong" in str(told.value)


def test_a_file_that_was_signed_before_one_that_was_installed_is_refused(publisher: Publisher, seen: Path) -> None:
    first, second = publisher.file("0.3.0"), publisher.file("0.2.0")
    update_file.remember(second, publisher.root, seen)
    with pytest.raises(BadInputError, match="signed before an update file that was installed, or made ready, here"):
        update_file.read(first, publisher.root, seen)
    assert update_file.read(second, publisher.root, seen).offers  # the same again: an attempt is repeated


@pytest.mark.parametrize("taken", ["timestamp", "snapshot", "targets"])
def test_parts_of_two_files_do_not_make_one(publisher: Publisher, seen: Path, taken: str) -> None:
    first, second = publisher.file("0.2.0"), publisher.file("0.3.0")
    name = f"metadata/{taken}.json"
    rezipped(second, {name: part(first, name)})
    with pytest.raises(BadInputError, match=r"missing or altered|signed before"):
        update_file.read(second, publisher.root, seen)


def test_an_installer_of_another_file_is_not_taken(publisher: Publisher, seen: Path) -> None:
    first, second = publisher.file("0.2.0"), publisher.file("0.3.0")
    name = "targets/pfm-desktop-0.2.0-linux-x86_64.tar.zst"
    rezipped(second, {name: part(first, name)})
    with pytest.raises(BadInputError, match=r"nobody signed pfm-desktop-0.2.0"):
        update_file.read(second, publisher.root, seen)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(publisher: Publisher, seen: Path, share: float) -> None:
    path = publisher.file("0.2.0")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BadInputError, match="cut off, or another kind of file"):
        update_file.read(path, publisher.root, seen)


def test_what_is_no_file_is_said(publisher: Publisher, seen: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "not there", tmp_path):
        with pytest.raises(BadInputError, match="there is no file"):
            update_file.read(path, publisher.root, seen)
    photo = tmp_path / "photo.pfm-update"
    photo.write_bytes(b"\xff\xd8" * 4000)
    with pytest.raises(BadInputError, match="no update file"):
        update_file.read(photo, publisher.root, seen)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "targets/../../evil",
        "/etc/cron.d/evil",
        "targets/.hidden",
        "targets\\evil",
        "metadata/x.json",
        "targets/",
    ],
)
def test_names_that_no_update_file_has_are_refused(publisher: Publisher, seen: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="more than an update file does"):
        update_file.read(rezipped(publisher.file("0.2.0"), {name: b"x"}), publisher.root, seen)


def test_packed_parts_are_refused_before_any_is_unpacked(publisher: Publisher, seen: Path) -> None:
    bomb = {"metadata/snapshot.json": b"0" * 50_000_000}
    with pytest.raises(BadInputError, match="more than an update file does"):
        update_file.read(rezipped(publisher.file("0.2.0"), bomb, zipfile.ZIP_DEFLATED), publisher.root, seen)


def test_large_metadata_are_refused(publisher: Publisher, seen: Path) -> None:
    with pytest.raises(BadInputError, match="more than an update file does"):
        update_file.read(
            rezipped(publisher.file("0.2.0"), {"metadata/snapshot.json": b"0" * 600_000}), publisher.root, seen
        )


def test_a_table_that_says_it_is_huge_is_not_read(publisher: Publisher, seen: Path) -> None:
    path = publisher.file("0.2.0")
    for parts, table in ((0xFFFF, 0xFFFFFFFF), (5, 0x7FFFFFFF)):
        path.write_bytes(path.read_bytes()[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, parts, parts, table, 0, 0))
        with pytest.raises(BadInputError, match="more than an update file does"):
            update_file.read(path, publisher.root, seen)


def test_a_part_that_says_it_is_longer_than_the_file_is_refused(publisher: Publisher, seen: Path) -> None:
    path = publisher.file("0.2.0", publisher.installer("0.2.0", Kind.DEB))
    data = path.read_bytes()
    at = data.rindex(b"PK\1\2")  # of the installer, in the table
    huge = struct.pack("<2L", 0x7FFFFFFF, 0x7FFFFFFF)
    path.write_bytes(data[: at + 20] + huge + data[at + 28 :])
    with pytest.raises(BadInputError, match=r"more than an update file does|cut off"):
        update_file.read(path, publisher.root, seen)


def test_new_keys_are_learned_from_a_file_that_the_old_ones_signed(
    publisher: Publisher, seen: Path, tmp_path: Path
) -> None:
    old_root, old_file = publisher.root, publisher.file("0.2.0")
    updates.renew(publisher.keys, tmp_path / "new", b"a passphrase")
    publisher.keys = tmp_path / "new"
    new_file = publisher.file("0.3.0")
    assert update_file.read(new_file, old_root, seen).offers[0].version == "0.3.0"
    update_file.remember(new_file, old_root, seen)
    assert update_file.read(new_file, old_root, seen).publisher == "A clinic's maker"
    with pytest.raises(BadInputError):  # what the old keys signed counts no more
        update_file.read(old_file, old_root, seen)


def test_what_was_remembered_and_is_damaged_locks_nobody_out(publisher: Publisher, seen: Path) -> None:
    path = publisher.file("0.2.0")
    update_file.remember(path, publisher.root, seen)
    for name in ("timestamp.json", "snapshot.json", "targets.json"):
        (seen / name).write_bytes(b"\0" * 20)
    assert update_file.read(path, publisher.root, seen).offers


def test_a_publisher_signs_one_version_at_a_time_and_only_installers(publisher: Publisher) -> None:
    with pytest.raises(SystemExit, match="of one version"):
        publisher.file("0.2.0", publisher.installer("0.2.0"), publisher.installer("0.3.0", Kind.DEB))
    other = publisher.folder / "notes.txt"
    other.write_text("x")
    with pytest.raises(SystemExit, match="no installer of this program"):
        publisher.file("0.2.0", other)
    with pytest.raises(SystemExit, match="cannot be used"):
        updates.make(publisher.keys, [publisher.installer("0.2.0")], publisher.folder / "x", b"wrong")


def test_a_publisher_may_not_give_an_archive_another_version_by_its_name(publisher: Publisher) -> None:
    named = publisher.installer("0.2.0").rename(publisher.folder / "pfm-desktop-0.3.0-linux-x86_64.tar.zst")
    with pytest.raises(SystemExit, match=r"pfm-desktop-0\.3\.0-linux-x86_64\.tar\.zst holds version 0\.2\.0"):
        publisher.file("0.3.0", named)


@pytest.mark.parametrize("days", ["-5", "0", "3661", "1e3", "²"])
def test_an_update_file_is_good_for_days_that_can_be_counted(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    words = ["make", "--keys", str(publisher.keys), "--out", str(tmp_path / "out"), f"--days={days}"]
    with pytest.raises(SystemExit) as ended:
        updates.main([*words, str(publisher.installer("0.2.0"))])
    assert ended.value.code == 2
    assert "1 to 3660 days" in capsys.readouterr().err


def test_private_keys_are_for_their_owner_alone_never_in_the_repository_and_never_written_over(
    publisher: Publisher,
) -> None:
    for name in ("root.pem", "release.pem"):
        assert (publisher.keys / name).stat().st_mode & 0o777 == 0o600
        assert b"ENCRYPTED PRIVATE KEY" in (publisher.keys / name).read_bytes()
    with pytest.raises(SystemExit, match="holds keys already"):
        updates.make_keys(publisher.keys, "Somebody", b"")
    with pytest.raises(SystemExit, match="in the repository"):
        updates.make_keys(updates.ROOT / "keys", "Somebody", b"")
    assert not (updates.ROOT / "keys").exists()


def test_a_root_of_trust_that_is_none_ends_a_build(publisher: Publisher, tmp_path: Path) -> None:
    assert updates.check_root(publisher.keys / "1.root.json") == publisher.root
    wrong = tmp_path / "root.json"
    wrong.write_bytes(publisher.root.replace(b"A clinic's maker", b"Another's maker!"))
    with pytest.raises(SystemExit, match="no root of trust"):
        updates.check_root(wrong)


def test_the_command_line_of_the_publisher_makes_what_the_program_takes(
    tmp_path: Path, seen: Path, monkeypatch: pytest.MonkeyPatch, publisher: Publisher
) -> None:
    monkeypatch.setenv(updates.PASSPHRASE, "")
    keys, out = tmp_path / "k", tmp_path / "out.pfm-update"
    assert updates.main(["keys", str(keys), "--publisher", "Us"]) == 0
    installer = publisher.installer("0.2.0")
    assert updates.main(["make", "--keys", str(keys), "--out", str(out), str(installer)]) == 0
    assert update_file.read(out, (keys / "1.root.json").read_bytes(), seen).publisher == "Us"


def test_a_stick_that_is_pulled_out_is_said(publisher: Publisher, seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update = update_file.read(publisher.file("0.2.0"), publisher.root, seen)

    class Gone(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args: Gone())
    with pytest.raises(Exception, match=r"cannot be reached: Input/output error.*nothing was changed"):
        update_file.check_whole(CTX, update, update.offers[0])


def test_what_opens_sockets_is_not_loaded() -> None:
    code = (
        "import sys; import pfm_desktop.services.updating.update_file; "
        "print([name for name in ('urllib3', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
