"""Whether a tenant's Chatwoot can be read with the credentials it has: for `funil tenants check`."""

from __future__ import annotations

from collections.abc import Callable

from funil.tenants import Tenant
from sources.chatwoot.client import ChatwootClient
from sources.chatwoot.connection import Connection
from sources.chatwoot.errors import BadToken, ChatwootError
from sources.chatwoot.retry import RetryPolicy


def _once(tenant: Tenant) -> Connection:
    """A person is waiting: one more try is enough."""
    return Connection(tenant, retry=RetryPolicy(attempts=2))


def check_chatwoot(tenant: Tenant, *, connect: Callable[[Tenant], Connection] = _once) -> str:
    """A sentence on what the token opens. Raises ChatwootError with one on what does not work and how to mend it."""
    with connect(tenant) as connection:
        client = ChatwootClient(connection)
        profile = client.profile()
        account = next(
            (account for account in profile.get("accounts", []) if account.get("id") == connection.account_id), None
        )
        if account is None:
            open_to = ", ".join(str(account.get("id")) for account in profile.get("accounts", [])) or "none"
            raise BadToken(
                f"Tenant '{tenant.slug}': the token's user is not in account {connection.account_id} "
                f"(accounts it is in: {open_to}). Correct chatwoot.account_id or chatwoot.api_token."
            )
        if account.get("role") != "administrator":
            raise BadToken(
                f"Tenant '{tenant.slug}': the token's user is {account.get('role') or 'no administrator'} in account "
                f"{connection.account_id}, and would see only a part. Set chatwoot.api_token to an administrator's."
            )
        total = client.conversations(1, "created_at_asc").total
        if total is None:
            raise ChatwootError(f"Tenant '{tenant.slug}': Chatwoot does not say how many conversations there are.")
        return f"account {connection.account_id} ({account.get('name')}), {total} conversations"
