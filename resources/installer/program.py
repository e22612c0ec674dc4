"""The files of the program itself that every bundle holds where `support/paths.py` looks for them."""

from __future__ import annotations

from pathlib import Path

RESOURCES = ("finder", "fonts", "icons", "words")


def data(root: Path) -> list[tuple[Path, str]]:
    """Files and folders of the checkout at `root`, and the folder of the bundle that each goes to, as PyInstaller."""
    resources = root / "resources"
    return [
        *((resources / name, f"resources/{name}") for name in RESOURCES),
        *((file, "resources/translations") for file in sorted((resources / "translations").glob("*.ts"))),
        (root / "models", "models"),
        (root / "docs" / "user", "docs/user"),
        (root / "LICENSE", "."),
        (root / "docs" / "third-party.md", "licenses"),
    ]
