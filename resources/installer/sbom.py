"""The list of parts as CycloneDX 1.6 (JSON): packages and libraries, with their versions and licences."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.installer import licences

if TYPE_CHECKING:
    from resources.installer.stamp import Stamp


def write_sbom(stamp: Stamp, bundle: Path, notices: Path, out: Path) -> Path:
    """The same for the same build: no moment but that of its commit, no number but one made of its name."""
    said = licences.packages(notices)
    name = f"pfm-desktop@{stamp.version}+{stamp.build}"
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}/{stamp.lock}/{stamp.system}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(stamp.moment, UTC).isoformat(),
            "component": {
                "type": "application", "bom-ref": "pfm-desktop", "name": "pfm-desktop", "version": stamp.version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "properties": [{"name": "build", "value": stamp.build}, {"name": "system", "value": stamp.system}],
            },
        },
        "components": [
            _component(part, version, said[part][1] if part in said else "") for part, version in stamp.parts.items()
        ]
        + [_library(path) for path in sorted((bundle / "_internal").glob("*.so*"))
           if ".cpython-" not in path.name and not path.is_symlink()],
        "dependencies": [{"ref": "pfm-desktop", "dependsOn": [_ref(*part) for part in stamp.parts.items()]}],
    }  # fmt: skip
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return out


def _ref(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _component(name: str, version: str, licence: str) -> dict[str, Any]:
    return {
        "type": "library", "bom-ref": _ref(name, version), "name": name, "version": version,
        "purl": _ref(name, version), "licenses": [{"license": {"name": licence or "unknown"}}],
    }  # fmt: skip


def _library(path: Path) -> dict[str, Any]:
    licence = next((said for start, said in licences.SYSTEM.items() if path.name.startswith(start)), "unknown")
    return {
        "type": "library", "bom-ref": f"file:{path.name}", "name": path.name,
        "licenses": [{"license": {"name": licence}}],
    }  # fmt: skip
