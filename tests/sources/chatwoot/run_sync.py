"""One sync in a process of its own, for tests that kill it: `python -m ... <tenant as JSON> <dsn> <mode>`.

Says "go" when it is about to begin and "done" when it has ended.
"""

from __future__ import annotations

import json
import sys
from typing import Literal, cast

from funil.tenants import Tenant
from sources.chatwoot.sync import sync_chatwoot


def main() -> None:
    tenant = Tenant.model_validate(json.loads(sys.argv[1]))
    print("go", flush=True)
    sync_chatwoot(tenant, sys.argv[2], mode=cast(Literal["auto", "reconcile"], sys.argv[3]))
    print("done", flush=True)


if __name__ == "__main__":
    main()
