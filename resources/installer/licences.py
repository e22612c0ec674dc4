"""What ships and under which licence; refuses what may not be in an installer under Apache-2.0.

Everything in the bundle is looked at: packages, by the list in `docs/third-party.md`, which a test holds to
`requirements.lock`, and by what they state of themselves; libraries within them, by name and by what is in them. What
nobody has listed is refused as well, so that nothing comes along unseen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from email.parser import HeaderParser
from functools import cache
from importlib.metadata import distributions
from pathlib import Path, PurePosixPath

from resources.installer import libraries, things

TEXTS = "licenses"  # in the bundle: a folder for each package, and texts that no wheel holds
OURS = "pfm-desktop"

# rows of the table: | name | version | licence | binaries |
_ROW = re.compile(r"^\| ([a-z0-9._-]+) \| (\d\S*) \| (\S.*?) \| (.*?)\s*\|$", re.MULTILINE)
# GPL and AGPL, but not LGPL, nor GPL with an exception for what it is linked to
_GPL = re.compile(
    r"(?<![A-Za-z])A?GPL(?![^,;]*? with (the )?[\w.-]*( runtime)?[ -]?exception)|GNU (Affero )?General Public|SSPL",
    re.IGNORECASE,
)
_TEXT = re.compile(r"licen[cs]e|copying|notice|copyright|authors", re.IGNORECASE)
_PYTHONS_OWN = re.compile(r"^python3(\.\d+)?/")


def refused(licence: str) -> bool:
    """Whether it may not ship. Of several to choose from, one that may is enough."""
    if "(" in licence:
        return bool(_GPL.search(licence))
    return all(
        any(_GPL.search(part) for part in re.split(r"\bAND\b", choice)) for choice in re.split(r"\bOR\b", licence)
    )


def packages(notices: Path) -> dict[str, tuple[str, str, str]]:
    """Name: version, licence, what it holds in binary form; of `docs/third-party.md`."""
    return {row[0]: row[1:] for row in _ROW.findall(notices.read_text(encoding="utf-8"))}


def problems(bundle: Path, notices: Path) -> list[str]:
    """Why what lies in `bundle` may not be handed out; empty where it may."""
    listed, inside = packages(notices), bundle / "_internal"
    found = [f"{name} {version} is under {said}" for name, (version, said, _) in listed.items() if refused(said)]
    found += [why for file in sorted(inside.rglob("METADATA")) if (why := _stated(file, listed))]
    natives = sorted(path for path in inside.rglob("*") if libraries.is_native(path))
    found += [
        f"{path.relative_to(bundle).as_posix()} may not be in an installer"
        for path in sorted(inside.rglob("*"))
        if any(word in path.name.lower() for word in libraries.NEVER)
    ]
    found += [
        f"{path.relative_to(bundle).as_posix()} holds {mark}, which is GPL"
        for path in natives
        for mark in libraries.marks(path)
    ]
    found += [
        f"{one.path} is in resources/installer/libraries.py under {one.licence}" if one.licence
        else f"{one.path}: its licence is not listed (resources/installer/libraries.py)"
        for one in libraries.libraries(inside)
        if not one.licence or refused(one.licence)
    ]  # fmt: skip
    found += [f"{path}: its licence is not listed (resources/installer/things.py)" for path in things.unlisted(inside)]
    owner, paths = owners(), (path.relative_to(inside).as_posix() for path in natives)
    return found + [
        f"{path} is of no package that is listed"
        for path in paths
        if libraries.is_of_package(path) and not _is_pythons(path) and not owner.get(first(path), set()) & {*listed}
    ]


def _stated(metadata: Path, listed: dict[str, tuple[str, str, str]]) -> str:
    """What is wrong with a package by its own words; "" where nothing is."""
    said = HeaderParser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"))
    name = canonical(said.get("Name", ""))
    if name not in listed and name != OURS:
        return f"{name} is a package that is not listed"
    kinds = [line for line in said.get_all("Classifier", []) if line.startswith("License ::")]
    free = said.get("License-Expression") or (said.get("License") or "").strip().partition("\n")[0]
    if (free and refused(free)) or (kinds and all(refused(kind.replace("(", "").replace(")", "")) for kind in kinds)):
        return f"{name} states that it is under {free or '; '.join(kinds)}"
    return ""


def canonical(name: str) -> str:
    """As locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def first(path: str) -> str:
    """The folder, or the module, by which a package is imported."""
    return PurePosixPath(path).parts[0].partition(".")[0]


@cache
def owners() -> dict[str, set[str]]:
    """Which packages each importable name is of, in this environment."""
    found: dict[str, set[str]] = {}
    for one in distributions():
        files = (line.rsplit(",", 2)[0] for line in (one.read_text("RECORD") or "").splitlines())
        names = {file.partition("/")[0].partition(".")[0] for file in files if file.endswith((".py", ".so", ".pyd"))}
        for name in names - {""}:
            found.setdefault(name, set()).add(canonical(one.metadata["Name"]))
    return found


def strangers(locked: Mapping[str, str]) -> list[str]:
    """Importable names of packages in this environment that do not ship: tests and tools bring them."""
    ours = {*locked, OURS}
    return sorted(name for name, of in owners().items() if name.isidentifier() and not of & ours)


def texts(locked: Mapping[str, str]) -> list[tuple[str, str]]:
    """(file, folder in the bundle) of the texts of licences, and of what each package states of itself."""
    wanted = {*locked, "pyinstaller"}  # whose starter is within our program, under a licence with an exception for that
    found = []
    for one in distributions():
        name = canonical(one.metadata["Name"])
        for file in one.files or () if name in wanted else ():
            parts = file.parts
            is_stated = parts[1:] == ("METADATA",) and name in locked
            if parts[0].endswith(".dist-info") and (is_stated or _TEXT.search("/".join(parts[1:]))):
                found.append((str(one.locate_file(file)), "/".join((TEXTS, name, *parts[1:-1]))))
    own = Path(__file__).resolve().parent / "texts"
    return sorted(found) + [(str(file), TEXTS) for file in sorted(own.glob("*.txt"))]


def _is_pythons(path: str) -> bool:
    return bool(_PYTHONS_OWN.match(path)) or first(path) in sys.stdlib_module_names
