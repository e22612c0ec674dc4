"""The list of parts as CycloneDX 1.6 (JSON): packages, the libraries within them, fonts and networks; with versions,
licences, sums."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.installer import contents, libraries, licences, locks, parcels, things, versions

if TYPE_CHECKING:
    from resources.installer.stamp import Stamp


STARTER = "GPL-2.0-or-later WITH Bootloader-exception"  # what of PyInstaller is within `pfm-desktop`


def write_sbom(stamp: Stamp, bundle: Path, notices: Path, out: Path) -> Path:
    """The same for the same build: no moment but that of its commit, no number but one made of its name.

    Raises `KeyError` for a part whose licence `notices` does not say.
    """
    said, sums = licences.packages(notices), locks.hashes_of(notices.parents[1] / "requirements.lock")
    name, inside = f"pfm-desktop@{stamp.version}+{stamp.build}", bundle / "_internal"
    owners = licences.owners()
    within = contents.packages(bundle, stamp.parts)
    content: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}/{stamp.lock}/{stamp.system}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(stamp.moment, UTC).isoformat(),
            "component": {
                "type": "application", "bom-ref": "pfm-desktop", "name": "pfm-desktop", "version": stamp.version,
                "licenses": [{"expression": "Apache-2.0"}],
                "properties": [
                    {"name": "pfm:build", "value": stamp.build}, {"name": "pfm:system", "value": stamp.system},
                ],
            },
        },
        "components": [
            _package(*part, said[part[0]][1], sums.get(part[0], ()))
            for part in stamp.parts.items() if part[0] in within
        ],
    }  # fmt: skip
    starter = locks.version_in(notices.parents[1] / "requirements-build.lock", "pyinstaller")
    content["components"].append(_package("pyinstaller", starter, STARTER, ()))
    content["components"] += [_file(inside, one, one.kind, one.name, one.version) for one in things.things(inside)]
    needs: dict[str, list[str]] = {"pfm-desktop": [one["bom-ref"] for one in content["components"]]}
    for of, component in _libraries(inside, stamp, owners):
        content["components"].append(component)
        needs.setdefault(_purl(of, stamp.parts[of]) if of else "pfm-desktop", []).append(component["bom-ref"])
    content["dependencies"] = [{"ref": ref, "dependsOn": of} for ref, of in needs.items()]
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return out


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _package(name: str, version: str, licence: str, sums: tuple[str, ...]) -> dict[str, Any]:
    """`sums` are those of all files that its makers gave out as this version: one of them was installed."""
    files = [{"alg": "SHA-256", "content": one} for one in sums]
    place = {"type": "distribution", "url": f"https://pypi.org/project/{name}/{version}/", "hashes": files}
    return {
        "type": "library", "bom-ref": _purl(name, version), "name": name, "version": version,
        "purl": _purl(name, version), "licenses": [{"expression": licence}],
        **({"externalReferences": [place]} if files else {}),
    }  # fmt: skip


def _file(inside: Path, one: things.Thing | libraries.Library, kind: str, name: str, version: str) -> dict[str, Any]:
    return {
        "type": kind, "bom-ref": f"file:{one.path}", "name": name, **({"version": version} if version else {}),
        "hashes": [{"alg": "SHA-256", "content": parcels.sha256(inside / one.path)}],
        "licenses": [{"expression": one.licence}], "properties": [{"name": "pfm:file", "value": one.path}],
    }  # fmt: skip


def _libraries(inside: Path, stamp: Stamp, owners: Mapping[str, set[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the package that it came with, or "": files of their own, then what was linked into any."""
    found = libraries.libraries(inside)
    said = {
        (inside / one.path, one.part): (
            stamp.python if one.part == "Python" else versions.of_library(inside / one.path, one.part, stamp.parts)
        )
        for one in found
    }
    known = versions.of_neighbours(said)
    for one in found:
        version = known[inside / one.path, one.part]
        file = {**_file(inside, one, "library", one.part, version), **versions.names(one.part, version)}
        yield _owner(one.path, stamp, owners), file
    own = {inside / one.path: one.part for one in found}
    for path in sorted(path for path in inside.rglob("*") if libraries.is_native(path)):
        for linked in versions.within(path, own.get(path, "")):
            name = path.relative_to(inside).as_posix()
            yield _owner(name, stamp, owners), _linked(name, linked)


def _owner(path: str, stamp: Stamp, owners: Mapping[str, set[str]]) -> str:
    return next(iter(sorted(owners.get(licences.first(path), set()) & {*stamp.parts})), "")


def _linked(name: str, one: versions.Within) -> dict[str, Any]:
    return {
        "type": "library", "bom-ref": f"within:{name}#{one.part}@{one.version}", "name": one.part,
        "version": one.version, **versions.names(one.part, one.version),
        "properties": [{"name": "pfm:linked-into", "value": name}],
    }  # fmt: skip
