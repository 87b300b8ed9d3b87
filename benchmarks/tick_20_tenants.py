"""One tick over twenty tenants with nothing to do: `python -m benchmarks.tick_20_tenants [--tenants 20]`."""

from __future__ import annotations

import argparse
import sys

from benchmarks.stage import measure, show, stage

FIRST, NOTHING = "first sync to marts", "nothing changed"
TENANTS_PER_WORLD = 3


def main() -> int:
    """Times whole processes; exit 1 if a tick with nothing to do took longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--tenants", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    seeds = range(1, -(-options.tenants // TENANTS_PER_WORLD) + 1)
    with stage(seeds, options.scale, tenants=options.tenants) as worlds:
        measured = [measure(worlds, FIRST), *(measure(worlds, NOTHING) for _ in range(options.rounds))]
        held = show(
            f"{len(worlds.tenants)} tenants, scale {options.scale:g}",
            measured,
            tenants=len(worlds.tenants),
            limits={NOTHING: 20},
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
