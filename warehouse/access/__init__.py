"""Who may read the marts: logins of PostgreSQL's own, of one kind and of tenants.

roles       the kinds of logins, and the names of the group roles that make them
logins      granting, revoking and listing them
"""

from warehouse.access.logins import Login, grant_login, list_logins, revoke_login
from warehouse.access.roles import Kind

__all__ = ["Kind", "Login", "grant_login", "list_logins", "revoke_login"]
