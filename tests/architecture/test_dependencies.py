"""What we stand on is what we say: each library that is imported is declared, and each that is here is as declared."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = [
    *PROJECT["dependencies"],
    *(row for name, rows in PROJECT["optional-dependencies"].items() if name != "test" for row in rows),
]
ALL = [*RUNTIME, *PROJECT["optional-dependencies"]["test"]]


def name_of(row: str) -> str:
    """Return the name of a requirement as the index normalises it."""
    return re.sub(r"[-_.]+", "-", Requirement(row).name).lower()


def imported() -> Iterator[str]:
    """Yield the top names of all that the two packages import, but what Python brings and themselves."""
    for package in ("daw_bridge", "plugin_host"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                yield from (name.split(".")[0] for name in names)


def test_every_library_that_is_imported_is_declared() -> None:
    """Nothing is used that only came along with something else."""
    declared = {name_of(row) for row in RUNTIME}
    owners = packages_distributions()
    for name in set(imported()) - sys.stdlib_module_names - {"daw_bridge", "plugin_host"}:
        found = {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners.get(name, ())}
        assert not found or found & declared, name


@pytest.mark.parametrize("row", [row for row in ALL if not row.startswith("daw-bridge")])
def test_what_is_installed_is_what_is_declared(row: str) -> None:
    """In its range, which has a lower end; what is not installed is nobody's fault here."""
    wanted = Requirement(row)
    assert wanted.specifier, f"{row} takes any version, known faults included"
    if wanted.marker is None or wanted.marker.evaluate():
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            return
        assert wanted.specifier.contains(found, prereleases=True), f"{wanted.name} {found} is not {wanted.specifier}"
