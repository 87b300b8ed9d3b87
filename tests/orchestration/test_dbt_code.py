"""Templates and classes that were compiled once stay compiled, and a spoilt file of them spoils nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# prints what a template, a class of dataclasses and one of mashumaro do, and how often each kind was compiled
PROCESS = """
import builtins, sys
from dataclasses import dataclass
from pathlib import Path
import jinja2
from orchestration import dbt_code
compiled = {"templates": 0, "classes": 0}
generate = jinja2.Environment._generate
def generating(*given, **named):
    compiled["templates"] += 1
    return generate(*given, **named)
jinja2.Environment._generate = generating
def compiling(*given, **named):
    compiled["classes"] += 1
    return builtins.compile(*given, **named)
dbt_code.compile = compiling
dbt_code.keep_compiled_code(Path(sys.argv[1]))
text = jinja2.Environment().from_string("{% for n in [1, 2] %}{{ n + 1 }};{% endfor %}").render()
from mashumaro import DataClassDictMixin
@dataclass(order=True)
class Point(DataClassDictMixin):
    x: int
    y: int | str = 2
print(text, Point(1) < Point(2), Point.from_dict(Point(3).to_dict()), compiled["templates"], compiled["classes"] > 0)
"""
WORKS = "2;3; True Point(x=3, y=2)"


def run(folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", PROCESS, str(folder)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_next_process_compiles_nothing_again_and_does_the_same(tmp_path: Path) -> None:
    assert run(tmp_path) == f"{WORKS} 1 True"
    (kept,) = tmp_path.iterdir()
    content = kept.read_bytes()
    assert run(tmp_path) == f"{WORKS} 0 False"
    assert kept.read_bytes() == content  # nothing is kept under a name that no process has again


@pytest.mark.parametrize("keep", [0, 7, 40])
def test_a_file_that_was_cut_off_is_begun_anew(tmp_path: Path, keep: int) -> None:
    run(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:keep])
    assert run(tmp_path) == f"{WORKS} 1 True"
    assert run(tmp_path) == f"{WORKS} 0 False"
