"""The house keeps its shape: which part may know which, read from the imports themselves."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("funil", "orchestration", "sources", "warehouse", "analyzers", "ml", "sandbox")
LEAVES = ("funil.errors", "funil.settings", "funil.staffing", "funil.tenants")

# part -> what of ours it may import besides itself; a part is the longest prefix that fits a module
ARROWS: dict[str, tuple[str, ...]] = {
    "funil": (),
    "funil.cli": PACKAGES,
    "orchestration": ("sources", "warehouse", "analyzers", "ml", *LEAVES),
    "sources": ("warehouse", "funil.errors", "funil.tenants"),
    "warehouse": LEAVES,
    "analyzers": (),
    "ml": (),
    "sandbox": (),
}
# what makes a part more than it should be: these must stay usable without
FOREIGN: dict[str, tuple[str, ...]] = {
    "funil": (),
    "funil.cli": (),
    "orchestration": (),
    "sources": ("dagster", "dbt"),
    "warehouse": ("dagster", "dbt"),
    "analyzers": ("dagster", "dbt", "psycopg", "psycopg2", "sqlalchemy"),
    "ml": ("dagster", "dbt", "psycopg", "psycopg2", "sqlalchemy"),
    "sandbox": ("dagster", "dbt"),
}
LONGEST = 400
# longer than that, and still one idea
ONE_IDEA_ALL_THE_SAME = {
    "sandbox/world/chatwoot.py": "everything one Chatwoot account can do, in the order it is asked for"
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a file, wherever in it: at the top, in a function, for the type checker only."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # `from funil import settings` names a module too
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from ((node.lineno, str(name.value)) for name in node.args[:1] if isinstance(name, ast.Constant))


def within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def part_of(module: str) -> str:
    return max((part for part in ARROWS if within(module, part)), key=len)


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git clone: there is no list of the project's own files")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", python_files(*PACKAGES), ids=module_of)
def test_imports_follow_the_arrows(path: Path) -> None:
    part = part_of(module_of(path))
    wrong = []
    for line, imported in imports_of(path):
        if any(within(imported, package) for package in PACKAGES):
            if within(imported, part) and part_of(imported) == part:
                continue
            if not any(within(imported, allowed) for allowed in ARROWS[part]):
                wrong.append(f"line {line}: {part} may not know {imported}")
        elif any(within(imported, foreign) for foreign in FOREIGN[part]):
            wrong.append(f"line {line}: {part} must work without {imported}")
        elif within(imported, "tests") or within(imported, "benchmarks"):
            wrong.append(f"line {line}: {imported} is not part of the product")
    assert not wrong, f"{path.relative_to(ROOT)}: " + "; ".join(wrong)


def test_every_folder_of_python_is_a_package() -> None:
    folders = {path.parent for path in python_files(*PACKAGES)}
    missing = sorted(str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists())
    assert not missing, f"no __init__.py in {missing}: an installed copy would lack these folders"


def test_every_package_is_there() -> None:
    assert [package for package in PACKAGES if not (ROOT / package / "__init__.py").exists()] == []


def test_no_file_holds_more_than_one_idea() -> None:
    long = {
        name: lines
        for path in python_files(*PACKAGES, "benchmarks")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
        and (name := str(path.relative_to(ROOT))) not in ONE_IDEA_ALL_THE_SAME
    }
    assert not long, f"more than {LONGEST} lines: {long}"


# written so that this file does not hold what it looks for
SECRETS = re.compile(
    r"sk-[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,}|xox[bap]-[0-9A-Za-z-]{10,}|-----BEGIN [A-Z ]*PRIVATE"
    + " KEY"
)
PERSONAL = re.compile(r"(?<![\w.])/(?:home|Users)/[a-z][\w.-]*/|(?<![\w.])/(?:root|wor" + r"k)/[\w.-]+")


def test_no_secret_and_no_ones_own_path_is_in_the_project() -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if SECRETS.search(line) or PERSONAL.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines]
    odd = [pin for pin in pins if pin and not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+(\s*;.*)?", pin)]
    assert not odd, odd
