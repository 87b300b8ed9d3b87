"""From nothing to the marts, and again: `python -m benchmarks.pipeline [--scale 1] [--seed 7]`."""

from __future__ import annotations

import argparse
import sys

from benchmarks.stage import measure, show, stage

FIRST, NOTHING, SIX_HOURS, FULL = "first sync to marts", "nothing changed", "after six hours", "full refresh"


def main() -> int:
    """Runs the three pretend tenants through four ticks; exit 1 if one took longer than it may at full scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 4,200 conversations")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with stage((options.seed,), options.scale) as worlds:
        measured = [measure(worlds, FIRST), measure(worlds, NOTHING)]
        worlds.advance(6, unannounced=False)
        measured += [measure(worlds, SIX_HOURS), measure(worlds, FULL, "--full-refresh")]
        held = show(
            f"Three tenants, scale {options.scale:g}",
            measured,
            tenants=len(worlds.tenants),
            limits={FIRST: 90, NOTHING: 25},
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
