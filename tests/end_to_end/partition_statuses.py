"""What the Dagster UI shows of each tenant: `python -m tests.end_to_end.partition_statuses raw_chatwoot/conversations`.

Runs in a process of its own, with the environment of the installation asked about; prints JSON: asset -> tenant -> status.
"""

from __future__ import annotations

import json
import sys

import dagster as dg

TENANTS = dg.DynamicPartitionsDefinition(name="tenant")


def main(assets: list[str]) -> None:
    with dg.DagsterInstance.get() as instance:
        tenants = instance.get_dynamic_partitions("tenant")
        shown = {}
        for asset in assets:
            statuses = instance.get_status_by_partition(dg.AssetKey(asset.split("/")), tenants, TENANTS) or {}
            shown[asset] = {tenant: status.value if status else None for tenant, status in statuses.items()}
    print(json.dumps(shown))


if __name__ == "__main__":
    main(sys.argv[1:])
