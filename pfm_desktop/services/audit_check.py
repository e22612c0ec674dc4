"""Checking a signed export of an audit trail, without the library that it came from."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services.audit_export import FORMAT, VERSION
from pfm_desktop.services.audit_key import fingerprint_of, typed_fingerprint
from pfm_desktop.storage import chain
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

LONGEST = 16 * 2**20  # bytes of a line; the longest that the program writes is far below
_SAID = 20  # problems that are named; the rest is counted
_SIGNATURE = re.compile(rb'\{"signature":"([0-9a-f]{128})"\}\n')
_FIELDS = {"seq": int, "at": str, "who": str, "what": str, "key": str, "text": str, "chain": str}
_SIDES = ("old", "new")
_HEADER = {
    "format": str, "version": int, "library": str, "program": str, "made_at": str, "made_by": str, "whole": bool,
    "filter": dict, "filter_words": str, "lines": int, "first_chain": str, "last_chain": str, "public_key": str,
}  # fmt: skip
_NOT_JSON = (ValueError, RecursionError)  # also not UTF-8, numbers of thousands of digits, nesting without end


@dataclass(frozen=True)
class ExportCheck:
    """What was found. `fingerprint` is that of the key in the file, "" where it has none; `compared` says whether it
    was compared with one that was given. `whole`: the chain was recomputed from the first line of the trail on."""

    problems: tuple[str, ...]
    lines: int
    whole: bool
    fingerprint: str
    compared: bool
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def says(self) -> str:
        """The verdict in sentences."""
        if self.problems:
            wrong = len(self.problems)
            return tr("Not to be relied on: {wrong} found wrong in {lines} lines.", wrong=wrong, lines=self.lines)
        how = tr(
            "{lines} lines: the signature fits and the chain holds from the first line of the trail to the last.",
            lines=self.lines,
        )
        if not self.whole:
            how = tr(
                "{lines} lines: the signature fits. It is a part of the trail, so the chain between its lines cannot "
                "be checked.",
                lines=self.lines,
            )
        known = tr("The key is the one with this fingerprint: {fingerprint}.", fingerprint=self.fingerprint)
        if not self.compared:
            known = tr(
                "Whose key it is was not checked: compare the fingerprint with the one that the library shows: "
                "{fingerprint}.",
                fingerprint=self.fingerprint,
            )
        return f"{how} {known}"


def check_export(path: Path, fingerprint: str = "", *, ctx: Context | None = None) -> ExportCheck:
    """Find any line that was altered, removed, moved or added since the file was signed, and a key that was exchanged.

    The key can only be checked against the `fingerprint` that the library shows. Raises `BadInputError` for a file
    that cannot be read and for a fingerprint that is none; whatever is in the file is a problem and not an error.
    """
    expected = typed_fingerprint(fingerprint) if fingerprint.strip() else ""
    _check_file(path)
    reading = _Reading(expected)
    try:
        with path.open("rb") as stream:
            reading.read(stream, path.stat().st_size, ctx or SilentContext())
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    return reading.verdict()


class _Reading:
    """One file, line by line; what is wrong is gathered."""

    def __init__(self, expected: str) -> None:
        self._expected, self._found, self._left_out = expected, list[str](), 0
        self._hash = hashlib.sha256()
        self._header: dict[str, Any] = {}
        self._fingerprint = ""
        self._lines, self._seq, self._chain = 0, 0, chain.FIRST
        self._first_chain = ""

    def read(self, stream: BinaryIO, size: int, ctx: Context) -> None:
        """Everything; the line before the end is hashed only once another follows it."""
        last, number, done = b"", 0, 0
        for data in self._pieces(stream):
            if number % 1000 == 0:
                ctx.progress(done, size, tr("Checking the export"))
            if number:
                self._line(number, last)
            last, number, done = data, number + 1, done + len(data)
        if number == 0:
            self._wrong(tr("the file is empty"))
        elif number == 1:
            self._line(1, last)
            self._wrong(tr("the file ends after its first line: the rest was cut off"))
        else:
            self._signature(last)
            self._ends()

    def verdict(self) -> ExportCheck:
        """What was found, in the end."""
        if self._left_out:
            self._found.append(tr("... and {count} more", count=self._left_out))
        whole = self._header.get("whole") is True
        compared = bool(self._expected)
        return ExportCheck(tuple(self._found), self._lines, whole, self._fingerprint, compared, self._header)

    def _wrong(self, what: str) -> None:
        if len(self._found) < _SAID:
            self._found.append(what)
        else:
            self._left_out += 1

    def _pieces(self, stream: BinaryIO) -> Iterator[bytes]:
        while data := stream.readline(LONGEST + 1):
            if len(data) > LONGEST:
                self._wrong(tr("a line is longer than any line of an audit trail: the rest was not read"))
                return
            yield data

    def _line(self, number: int, data: bytes) -> None:
        """A line that another one follows: the header, or a line of the trail."""
        self._hash.update(data)
        if number == 1:
            self._read_header(data)
            return
        self._lines += 1
        line = _parsed(data)
        if line is None or not _is_line(line):
            self._wrong(tr("line {number} of the file is not a line of an audit trail", number=number))
            self._chain = str(line.get("chain", "")) if line is not None else ""
            return
        self._join(number, line)

    def _join(self, number: int, line: dict[str, Any]) -> None:
        if self._lines > 1 and line["seq"] <= self._seq:
            self._wrong(
                tr(
                    "line {number} of the file (number {in_trail} of the trail) is out of order",
                    number=number,
                    in_trail=line["seq"],
                )
            )
        follows = self._header.get("whole") is True or (self._lines > 1 and line["seq"] == self._seq + 1)
        at = datetime.fromisoformat(line["at"])
        if follows and line["chain"] != chain.link(self._chain, **{**_said(line), "at": at}):
            self._wrong(
                tr(
                    "line {number} of the file (number {in_trail} of the trail) is not what was written, or "
                    "lines before it were altered, removed or moved",
                    number=number,
                    in_trail=line["seq"],
                )
            )
        self._first_chain = self._first_chain or line["chain"]
        self._seq, self._chain = line["seq"], line["chain"]

    def _read_header(self, data: bytes) -> None:
        header = _parsed(data)
        if header is None or header.get("format") != FORMAT:
            self._wrong(tr("the first line does not say that this is an export of an audit trail"))
            return
        if not _fits(header, _HEADER) or header.keys() != _HEADER.keys():
            self._wrong(tr("the first line is not what an export of an audit trail begins with"))
            return
        if header["version"] != VERSION:
            self._wrong(
                tr(
                    "the file has format version {theirs}, this program knows {ours}: update it",
                    theirs=header["version"],
                    ours=VERSION,
                )
            )
            return
        self._header = header
        try:
            public = bytes.fromhex(header["public_key"])
        except ValueError:
            self._wrong(tr("the first line holds no public key"))
            return
        self._fingerprint = fingerprint_of(public)
        if self._expected and self._fingerprint != self._expected:
            self._wrong(
                tr(
                    "the file was signed with another key: its fingerprint is {fingerprint}, and not {expected}",
                    fingerprint=self._fingerprint,
                    expected=self._expected,
                )
            )

    def _signature(self, data: bytes) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        last = _SIGNATURE.fullmatch(data)  # to the letter: other ways to write the same are no part of the format
        if last is None:
            self._wrong(
                tr("the file does not end with its signature: the end was cut off, or something was added to it")
            )
            return
        if not self._fingerprint:
            return
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._header["public_key"]))
            key.verify(bytes.fromhex(last[1].decode()), self._hash.digest())
        except (InvalidSignature, ValueError, TypeError):
            self._wrong(tr("the signature does not fit: the file is not what was signed"))

    def _ends(self) -> None:
        """Whether the number of lines and both ends are those of the header."""
        if not self._header:
            return
        if self._lines != self._header["lines"]:
            self._wrong(
                tr(
                    "the file holds {lines} lines of the trail, and {written} were written",
                    lines=self._lines,
                    written=self._header["lines"],
                )
            )
        ends = (self._first_chain, self._chain if self._lines else "")
        if ends != (self._header["first_chain"], self._header["last_chain"]):
            self._wrong(tr("the first or the last line is not the one that the first line of the file names"))


def _parsed(data: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None for anything else."""
    try:
        found = json.loads(data.decode("utf-8"))
    except _NOT_JSON:
        return None
    return found if isinstance(found, dict) else None


def _fits(found: Mapping[str, Any], kinds: Mapping[str, type]) -> bool:
    return all(type(found.get(name)) is kind for name, kind in kinds.items())


def _is_line(line: Mapping[str, Any]) -> bool:
    if not _fits(line, _FIELDS) or line.keys() != {*_FIELDS, *_SIDES}:
        return False
    try:
        at = datetime.fromisoformat(line["at"])
    except ValueError:
        return False
    return at.tzinfo is not None and all(line[side] is None or isinstance(line[side], dict) for side in _SIDES)


def _said(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("seq", "who", "what", "key", "old", "new", "text")}


def _check_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(mode):
        raise _unreadable(path, tr("it is not a file"))


def _unreadable(path: Path, why: str) -> BadInputError:
    return BadInputError(
        tr("{path} cannot be read: {why}", path=path, why=why),
        safe=tr("nothing was checked"),
        remedy=tr("name a file that was exported"),
    )
