"""What is shipped is on the list of what others made."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTICES = ROOT / "docs" / "third-party.md"
LOCKED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
LISTED = re.compile(r"^\| ([a-z0-9._-]+) \| (\d\S*) \| (\S.*?) \|", re.MULTILINE)


def test_every_locked_package_is_listed_in_its_version_with_a_licence() -> None:
    listed = {(name, version) for name, version, _licence in LISTED.findall(NOTICES.read_text(encoding="utf-8"))}
    locked = set(LOCKED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8")))
    assert locked
    assert listed == locked


def test_what_may_not_be_in_an_installer_is_named() -> None:
    text = NOTICES.read_text(encoding="utf-8")
    assert all(word in text for word in ("LGPL-3", "libQt6Lottie", "libQt6QuickTimeline"))
