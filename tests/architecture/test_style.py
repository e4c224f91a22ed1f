"""The house rules that a machine can check, on every file of the project."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("daw_bridge", "plugin_host")


def files(*folders: str) -> Iterator[Path]:
    """Yield all Python files of `folders`."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def functions(*folders: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield all functions of `folders` with where they stand."""
    for path in files(*folders):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


MYPY = pytest.param(["mypy"], marks=pytest.mark.timeout(300))  # it takes a while where it remembers nothing


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], MYPY], ids=" ".join)
def test_the_linters_are_content(command: list[str]) -> None:
    """Ruff finds nothing, and mypy in strict mode finds nothing."""
    program = Path(sys.executable).with_name(command[0])
    outcome = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_rooms_are_small() -> None:
    """A module has at most 400 lines, a function at most 40."""
    large = [str(path.relative_to(ROOT)) for path in files(*PACKAGES) if len(path.read_text().splitlines()) > 400]
    assert large == []
    long = [where for where, node in functions(*PACKAGES) if (node.end_lineno or 0) - node.lineno >= 40]
    assert long == []


def test_no_function_has_a_flag() -> None:
    """A truth value as a parameter is two functions in one coat; a command line's options are what they are."""
    flags = [
        where
        for where, node in functions(*PACKAGES)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.annotation is not None and ast.unparse(argument.annotation) == "bool"
    ]
    assert [where for where in flags if not where.startswith("daw_bridge/cli/")] == []


def test_every_test_can_fail() -> None:
    """Each asserts something, or expects an error."""
    for where, node in functions("tests"):
        if node.name.startswith("test_"):
            body = ast.unparse(node)
            assert re.search(r"\bassert\b|pytest\.(raises|fail)\(|assert_\w+\(", body), where


def test_no_test_sleeps() -> None:
    """Whoever waits, waits for something."""
    for where, node in functions("tests"):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"time.sleep", "sleep"}:
                pytest.fail(f"{where} sleeps")


def test_nothing_is_left_for_later() -> None:
    """No note to self, and no path of somebody's machine, stands in the tree."""
    notes = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|(?<![\w./])/(home|root|Users)/\w")
    for path in files(*PACKAGES, "tests"):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            assert not notes.search(line), f"{path.relative_to(ROOT)}:{number}"


def test_the_top_of_the_tree_is_what_it_was_meant_to_be() -> None:
    """A visitor sees seven things, and dot-files."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    seen = {path.split("/")[0] for path in listed if path and not path.startswith(".")}
    assert seen <= {"LICENSE", "README.md", "daw_bridge", "plugin_host", "presets", "pyproject.toml", "tests"}
