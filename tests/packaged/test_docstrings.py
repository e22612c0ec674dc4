"""Modules of others come along without their docstrings, and do the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from resources.installer import docstrings

SOURCE = '''"""Words about the module."""
from __future__ import annotations

LIST = """not a docstring"""


class Thing:
    "words about a thing"

    def nothing(self):
        """only words"""

    async def later(self) -> str:
        """words"""
        assert LIST
        return "kept"


def checked(value):
    """words"""
    assert value, "said"
    return f"{value}" """more"""
'''


def test_docstrings_go_and_all_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text(SOURCE, encoding="utf-8")
    code = docstrings.compiled(path)
    there: dict[str, object] = {"__name__": "one"}
    exec(code, there)
    thing, checked = there["Thing"], there["checked"]
    assert isinstance(thing, type)
    assert callable(checked)
    assert (there.get("__doc__"), thing.__doc__, thing.nothing.__doc__, checked.__doc__) == (None,) * 4
    assert thing().nothing() is None
    assert (there["LIST"], checked(1)) == ("not a docstring", "1more")
    with pytest.raises(AssertionError, match="said"):
        checked(0)
    assert checked.__code__.co_firstlineno == SOURCE[: SOURCE.index("def checked")].count("\n") + 1


def test_only_what_was_tried_goes_without() -> None:
    assert docstrings.is_compiled_here("torch.nn.functional")
    assert docstrings.is_compiled_here("sympy")
    assert not docstrings.is_compiled_here("torchgen.model")
    assert not docstrings.is_compiled_here("pfm_desktop.cli.main")
