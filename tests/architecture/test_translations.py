"""Words for people: they go through `tr`, Linguist finds them, and each language has them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pfm_desktop.support.language import LANGUAGES, catalogue_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "resources" / "translations"))

import update  # noqa: E402 - the script beside the catalogues

pytestmark = pytest.mark.slow

SHOWN_BY = {
    "setText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText", "setWindowTitle",
    "setTitle", "setTabText", "setStatusTip", "setWhatsThis", "setHeaderLabels", "setHorizontalHeaderLabels",
    "setSpecialValueText", "addRow", "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QAction", "QGroupBox",
    "QToolButton", "page_action", "UserError", "StorageError", "BadInputError",
}  # fmt: skip
TERMINAL = {"screenshot.py", "display.py", "phantoms.py", "selftest.py"}  # what it says there is English
_WORD = re.compile(r"\b(?!XXXX|Ctrl)[A-Za-z]{3,}")
NO_WORDS = {"pfm_desktop", "pfm_desktop -", "sRGB", "JPEG", "PNG", "DICOM", "CSV", "COCO"}
BRACES = re.compile(r"\{([A-Za-z_]\w*)[^{}]*\}")


@cache
def sources() -> tuple[tuple[Path, ast.Module], ...]:
    """The modules of the program."""
    return tuple(
        (path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted((ROOT / "pfm_desktop").rglob("*.py"))
    )


def name_of(call: ast.Call) -> str:
    """What is called."""
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Of `tr`."""
    return (one for one in ast.walk(tree) if isinstance(one, ast.Call) and name_of(one) == "tr")


@pytest.fixture(scope="module")
def wanted() -> set[tuple[str, str]]:
    return update.wanted()


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_word_is_left_untranslated(language: str, wanted: set[tuple[str, str]]) -> None:
    again = "python resources/translations/update.py, then translate what is unfinished"
    path = catalogue_file(language)
    has = {(source, comment) for source, comment, *_ in update.messages(path)}
    assert sorted(wanted - has)[:10] == [], again
    assert sorted(has - wanted)[:10] == [], again
    assert update.wrong(language, path)[:10] == [], again


def test_linguist_finds_what_the_program_asks_for(wanted: set[tuple[str, str]]) -> None:
    asked = set()
    for path, tree in sources():
        for call in calls(tree):
            first, comment = call.args[0], call.args[1] if len(call.args) > 1 else ast.Constant("")
            assert isinstance(first, ast.Constant), f"{path}:{call.lineno}: no literal"
            assert isinstance(comment, ast.Constant), f"{path}:{call.lineno}: the comment is no literal"
            asked.add((first.value, comment.value))
    assert asked == wanted


def test_what_is_filled_in_is_what_the_words_ask_for() -> None:
    wrong = []
    for path, tree in sources():
        for call in calls(tree):
            text, names = str(ast.literal_eval(call.args[0])), [one.arg for one in call.keywords]
            if names and None not in names and set(BRACES.findall(text)) != set(names):
                wrong.append(f"{path}:{call.lineno}: {text!r} {names}")
            if len(call.args) == 2 and names:  # lupdate takes it for a count
                wrong.append(f"{path}:{call.lineno}: a comment, and values, and no count")
    assert wrong == []


def test_words_of_the_window_go_through_tr() -> None:
    """Literal words that are handed to what shows them."""
    found = []
    for path, tree in sources():
        if path.parts[-2] in ("cli", "selftest") or path.name in TERMINAL:
            continue
        for call in (one for one in ast.walk(tree) if isinstance(one, ast.Call) and name_of(one) in SHOWN_BY):
            found += [f"{path.relative_to(ROOT)}:{call.lineno}: {words!r}" for words in bare(call)]
    assert found == []


def literals(given: ast.AST) -> Iterator[str]:
    """Words that stand in an argument as they are, also in a list, a choice or a sum."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    elif isinstance(given, ast.JoinedStr | ast.List | ast.Tuple | ast.IfExp | ast.BinOp | ast.Starred):
        for part in ast.iter_child_nodes(given):
            yield from literals(part)


def bare(call: ast.Call) -> Iterator[str]:
    """Words of a call that are shown as they stand; ids and keys of commands are none."""
    for given in [*call.args, *(one.value for one in call.keywords)]:
        for text in literals(given):
            is_id = name_of(call) == "page_action" and re.fullmatch(r"[\w.+]+", text)
            if _WORD.search(text) and text.strip() not in NO_WORDS and not is_id:
                yield text
