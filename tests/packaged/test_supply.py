"""Locks name the sum of each file, and an audit says what it could not look up."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resources.installer import audit, locks

from .conftest import ROOT

MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
ONE, OTHER = "1" * 64, "2" * 64
TEXT = f"# A lock.\nrich==15.0.0 \\\n    --hash=sha256:{OTHER}\n    # via typer\ntomli-w==1.2.0\n    # via pfm\n"


@pytest.mark.parametrize("lock", sorted(locks.LOCKS))
def test_every_locked_package_has_sums(lock: str) -> None:
    named = re.findall(r"^[A-Za-z0-9._-]+==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    sums = locks.hashes_of(ROOT / lock)
    assert len(named) == len(sums) > 0
    assert all(sums.values())


def test_all_locks_agree_on_versions() -> None:
    found: dict[str, set[str]] = {}
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-setup.lock"):
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}


def files_of_index(*names: str) -> bytes:
    return json.dumps({"files": [{"filename": name, "hashes": {"sha256": ONE}} for name in names]}).encode()


def test_sums_are_those_of_the_index_and_words_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(request: Any, **_: Any) -> io.BytesIO:
        name = request.full_url.rstrip("/").rpartition("/")[2]
        version = {"rich": "15.0.0", "tomli-w": "1.2.0"}[name]
        return io.BytesIO(files_of_index(f"{name.replace('-', '_')}-{version}-py3-none-any.whl"))

    monkeypatch.setattr(locks.urllib.request, "urlopen", opened)
    made = locks.with_hashes(TEXT, "https://index.test/simple")
    assert made == TEXT.replace(OTHER, ONE).replace("1.2.0\n", f"1.2.0 \\\n    --hash=sha256:{ONE}\n")
    assert locks.with_hashes(made, "https://index.test/simple") == made


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ("pi_heif-1.4.0-cp311-cp311-win_amd64.whl", True),
        ("Pi.Heif-1.4.0-py3-none-any.whl", True),
        ("pi_heif-1.4.0-cp310-abi3-manylinux_2_28_x86_64.whl", True),
        ("pi_heif-1.4.0-cp312-cp312-win_amd64.whl", False),
        ("pi_heif-1.4.0.1-cp311-cp311-win_amd64.whl", False),
        ("pi_heif-1.4.0.tar.gz", False),
    ],
)
def test_only_wheels_of_that_version_for_this_python_count(file: str, fits: bool) -> None:
    assert locks.is_of(file, "pi-heif", "1.4.0") is fits


def test_torch_for_graphics_cards_is_in_no_lock() -> None:
    assert not locks.is_of("torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl", "torch", "2.13.0")
    assert locks.is_of("torch-2.13.0-cp311-cp311-win_amd64.whl", "torch", "2.13.0")


@pytest.mark.slow
def test_pip_refuses_a_file_with_another_sum(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0-py3-none-any.whl").write_bytes(b"not what was locked")
    (tmp_path / "one.lock").write_text(f"thing==1.0 \\\n    --hash=sha256:{ONE}\n")
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--find-links", str(tmp_path), "--require-hashes",
               "--target", str(tmp_path / "out"), "-r", str(tmp_path / "one.lock")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


def said(*parts: dict[str, Any]) -> str:
    return json.dumps({"dependencies": parts, "fixes": []})


RICH: dict[str, Any] = {"name": "rich", "version": "15.0.0", "vulns": []}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI and could not be audited: torch (2.13.0)"}
BAD = {**RICH, "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["15.1"], "description": "x"}]}


@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ([RICH], audit.CLEAN, "Nothing is known."),
        ([BAD], audit.KNOWN, "rich 15.0.0: PYSEC-1 CVE-1, mended in 15.1"),
        ([RICH, SKIPPED], audit.NOT_CHECKED, "NOT CHECKED: 1 packages"),
        ([BAD, SKIPPED], audit.KNOWN, "NOT CHECKED: 1 packages"),
        ([], audit.NOT_CHECKED, "Not checked"),
    ],
)
def test_clean_is_only_what_was_all_looked_up(parts: list[dict[str, Any]], code: int, words: str) -> None:
    answer = audit.understood(said(*parts), "")
    ended, text = audit.report({"one.lock": (max(1, len(parts)), answer)}, MOMENT)
    assert ended == code
    assert words in text
    assert ("Nothing is known." in text) is (code == audit.CLEAN)


def test_a_service_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "Traceback ...\nConnectionError: api.osv.dev\n")

    monkeypatch.setattr(audit.subprocess, "run", failed)
    answer = audit.asked(ROOT / "requirements-setup.lock")
    code, text = audit.report({"requirements-setup.lock": (1, answer)}, MOMENT)
    assert code == audit.NOT_CHECKED
    assert "pypi: ConnectionError: api.osv.dev; osv: ConnectionError: api.osv.dev" in text
