"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pfm_desktop"
TOP_LEVEL = {
    "pfm_desktop", "resources", "models", "tests", "benchmarks", "docs", "pyproject.toml", "build_installer.py",
    "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock", "requirements-dev.lock",
    "requirements-build.lock", "requirements-setup.lock", "requirements-tools.lock",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def parsed() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in modules()]


@cache
def definitions() -> list[tuple[Path, ast.AST]]:
    """Functions, classes and imports, wherever they stand."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ImportFrom
    return [(path, node) for path, tree in parsed() for node in ast.walk(tree) if isinstance(node, kinds)]


def share(values: list[int], quantile: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * quantile))]


def test_modules_stay_small() -> None:
    lengths = [length(path) for path in modules() if length(path) > 0]
    assert statistics.median(lengths) <= 130
    assert share(lengths, 0.95) <= 450
    assert max(lengths) <= 700


def test_functions_stay_small() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for _, node in definitions()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= 10
    assert share(lengths, 0.95) <= 45


def test_no_class_has_more_than_twenty_five_public_methods() -> None:
    wide = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path, node in definitions()
        if isinstance(node, ast.ClassDef)
        and sum(isinstance(item, ast.FunctionDef) and not item.name.startswith("_") for item in node.body) > 25
    ]
    assert not wide


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path, tree in parsed() if length(path) > 0 and ast.get_docstring(tree) is None
    ]
    assert not silent


def test_pages_do_not_import_each_other() -> None:
    """A page is a module of gui/pages, or a folder there whose modules are its parts."""
    home = PACKAGE / "gui" / "pages"
    start = "pfm_desktop.gui.pages."
    crossing = [
        f"{path.relative_to(home)} imports {node.module}"
        for path, node in definitions()
        if isinstance(node, ast.ImportFrom)
        and home in path.parents
        and (node.module or "").startswith(start)
        and (node.module or "").removeprefix(start).split(".")[0] != path.relative_to(home).with_suffix("").parts[0]
    ]
    assert not crossing


def kept_at_the_top(root: Path) -> set[str]:
    """What git keeps at the top of `root`; outside a git checkout, what lies there and .gitignore does not name."""
    import subprocess

    done = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False)
    if done.stdout:
        return {line.split("/", 1)[0] for line in done.stdout.splitlines()}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    made = [pattern.strip("/") for pattern in ignored]
    return {path.name for path in root.iterdir() if not any(path.match(pattern) for pattern in made)}


def test_nothing_strange_lies_at_the_top() -> None:
    assert {name for name in kept_at_the_top(ROOT) if not name.startswith(".")} <= TOP_LEVEL


def test_what_is_strange_at_the_top_is_seen_outside_a_git_checkout_too(tmp_path: Path) -> None:
    for name in ("README.md", "scratch.py", "out", "pfm_desktop.egg-info"):
        (tmp_path / name).mkdir()
    assert kept_at_the_top(tmp_path) - TOP_LEVEL == {"scratch.py"}


MEASURES = ("accuracy ", "recall ", "kappa ", "sensitivity ", "pointing", "auroc")
DOCUMENTS = [
    ROOT / "README.md", ROOT / "docs" / "heatmaps.md", ROOT / "docs" / "familiarity.md", *ROOT.glob("models/*/CARD.md"),
]  # fmt: skip


def sentences(markdown: str) -> list[str]:
    """The sentences of a page, however its lines are broken; each row of a table together with the table's head."""
    found, block, head = [], "", ""
    for line in [*(line.strip() for line in markdown.splitlines()), ""]:
        starts = re.match(r"[-*] |\d+\. |#", line)
        if starts or not line or line.startswith("|"):
            found += re.split(r"(?<=[.!?])[*)]* (?=[^a-z])", block)
            block = ""
        if line.startswith("|"):
            head = head or line
            found.append(head if line == head else f"{head} {line}")
        else:
            head = ""
            block = f"{block} {line[starts.end() :] if starts else line}".strip()
    return [sentence for sentence in found if sentence]


def without_phantoms(markdown: str) -> list[str]:
    """The sentences that give a figure of `MEASURES` and do not say that it is one of phantoms."""
    return [
        sentence
        for sentence in sentences(markdown)
        if any(word in sentence.lower() for word in MEASURES)
        and any(character.isdigit() for character in sentence)
        and "phantom" not in sentence.lower()
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_phantom_figure_says_so_in_its_sentence(path: Path) -> None:
    assert not without_phantoms(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "silent",
    [
        "On phantoms it is well. Pointing game 0.5 (0.4-0.6).",
        "- on phantoms, white light: recall 0.6\n- accuracy 0.5",
        "**It falls short, on phantoms.** In the pointing\n  game 0.5.",
        "On phantoms:\n\n| map | pointing game |\n|---|---|\n| LayerCAM | 0.5 |",
        "1. AUROC 0.5",
    ],
)
def test_a_figure_that_only_its_neighbours_call_one_of_phantoms_is_found(silent: str) -> None:
    assert len(without_phantoms(silent)) == 1


@pytest.mark.parametrize(
    "honest",
    [
        "The pointing game\nreaches 0.5 (0.4-0.6) on\nphantoms. Recall is another thing.",
        "| on phantoms | pointing game |\n|---|---|\n| LayerCAM | 0.5 |\n\nNone has 2 heads.",
        "2. The pointing game counts.",
    ],
)
def test_a_figure_that_says_so_across_lines_or_in_the_head_of_its_table_passes(honest: str) -> None:
    assert not without_phantoms(honest)
