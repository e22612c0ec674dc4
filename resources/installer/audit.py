"""Asks for known vulnerabilities of everything that the locks name, and writes what was said into `dist/audit.txt`:

    make audit

Ends with 0 where all was looked up and nothing is known, with 1 where something is, and with 3 where not everything
could be looked up: pip-audit itself calls a package clean that its service did not answer for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from resources.installer.locks import LOCKS, ROOT, hashes_of

SERVICES = ("pypi", "osv")  # the second is asked where the first does not answer
CLEAN, KNOWN, NOT_CHECKED = 0, 1, 3


@dataclass(frozen=True)
class Answer:
    """What a service said of a lock: packages that it answered for, what is known of them, and why not of all."""

    answered: frozenset[str]
    known: tuple[str, ...]
    failed: str = ""


def understood(said: str, failed: str) -> Answer:
    """Of pip-audit's JSON; `failed` is what it wrote beside it."""
    try:
        parts: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answer(frozenset(), (), failed.strip().splitlines()[-1] if failed.strip() else "it said nothing")
    left = [part["skip_reason"] for part in parts if "skip_reason" in part]
    return Answer(
        frozenset(part["name"] for part in parts if "skip_reason" not in part),
        tuple(
            f"{part['name']} {part['version']}: {one['id']} {' '.join(one.get('aliases', ()))}, mended in "
            f"{' '.join(one['fix_versions']) or 'no version'}"
            for part in parts
            for one in part.get("vulns", ())
        ),
        left[0] if left else "",
    )


def asked(lock: Path) -> Answer:
    """What is known of the packages of `lock`, of the service that answers for most of them."""
    answers = []
    for service in SERVICES:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip",
             "--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        answers.append(understood(done.stdout, done.stderr))
        if len(answers[-1].answered) == len(hashes_of(lock)):
            break
    said = "; ".join(f"{service}: {one.failed}" for service, one in zip(SERVICES, answers, strict=False) if one.failed)
    return replace(max(answers, key=lambda one: len(one.answered)), failed=said)


def report(answers: dict[str, tuple[int, Answer]], moment: datetime) -> tuple[int, str]:
    """Exit code, and what a person reads. `answers`: how many packages a lock has, and what was said of them."""
    lines, code = [f"Known vulnerabilities, asked on {moment:%Y-%m-%d %H:%M} UTC"], CLEAN
    for lock, (count, answer) in answers.items():
        missing = count - len(answer.answered)
        lines.append(f"{lock}: {len(answer.answered)} of {count} packages looked up, {len(answer.known)} known")
        lines += [f"  {line}" for line in answer.known]
        if missing:
            lines.append(f"  NOT CHECKED: {missing} packages. {answer.failed}")
    if any(count > len(answer.answered) for count, answer in answers.values()):
        code = NOT_CHECKED
        lines.append("Not checked: the service did not answer for everything. This says nothing about what is missing.")
    if any(answer.known for _, answer in answers.values()):
        code = KNOWN
        lines.append("Something is known: look at what is mended in which version, then make locks UPGRADE=--upgrade.")
    if code == CLEAN:
        lines.append("Nothing is known.")
    return code, "\n".join(lines) + "\n"


def main() -> int:
    """All locks; the code is that of `report`."""
    answers = {lock: (len(hashes_of(ROOT / lock)), asked(ROOT / lock)) for lock in LOCKS}
    code, text = report(answers, datetime.now(UTC))
    out = ROOT / "dist" / "audit.txt"
    out.parent.mkdir(exist_ok=True)
    out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
