"""When things run: Dagster definitions only. An asset here calls sources/, warehouse/, analyzers/ or ml/.

definitions.py   what Dagster loads            run.py         one tick in this process, for `funil run`
assets/          the four steps and the gate   instance.py    Dagster's own storage and settings
tenant_work.py   how a step works tenants, and the only place that knows how one's failure stays its own
"""
