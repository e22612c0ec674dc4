"""What `make test-quick` leaves out without looking at it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def whole_file(pytestconfig: pytest.Config) -> re.Pattern[str]:
    """By which the run tells a file that is slow as a whole."""
    plugins = pytestconfig.pluginmanager.get_plugins()
    return next(plugin.WHOLE_FILE for plugin in plugins if hasattr(plugin, "WHOLE_FILE"))


def slow_as_a_whole(text: str) -> bool:
    return any(
        isinstance(node, ast.Assign) and ast.unparse(node).startswith("pytestmark") and "mark.slow" in ast.unparse(node)
        for node in ast.parse(text).body
    )


def test_a_file_is_left_out_unread_exactly_when_all_of_it_is_slow(whole_file: re.Pattern[str]) -> None:
    seen = 0
    for path in TESTS.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "pytestmark" in text:
            seen += 1
            assert bool(whole_file.search(text)) == slow_as_a_whole(text), path
    assert seen > 10


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("pytestmark = pytest.mark.slow\n", True),
        ("x = 1\n\npytestmark = [pytest.mark.slow, pytest.mark.skipif(True, reason='')]\n", True),
        ("pytestmark = pytest.mark.slow  # many pictures\n", True),
        ("@pytest.mark.slow\ndef test_one() -> None: ...\n", False),
        ("pytestmark = pytest.mark.slower\n", False),
        ("class TestOne:\n    pytestmark = pytest.mark.slow\n", False),
    ],
)
def test_one_slow_test_does_not_take_its_file_along(whole_file: re.Pattern[str], text: str, left_out: bool) -> None:
    assert bool(whole_file.search(text)) == left_out
