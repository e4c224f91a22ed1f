"""The threat list is no list of promises: each row names tests that are there."""

import ast
from pathlib import Path

import pytest
from threats import THREATS

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("name", sorted({test for threat in THREATS for test in threat.tests}))
def test_every_test_that_the_threat_list_names_is_there(name: str) -> None:
    """In its file, and it is run: not marked to be skipped everywhere."""
    file, function = name.split("::")
    there = {
        node.name: node for node in ast.parse((TESTS / file).read_text()).body if isinstance(node, ast.FunctionDef)
    }
    assert function in there
    marks = [ast.unparse(mark) for mark in there[function].decorator_list]
    assert not any(mark.startswith(("pytest.mark.skip(", "pytest.mark.xfail")) for mark in marks)


def test_everybody_who_could_try_something_is_in_the_list() -> None:
    """The six: here, near by, in a browser, and three kinds of files from elsewhere; each row has a test."""
    assert len({threat.who for threat in THREATS}) == 6
    assert all(threat.tests for threat in THREATS)
