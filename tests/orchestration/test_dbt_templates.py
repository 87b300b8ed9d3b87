"""Templates that were compiled once stay compiled, and a spoilt file of them spoils nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RENDER = """
import sys
from pathlib import Path
import jinja2
from orchestration.dbt_templates import keep_compiled_templates
generated = []
generate = jinja2.Environment._generate
jinja2.Environment._generate = lambda *given, **named: generated.append(1) or generate(*given, **named)
keep_compiled_templates(Path(sys.argv[1]))
text = jinja2.Environment().from_string("{% for n in [1, 2] %}{{ n + 1 }};{% endfor %}").render()
print(text, len(generated))
"""


def render(folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", RENDER, str(folder)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_next_process_compiles_nothing_again(tmp_path: Path) -> None:
    assert render(tmp_path) == "2;3; 1"
    assert render(tmp_path) == "2;3; 0"


@pytest.mark.parametrize("keep", [0, 7, 40])
def test_a_file_that_was_cut_off_is_begun_anew(tmp_path: Path, keep: int) -> None:
    render(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:keep])
    assert render(tmp_path) == "2;3; 1"
    assert render(tmp_path) == "2;3; 0"
