"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import statistics
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pfm_desktop"
TOP_LEVEL = {
    "pfm_desktop", "resources", "models", "tests", "benchmarks", "docs", "pyproject.toml", "build_installer.py",
    "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock", "requirements-dev.lock",
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


def test_a_phantom_figure_says_so_in_its_sentence() -> None:
    """Each line of the README and the cards that gives accuracy, recall or kappa says "on phantoms"."""
    documents = [ROOT / "README.md", *ROOT.glob("models/*/CARD.md")]
    wrong = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in documents
        if path.exists()
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(word in line.lower() for word in ("accuracy ", "recall ", "kappa ", "sensitivity "))
        and any(character.isdigit() for character in line)
        and "phantom" not in line.lower()
    ]
    assert not wrong
