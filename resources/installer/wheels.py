"""The wheels that `requirements.lock` stands for on Windows: found, checked, unpacked. Runs on any system.

A wheel is taken as its maker gave it out: each file has to be what the wheel's own list (RECORD) says, and none may
lie outside of the folder that it is unpacked into, or under a name that Windows does not have.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from resources.installer import parcels, stamp

PYTHON, SYSTEM = (3, 11), "win_amd64"
# what a wheel may ask of where it is installed (`Requires-Dist: ...; sys_platform == "win32"`)
WINDOWS = {
    "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64",
    "python_version": "3.11", "python_full_version": "3.11.9", "implementation_name": "cpython",
    "implementation_version": "3.11.9", "platform_python_implementation": "CPython", "platform_release": "10",
    "platform_version": "10.0.19045", "extra": "",
}  # fmt: skip
_TAGS: frozenset[Tag] = frozenset(cpython_tags(PYTHON, platforms=[SYSTEM])) | frozenset(
    compatible_tags(PYTHON, interpreter="cp311", platforms=[SYSTEM])
)
_NOT_NEEDED = {"setuptools"}  # torch asks for it to compile extensions; every installer leaves it out (`cut.MODULES`)
_NO_NAME = re.compile(r'[\\:*?"<>|\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
# where a wheel's `*.data/` goes: the programs that it would put beside Python are not wanted, nor pages of manuals
_SCHEMES = {"purelib": "", "platlib": "", "data": None, "scripts": None, "headers": None}


@dataclass(frozen=True)
class Wheel:
    """One file of the index."""

    name: str
    version: str
    path: Path
    sha256: str


def download(lock: Path, folder: Path) -> None:
    """All of `lock` for Windows into `folder`; what is there already stays. Needs the index that pip is set up for."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", str(folder),
        "--no-deps", "--only-binary=:all:", "--platform", SYSTEM, "--python-version", "3.11",
        "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none", "-r", str(lock),
    ]  # fmt: skip
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit("error: pip did not get all wheels; what it said stands above. Nothing was built.")


def of_lock(lock: Path, folder: Path) -> list[Wheel]:
    """For each line of `lock` the wheel in `folder` that Windows takes, in the order of the lock."""
    there = {key: path for path in sorted(folder.glob("*.whl")) if (key := _fits(path))}
    found, missing = [], []
    for name, version in stamp.locked(lock.read_text(encoding="utf-8")).items():
        path = there.get((canonicalize_name(name), version))
        if path is None:
            missing.append(f"{name} {version}")
        else:
            found.append(Wheel(name, version, path, parcels.sha256(path)))
    if missing:
        raise SystemExit(f"error: no wheel for {SYSTEM} in {folder} of: {', '.join(missing)}. Nothing was built.")
    return found


def unmet(wheels: list[Wheel]) -> list[str]:
    """What the wheels need on Windows and the lock does not have: a lock made on Linux may miss some."""
    there = {canonicalize_name(wheel.name): wheel.version for wheel in wheels}
    found = []
    for wheel in wheels:
        for text in _metadata(wheel.path).get_all("Requires-Dist", []):
            needed = Requirement(text)
            if needed.name in _NOT_NEEDED or (needed.marker is not None and not needed.marker.evaluate(WINDOWS)):
                continue
            version = there.get(canonicalize_name(needed.name))
            if version is None or not needed.specifier.contains(version, prereleases=True):
                found.append(f"{wheel.name} needs {text}, there is {version or 'none'}")
    return found


def table(wheels: list[Wheel]) -> str:
    """For people: size in bytes, SHA-256, file."""
    return "".join(f"{wheel.path.stat().st_size:>11}  {wheel.sha256}  {wheel.path.name}\n" for wheel in wheels)


def unpack(wheel: Path, into: Path, left_out: Callable[[str], str]) -> int:
    """The files of `wheel` but for those of which `left_out` says why not; how many bytes were left out."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            listed = _record(archive, wheel)
            return sum(_put(archive, info, listed, into, left_out) for info in archive.infolist() if not info.is_dir())
    except (zipfile.BadZipFile, _Wrong) as wrong:
        raise SystemExit(f"error: {wheel.name}: {wrong}. Get it again; nothing of it may be handed out.") from wrong


class _Wrong(Exception):
    """What is wrong with a wheel."""


def _put(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, listed: dict[str, str], into: Path, left_out: Callable[[str], str]
) -> int:
    """Check one file and lay it where it belongs; the bytes that were left out."""
    content = archive.read(info)
    if info.filename not in listed:
        raise _Wrong(f"{info.filename} is not in its list")
    if (said := listed[info.filename]) and said != _digest(content):
        raise _Wrong(f"{info.filename} is not what its list says")
    path = _place(info.filename)
    if path is None or left_out(path):
        return len(content)
    target = into / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise _Wrong(f"{path} is there already, of another wheel")
    target.write_bytes(content)
    return 0


def _place(name: str) -> str | None:
    """Where a file of a wheel goes, within the folder; None where it is not wanted."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or any(part == ".." or _NO_NAME.search(part) for part in parts):
        raise _Wrong(f"{name!r} is no name for a file within a folder of Windows")
    if not parts[0].endswith(".data"):
        return name
    scheme = parts[1] if len(parts) > 2 else ""
    if scheme not in _SCHEMES:
        raise _Wrong(f"{name} is of a kind that is not known")
    return None if _SCHEMES[scheme] is None else "/".join(parts[2:])


def _record(archive: zipfile.ZipFile, wheel: Path) -> dict[str, str]:
    """Of each file its SHA-256 as the wheel lists it; "" for the list itself and its signatures."""
    own = f"{_dist_info(archive, wheel)}/RECORD"
    rows = csv.reader(archive.read(own).decode("utf-8").splitlines())
    listed = {row[0]: row[1] for row in rows if row}
    unsure = [name for name, said in listed.items() if not said.startswith("sha256=") and not name.startswith(own)]
    if unsure:
        raise _Wrong(f"its list has no SHA-256 of {unsure[0]}")
    return {name: said.removeprefix("sha256=") for name, said in listed.items()}


def _dist_info(archive: zipfile.ZipFile, wheel: Path) -> str:
    found = {name.split("/")[0] for name in archive.namelist() if name.endswith(".dist-info/RECORD")}
    own = [name for name in found if _named(name) == _named(wheel.name)]
    if len(own) != 1:
        raise _Wrong("it has no list of its files (RECORD)")
    return own[0]


def _named(file: str) -> str:
    return canonicalize_name(file.partition("-")[0])


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"{_dist_info(archive, wheel)}/METADATA").decode("utf-8")
    return HeaderParser().parsestr(text)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _fits(path: Path) -> tuple[str, str] | None:
    """Name and version of a wheel that Windows takes."""
    try:
        name, version, _build, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        return None
    return (name, str(version)) if tags & _TAGS else None
