"""The signed export of the audit trail: JSON Lines that can be read, and checked by whoever knows the fingerprint.

The first line says what the file is, then comes a line each as stored, and last the Ed25519 signature over the SHA-256
of everything before it. `audit_check` is the other end.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pfm_desktop import __version__
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services.audit import filter_words
from pfm_desktop.services.audit_key import fingerprint_of, public_bytes, signing_key
from pfm_desktop.storage import access
from pfm_desktop.storage import audit as stored
from pfm_desktop.storage.audit import Extent, Wanted
from pfm_desktop.storage.audit_lines import AuditLine
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import replacing
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT, VERSION = "pfm_desktop audit trail", 1
_STEP = 1000  # lines between two words about how far it is


@dataclass(frozen=True)
class Exported:
    """A file that was written. `whole`: it holds every line there was, and its chain can be checked on its own."""

    path: Path
    lines: int
    whole: bool
    fingerprint: str


def export_trail(ctx: Context, lib: Library, out: Path, wanted: Wanted | None = None) -> Exported:
    """Job: write the lines that are wanted (default: all) to `out`, signed; whole or not at all.

    The export goes on record before the file has its name. Raises `StorageError` where it cannot be written or put on
    record, also for a library that is open for reading only, and where a line cannot be read.
    """
    for act in (Act.READ_AUDIT, Act.EXPORT):
        access.require(lib.account, act)
    wanted = wanted or Wanted()
    _check_place(lib, out)
    if lib.read_only:
        raise StorageError(
            tr(
                "the audit trail was not exported: this library is open for reading only, and an export must "
                "go on record"
            ),
            safe=tr("nothing was written"),
            remedy=tr("export it where the library is open for writing"),
        )
    key = signing_key(lib)
    fingerprint = fingerprint_of(public_bytes(key))
    with replacing(out) as stream:
        file = _Signed(stream, key)
        with lib.read() as session:
            extent = stored.extent(session, wanted)
            file.write(_header(lib, wanted, extent, key))
            for done, line in enumerate(stored.each(session, wanted)):
                if done % _STEP == 0:
                    ctx.progress(done, extent.lines, tr("Writing the audit trail"))
                file.write(as_stored(line))
        ctx.progress(extent.lines, extent.lines, tr("Writing the audit trail"))
        file.sign()
        _record(lib, wanted, extent.lines, file.sha256, fingerprint)
    return Exported(Path(out), extent.lines, wanted.all, fingerprint)


def as_stored(line: AuditLine) -> dict[str, Any]:
    """A line of the file."""
    return {**vars(line), "at": line.at.isoformat()}


def json_line(content: object) -> bytes:
    """UTF-8 with a line end; escaped where a text holds halves of characters, which UTF-8 has not."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"


class _Signed:
    """Writes lines and keeps their hash."""

    def __init__(self, stream: BinaryIO, key: Ed25519PrivateKey) -> None:
        self._stream, self._key, self._hash = stream, key, hashlib.sha256()

    def write(self, content: object) -> None:
        """One line."""
        data = json_line(content)
        self._hash.update(data)
        self._stream.write(data)

    def sign(self) -> None:
        """The last line."""
        self.write({"signature": self._key.sign(self._hash.digest()).hex()})

    @property
    def sha256(self) -> str:
        """Of everything that was written."""
        return self._hash.hexdigest()


def _header(lib: Library, wanted: Wanted, extent: Extent, key: Ed25519PrivateKey) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "library": lib.id,
        "program": __version__,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_by": lib.who,
        "whole": wanted.all,
        "filter": _filter(wanted),
        "filter_words": filter_words(wanted),
        "lines": extent.lines,
        "first_chain": extent.first_chain,
        "last_chain": extent.last_chain,
        "public_key": public_bytes(key).hex(),
    }


def _filter(wanted: Wanted) -> dict[str, str]:
    return {name: str(value) for name, value in vars(wanted).items() if value}


def _record(lib: Library, wanted: Wanted, lines: int, sha256: str, fingerprint: str) -> None:
    chosen = filter_words(wanted)
    details = {"lines": lines, "filter": chosen, "sha256": sha256, "fingerprint": fingerprint}
    lib.record_event("export", lib.id, f"Audit trail exported, signed: {lines} lines ({chosen})", details)


def _check_place(lib: Library, out: Path) -> None:
    """A file in the library's own folder might be the library's own."""
    if lib.path.resolve() in Path(out).resolve().parents:
        raise BadInputError(
            tr("{file} lies in the folder of the library", file=out),
            safe=tr("nothing was written"),
            remedy=tr("choose another folder"),
        )
