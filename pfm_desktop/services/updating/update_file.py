"""An update file: a zip that holds installers of one version and the TUF metadata that sign them.

The zip itself is believed nothing. Its shape is checked first (few parts, none packed, plain names), then python-tuf
walks from the root of trust of this build to the installers, and each installer is compared with its signed hash while
it is copied out. Nothing of it is unpacked or run before.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, TargetFile, Timestamp

from pfm_desktop.jobs import Context
from pfm_desktop.services.updating.tuf_client import FetcherInterface, Updater
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import named, reached
from pfm_desktop.support.language import tr

SUFFIX = ".pfm-update"
METADATA, TARGETS = "metadata/", "targets/"
SAFE = tr("nothing was changed")
_NAME = re.compile(
    r"metadata/(\d{1,6}\.root|timestamp|snapshot|targets)\.json|targets/[A-Za-z0-9][A-Za-z0-9._+-]{0,120}"
)
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){1,3}")
_MOST_PARTS = 300  # of them up to 256 changes of the root
_MOST_METADATA = 512_000  # bytes
_END, _END_FORMAT, _ZIP64 = 22, "<4s4H2LH", 20
_CHUNK = 1 << 20


class Kind(StrEnum):
    """How the program was installed, and what an installer is for."""

    DEB, FOLDER, SETUP, SOURCE = "deb", "folder", "setup", "source"


@dataclass(frozen=True)
class Offer:
    """An installer in an update file, as it is signed. `library`: the version that it brings libraries to; `unpacked`:
    bytes that it takes once installed, 0 where it checks for room itself."""

    name: str
    kind: Kind
    version: str
    length: int
    sha256: str
    library: int
    unpacked: int


@dataclass(frozen=True)
class UpdateFile:
    """What is signed of an update file, by whom, when, and until when it may be installed."""

    path: Path
    offers: tuple[Offer, ...]
    publisher: str
    key: str
    signed_at: datetime
    until: datetime


def numbers(version: str) -> tuple[int, ...]:
    """A version to compare by."""
    return tuple(int(part) for part in version.split("."))


def trusted(root: bytes) -> tuple[str, str]:
    """Who publishes under a root of trust, and the beginning of the key that signs now."""
    signed = Metadata[Root].from_bytes(root).signed
    return str(signed.unrecognized_fields.get("x-publisher", "")), signed.roles[Timestamp.type].keyids[0][:16]


def read(path: Path, root: bytes, seen: Path) -> UpdateFile:
    """Check who signed it and whether it is the newest that was seen here; nothing is remembered, nothing written.

    `root`: the root of trust of this build; `seen`: the folder of `remember`. Raises `BadInputError`.
    """
    with tempfile.TemporaryDirectory(prefix="pfm-update-") as folder:
        here = Path(folder) / "seen"
        shutil.copytree(seen, here, symlinks=True) if seen.is_dir() else here.mkdir()
        return _verified(path, root, here)


def remember(path: Path, root: bytes, seen: Path) -> None:
    """Take no update file from now on that was signed before this one, which `read` has checked, and whose program has
    started or is ready to be installed."""
    with named(seen, safe=SAFE):
        seen.mkdir(parents=True, exist_ok=True)
        _verified(path, root, seen)


def copy_out(ctx: Context, update: UpdateFile, offer: Offer, out: Path) -> None:
    """Write an installer to `out`, which appears only where it is what was signed."""
    part = out.with_name(f".{out.name}.part")
    try:
        with _installer(update.path, offer) as stream, named(out, safe=SAFE):
            out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with part.open("wb") as copy:
                _compared(ctx, update.path, stream, offer, copy)
                copy.flush()
                os.fsync(copy.fileno())
            part.replace(out)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def check_whole(ctx: Context, update: UpdateFile, offer: Offer) -> None:
    """Read an installer and compare it with what was signed."""
    with _installer(update.path, offer) as stream:
        _compared(ctx, update.path, stream, offer, None)


def _compared(ctx: Context, path: Path, stream: IO[bytes], offer: Offer, copy: IO[bytes] | None) -> None:
    digest, done = hashlib.sha256(), 0
    while done <= offer.length:
        ctx.progress(done, offer.length, tr("Checking the update file"))
        with _readable(path):
            data = stream.read(_CHUNK)
        if not data:
            break
        digest.update(data)
        done += len(data)
        if copy is not None:
            copy.write(data)
    if done != offer.length or digest.hexdigest() != offer.sha256:
        raise _damaged(path, tr("{part} is not what was signed", part=offer.name))


# who signed it


def _verified(path: Path, root: bytes, seen: Path) -> UpdateFile:
    parts, installers = _metadata(path)
    try:
        updater = Updater(str(seen), METADATA, fetcher=_Parts(parts), bootstrap=root)
        updater.refresh()
        signed = {name: updater.get_targetinfo(name) for name in installers}
        publisher, key = trusted((seen / "root.json").read_bytes())
        stamp = Metadata[Timestamp].from_file(str(seen / "timestamp.json")).signed
    except (RepositoryError, DownloadError) as error:
        raise _refused(path, parts, error) from error
    for name, info in signed.items():
        if info is None:
            raise _damaged(path, tr("nobody signed {part}", part=name))
    offers = [_offer(path, info) for info in signed.values() if info is not None]
    return UpdateFile(
        path,
        tuple(offer for offer in offers if offer is not None),
        publisher=publisher,
        key=key,
        signed_at=datetime.fromtimestamp(stamp.version, UTC),
        until=stamp.expires,
    )


class _Parts(FetcherInterface):
    """Hands python-tuf the metadata of the file, where it would ask a server."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = parts

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url not in self._parts:
            raise DownloadHTTPError(f"{url} is not in the file", 404)
        return iter((self._parts[url],))


def _offer(path: Path, info: TargetFile) -> Offer | None:
    """None for an installer of a kind that this version does not know."""
    said: Any = info.custom
    try:
        if said["kind"] not in set(Kind):
            return None
        version, library, unpacked = str(said["version"]), int(said["library"]), int(said["unpacked"])
        sha256 = info.hashes["sha256"]
    except (TypeError, KeyError, ValueError) as error:
        raise _not_understood(path) from error
    if not _VERSION.fullmatch(version):
        raise _not_understood(path)
    return Offer(info.path, Kind(said["kind"]), version, info.length, sha256, library, unpacked)


def _refused(path: Path, parts: Mapping[str, bytes], error: RepositoryError | DownloadError) -> BadInputError:
    if isinstance(error, ExpiredMetadataError):
        return BadInputError(
            tr(
                "{path} may not be installed any more: it was good until {until}, and this computer's clock says {now}",
                path=path,
                until=moments.moment(_until(parts)),
                now=moments.moment(datetime.now(UTC)),
            ),
            safe=SAFE,
            remedy=tr("set the clock of the computer where it is wrong; else ask for a newer update file"),
        )
    if isinstance(error, BadVersionNumberError):
        return BadInputError(
            tr("{path} was signed before an update file that was installed, or made ready, here already", path=path),
            safe=SAFE,
            remedy=tr("use the newer file; to go back to the version before, use: pfm update back"),
        )
    if isinstance(error, UnsignedMetadataError):
        return BadInputError(
            tr("{path} is not signed by those whom this program trusts", path=path),
            safe=SAFE,
            remedy=tr("do not install it; get the file anew from where the program came from"),
        )
    return _damaged(path, tr("what is signed in it is missing or altered"))


def _until(parts: Mapping[str, bytes]) -> datetime:
    """The first day that its parts name, the last root among them: of one that is refused as too old."""
    roots = sorted((name for name in parts if name.endswith(".root.json")), key=lambda name: (len(name), name))
    found = []
    for name in (*(f"{METADATA}{role}.json" for role in ("timestamp", "snapshot", "targets")), *roots[-1:]):
        with contextlib.suppress(RepositoryError, KeyError):
            found.append(Metadata[Any].from_bytes(parts[name]).signed.expires)
    return min(found, default=datetime.fromtimestamp(0, UTC))


# its shape


def _metadata(path: Path) -> tuple[dict[str, bytes], tuple[str, ...]]:
    with _opened(path) as archive, _readable(path):
        infos = archive.infolist()
        parts = {info.filename: archive.read(info) for info in infos if info.filename.startswith(METADATA)}
    return parts, tuple(info.filename.removeprefix(TARGETS) for info in infos if info.filename.startswith(TARGETS))


@contextlib.contextmanager
def _installer(path: Path, offer: Offer) -> Iterator[IO[bytes]]:
    with _opened(path) as archive:
        with _readable(path):
            stream = archive.open(TARGETS + offer.name)
        with stream:
            yield stream


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    if not path.is_file():
        raise BadInputError(
            tr("there is no file {path}", path=path), safe=SAFE, remedy=tr("choose the update file (*.pfm-update)")
        )
    with contextlib.ExitStack() as stack:
        with _readable(path):
            stream = stack.enter_context(path.open("rb"))
            _check_end(path, stream)
            archive = stack.enter_context(zipfile.ZipFile(stream))
            _check_parts(path, archive)
        yield archive


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Around reading it: a stick that is pulled out, and bytes that are wrong."""
    try:
        with reached(path, safe=SAFE):
            yield
    except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeDecodeError, RuntimeError, KeyError) as error:
        raise _damaged(path, tr("it is cut off, or another kind of file")) from error


def _check_end(path: Path, stream: IO[bytes]) -> None:
    """The end of a zip says how long its table is: what would fill the memory is refused before it is read."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END - _ZIP64))
    tail = stream.read()
    if len(tail) < _END:
        raise _damaged(path, tr("it is cut off, or another kind of file"))
    mark, _, _, _, parts, table, _, comment = struct.unpack(_END_FORMAT, tail[-_END:])
    large = tail[:-_END].startswith(b"PK\x06\x07")
    if mark != b"PK\x05\x06" or comment or large:
        raise _damaged(path, tr("it is cut off, or another kind of file"))
    if parts > _MOST_PARTS or table > _MOST_PARTS * 512:
        raise _damaged(path, tr("it holds more than an update file does"))


def _check_parts(path: Path, archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    sizes = sum(info.file_size for info in infos)
    for info in infos:
        small = info.filename.startswith(TARGETS) or info.file_size <= _MOST_METADATA
        plain = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        if not (_NAME.fullmatch(info.filename) and small and plain and not info.flag_bits & 1):
            raise _damaged(path, tr("it holds more than an update file does"))
    if len({info.filename for info in infos}) < len(infos) or sizes > path.stat().st_size:
        raise _damaged(path, tr("it holds more than an update file does"))


def _damaged(path: Path, why: str) -> BadInputError:
    return BadInputError(
        tr("{path} is damaged or no update file: {why}", path=path, why=why),
        safe=SAFE,
        remedy=tr("copy it to the stick again; where that does not help, get it anew from where it came from"),
    )


def _not_understood(path: Path) -> BadInputError:
    return BadInputError(
        tr("{path} is of a form that this version does not know", path=path),
        safe=SAFE,
        remedy=tr("ask whoever gave it to you for an update file for this version"),
    )
