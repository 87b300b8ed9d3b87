"""How fast it is, for anyone to measure: `python -m benchmarks.pipeline`, `python -m benchmarks.tick_20_tenants`.

Seconds are this machine's; the ratios within one run are what can be compared between machines.
"""
