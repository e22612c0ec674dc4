"""The user guide: its pages, pictures and links, and which file a link means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from pfm_desktop.support.paths import user_guide_dir
from pfm_desktop.viewmodels import guide

FOLDER = user_guide_dir()
PAGES = sorted(path.name for path in FOLDER.glob("*.md"))
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)]+)\)")
MOST_BYTES = 150_000
WANTED = {
    "index.md", "first-steps.md", "review.md", "drawing-and-biopsies.md", "histology.md", "capture.md", "annotate.md",
    "learning.md", "library-and-safety.md", "troubleshooting.md", "keys.md",
}  # fmt: skip


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def links(name: str) -> list[tuple[bool, str, str]]:
    """Whether it is a picture, its words, where it leads."""
    return [(bool(mark), words, to) for mark, words, to in LINK.findall(text(name))]


def test_all_pages_are_there_and_the_contents_lead_to_each() -> None:
    assert set(PAGES) == WANTED
    assert {to for picture, _, to in links("index.md") if not picture} == WANTED - {"index.md"}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere_within_the_guide(name: str) -> None:
    for picture, _, to in links(name):
        assert guide.file_of(FOLDER, to) is not None, to
        assert picture or guide.page_of(FOLDER, to)


def test_every_picture_is_named_by_a_page_and_every_named_one_is_there() -> None:
    named = {to for name in PAGES for picture, _, to in links(name) if picture}
    there = {f"pictures/{path.name}" for path in (FOLDER / "pictures").iterdir()}
    assert named == there


@pytest.mark.parametrize("path", sorted((FOLDER / "pictures").iterdir()), ids=lambda path: path.stem)
def test_pictures_are_of_one_window_and_small(path: Path) -> None:
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", (1366, 768))
    assert path.stat().st_size <= MOST_BYTES


@pytest.mark.parametrize("name", [name for name in PAGES if "pictures/" in text(name)])
def test_captions_say_that_what_is_seen_are_phantoms(name: str) -> None:
    for picture, words, _ in links(name):
        if picture:
            assert "phantom" in words, words


def test_wherever_the_answer_of_a_model_is_explained_it_is_called_investigational() -> None:
    for name in ("index.md", "review.md", "learning.md"):
        assert "Investigational - not for diagnosis" in text(name)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("index.md", "keys.md")])
def test_each_page_says_what_it_is_for_and_what_can_go_wrong(name: str) -> None:
    said = text(name)
    assert said.startswith("# ")
    assert "What it is for." in said or "**Messages**" in said
    assert "What can go wrong" in said or "What you see" in said or "does not do" in said
    assert len(said.split()) < 650, "short pages"


def test_a_link_out_of_the_guide_is_no_file_of_it(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "index.md").write_text("# A", encoding="utf-8")
    (tmp_path / "secret.md").write_text("x", encoding="utf-8")
    folder = tmp_path / "guide"
    assert guide.page_of(folder, "index.md") == "index.md"
    assert guide.page_of(folder, "index.md#part") == "index.md"
    for link in ("../secret.md", "https://example.org/index.md", "file:///etc/passwd", "/etc/passwd", "", "none.md"):
        assert guide.file_of(folder, link) is None, link
    assert "opens nothing on the net" in guide.outside("https://example.org")
    assert "no such page" in guide.outside("none.md")


def test_a_guide_that_is_not_installed_is_said(tmp_path: Path) -> None:
    assert "not installed" in guide.text_of(tmp_path, guide.INDEX)
