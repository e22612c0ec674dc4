"""The user guide: which file a link means, and what is said where there is none. No Qt."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pfm_desktop.support.language import tr

INDEX = "index.md"
MISSING = tr("# User guide\n\nThe guide was not installed with this program. `?` shows the keys of each page.")


def file_of(folder: Path, link: str) -> Path | None:
    """The file of the guide that a link names; None for one outside the guide's folder, or that is not there."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    root, path = folder.resolve(), (folder / unquote(parts.path)).resolve()
    return path if path.is_relative_to(root) and path.is_file() else None


def page_of(folder: Path, link: str) -> str:
    """The page of the guide that a link names; "" for none."""
    path = file_of(folder, link)
    return path.relative_to(folder.resolve()).as_posix() if path is not None and path.suffix == ".md" else ""


def text_of(folder: Path, name: str) -> str:
    """The Markdown of a page."""
    path = file_of(folder, name)
    try:
        return path.read_text(encoding="utf-8") if path is not None else MISSING
    except OSError:
        return MISSING


def outside(link: str) -> str:
    """What is said of a link that leads out of the guide."""
    if urlsplit(link).scheme in ("http", "https", "mailto"):
        return tr("This leads out of the program, which opens nothing on the net: {link}", link=link)
    return tr("There is no such page in the guide: {link}", link=link)
