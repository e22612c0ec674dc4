"""Makes and signs update files, where the program is published; see docs/updates.md and ADR 23.

    python -m resources.installer.updates keys FOLDER --publisher NAME      once: keys, and the root of trust
    python -m resources.installer.updates make --keys FOLDER --out FILE dist/pfm-desktop*
    python -m resources.installer.updates renew --keys FOLDER --to NEW      new keys, signed by the old ones

FOLDER holds private keys: it lies on a disk that is kept under lock, never in a repository. `root.pem` signs who may
sign, and can be kept apart once `release.pem` and the `*.root.json` are copied to where releases are signed. A
passphrase is asked for; PFM_UPDATE_PASSPHRASE gives it in a script, "" means none.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backports.zstd import tarfile
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from pfm_desktop.storage.schema import CURRENT
from pfm_desktop.support import build

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "PFM_UPDATE_PASSPHRASE"
YEARS_OF_ROOT = 10  # see ADR 23: an expired root is taken while a later one that it signs comes with the file
GOOD_FOR = 400  # days, of an update file: a year, and time for the next
MOST_DAYS = 3660  # no longer than the root of trust
RELEASE_ROLES = (Timestamp.type, Snapshot.type, Targets.type)
KINDS = {
    "deb": re.compile(r"pfm-desktop_([0-9.]+)_amd64\.deb"),
    "folder": re.compile(r"pfm-desktop-([0-9.]+)-linux-x86_64\.tar\.zst"),
    "setup": re.compile(r"pfm-desktop-([0-9.]+)-setup\.exe"),
}


def make_keys(folder: Path, publisher: str, passphrase: bytes, now: datetime | None = None) -> Path:
    """Two keys and the root of trust that names them, for `build_installer.py --update-root`."""
    signers = _new_keys(folder, passphrase)
    root = Root(version=1, expires=_in_days(365 * YEARS_OF_ROOT, now), consistent_snapshot=False)
    root.unrecognized_fields["x-publisher"] = publisher
    return _write_root(folder, root, signers, [signers["root"]])


def renew(folder: Path, to: Path, passphrase: bytes, now: datetime | None = None) -> Path:
    """New keys in `to`; installed programs learn of them from the next update file that is made with them."""
    last = _roots(folder)[-1]
    root = Metadata[Root].from_file(str(last)).signed
    old = _signer(folder, "root", passphrase)
    signers = _new_keys(to, passphrase)
    for one in _roots(folder):
        shutil.copyfile(one, to / one.name)
    for role in (Root.type, *RELEASE_ROLES):
        for key in list(root.roles[role].keyids):
            root.revoke_key(key, role)
    root.version, root.expires = root.version + 1, _in_days(365 * YEARS_OF_ROOT, now)
    return _write_root(to, root, signers, [old, signers["root"]])


def make(
    folder: Path, installers: Sequence[Path], out: Path, passphrase: bytes, *,
    days: int = GOOD_FOR, now: datetime | None = None, library: int = CURRENT,
) -> Path:  # fmt: skip
    """The update file of the version that the installers are of, signed."""
    now = now or datetime.now(UTC)
    release = _signer(folder, "release", passphrase)
    # the second of signing: it grows by itself, whoever signs and wherever
    number, until = int(now.timestamp()), _in_days(days, now)
    targets = Targets(number, expires=until)
    for path in installers:
        targets.targets[path.name] = _target(path, library)
    if len({target.custom["version"] for target in targets.targets.values()}) != 1:
        raise SystemExit("error: an update file holds installers of one version. Nothing was made.")
    signed = {"targets": _signed(targets, release)}
    snapshot = Snapshot(
        number, expires=until, meta={"targets.json": MetaFile.from_data(number, signed["targets"], ["sha256"])}
    )
    signed["snapshot"] = _signed(snapshot, release)
    stamp = Timestamp(number, expires=until, snapshot_meta=MetaFile.from_data(number, signed["snapshot"], ["sha256"]))
    signed["timestamp"] = _signed(stamp, release)
    parts = {f"metadata/{path.name}": path.read_bytes() for path in _roots(folder)}
    parts |= {f"metadata/{role}.json": data for role, data in signed.items()}
    _write_zip(out, parts, installers, now)
    return out


def check_root(path: Path) -> bytes:
    """A root of trust as it goes into a build; ends the build where it is none."""
    data = path.read_bytes()
    try:
        root = Metadata[Root].from_bytes(data)
        root.signed.verify_delegate(Root.type, root.signed_bytes, root.signatures)
    except Exception as error:
        raise SystemExit(f"error: {path} is no root of trust for updates: {error}. Nothing was built.") from error
    return data


def _target(path: Path, library: int) -> TargetFile:
    kind, version = next(
        ((kind, found[1]) for kind, name in KINDS.items() if (found := name.fullmatch(path.name))), ("", "")
    )
    if not kind:
        raise SystemExit(f"error: {path.name} is no installer of this program. Nothing was made.")
    target = TargetFile.from_file(path.name, str(path), ["sha256"])
    unpacked, said = _looked_into(path) if kind == "folder" else (0, version)
    if said != version:
        raise SystemExit(f"error: {path.name} holds version {said}. Nothing was made.")
    target.unrecognized_fields["custom"] = {"kind": kind, "version": version, "library": library, "unpacked": unpacked}
    return target


def _looked_into(path: Path) -> tuple[int, str]:
    """Bytes once it is unpacked, and the version that the program in it says of itself."""
    size, said = 0, ""
    with tarfile.open(path, "r|zst") as archive:
        for member in archive:
            size += member.size
            if member.name.endswith(f"/_internal/{build.FILE}") and (stream := archive.extractfile(member)):
                said = str(json.load(stream)["version"])
    return size, said


def _signed(signed: Any, signer: CryptoSigner) -> bytes:
    made = Metadata(signed)
    made.sign(signer)
    return made.to_bytes()


def _write_root(folder: Path, root: Root, signers: dict[str, CryptoSigner], by: Sequence[CryptoSigner]) -> Path:
    root.add_key(signers["root"].public_key, Root.type)
    for role in RELEASE_ROLES:
        root.add_key(signers["release"].public_key, role)
    made = Metadata(root)
    for signer in by:
        made.sign(signer, append=True)
    path = folder / f"{root.version}.root.json"
    made.to_file(str(path))
    return path


def _roots(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.root.json"), key=lambda path: int(path.name.partition(".")[0]))
    if not found:
        raise SystemExit(f"error: {folder} holds no root of trust: make one with `keys`")
    return found


def _new_keys(folder: Path, passphrase: bytes) -> dict[str, CryptoSigner]:
    if folder.resolve().is_relative_to(ROOT):
        raise SystemExit(f"error: {folder} lies in the repository, where private keys may not be. Nothing was made.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signers = {}
    for name in ("root", "release"):
        key = Ed25519PrivateKey.generate()
        locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
        try:
            descriptor = os.open(folder / f"{name}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise SystemExit(f"error: {folder} holds keys already. They are unchanged.") from None
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
        signers[name] = CryptoSigner(key)
    return signers


def _signer(folder: Path, name: str, passphrase: bytes) -> CryptoSigner:
    try:
        return CryptoSigner(load_pem_private_key((folder / f"{name}.pem").read_bytes(), passphrase or None))
    except (OSError, ValueError, TypeError) as error:
        raise SystemExit(f"error: {folder / name}.pem cannot be used: {error}") from error


def _in_days(days: int, now: datetime | None) -> datetime:
    return ((now or datetime.now(UTC)) + timedelta(days=days)).replace(microsecond=0)


def _write_zip(out: Path, parts: dict[str, bytes], installers: Sequence[Path], now: datetime) -> None:
    part = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), data)
        for path in installers:
            info = zipfile.ZipInfo(f"targets/{path.name}", now.timetuple()[:6])
            with path.open("rb") as stream, archive.open(info, "w") as entry:
                shutil.copyfileobj(stream, entry, 1 << 20)
    part.replace(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    asked = _asked(arguments)
    if asked.command == "keys":
        made = make_keys(asked.folder, asked.publisher, _passphrase(new=True))
        _say(f"{made}: the root of trust. Build with: python build_installer.py --update-root {made}")
    elif asked.command == "renew":
        made = renew(asked.keys, asked.to, _passphrase())
        _say(f"{made}: the root of trust of the next builds. Sign with {asked.to} from now on; keep the old folder.")
    else:
        made = make(asked.keys, asked.installers, asked.out, _passphrase(), days=asked.days)
        _say(f"{made}: {made.stat().st_size / 1e6:.0f} MB, good for {asked.days} days")
    return 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    keys = commands.add_parser("keys")
    keys.add_argument("folder", type=Path)
    keys.add_argument("--publisher", required=True, help="who signs, as clinics read it")
    again = commands.add_parser("renew")
    again.add_argument("--keys", type=Path, required=True)
    again.add_argument("--to", type=Path, required=True)
    new = commands.add_parser("make")
    new.add_argument("--keys", type=Path, required=True)
    new.add_argument("--out", type=Path, required=True)
    new.add_argument("--days", type=_days, default=GOOD_FOR, help="how long it may be installed")
    new.add_argument("installers", type=Path, nargs="+")
    return parser.parse_args(arguments)


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"1 to {MOST_DAYS} days, not {text}")
    return int(text)


def _passphrase(*, new: bool = False) -> bytes:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = getpass.getpass("Passphrase of the keys: ")
        if new and getpass.getpass("Again: ") != given:
            raise SystemExit("error: the two passphrases differ. Nothing was made.")
    return given.encode()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
