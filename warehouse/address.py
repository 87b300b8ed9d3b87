"""PostgreSQL addresses as libpq URLs, with everything in them encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

WAREHOUSE_DATABASE = "funil"
LOOPBACK = "127.0.0.1"


def build_url(parameters: Mapping[str, str]) -> str:
    """A `postgresql://` URL from libpq's connection parameters (host, port, user, password, dbname and any option).

    A host that is a directory (a unix socket) goes into the query, where libpq, psycopg2 and SQLAlchemy all take it.
    """
    options = {
        name: value for name, value in parameters.items() if name not in ("user", "password", "dbname", "host", "port")
    }
    user, password = parameters.get("user", ""), parameters.get("password", "")
    host, port = parameters.get("host", ""), parameters.get("port", "")
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    authority = f"{credentials}@" if credentials else ""
    if host.startswith("/") or "," in host or "," in port:  # a socket's directory, or several hosts to try
        options |= {name: value for name, value in (("host", host), ("port", port)) if value}
    else:
        authority += (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
    query = f"?{urlencode(options, quote_via=quote, safe='')}" if options else ""
    return f"postgresql://{authority}/{quote(parameters.get('dbname', ''), safe='')}{query}"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the embedded server listens. The password opens TCP; the socket is closed to other users instead."""

    socket_dir: Path
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str = WAREHOUSE_DATABASE) -> str:
        """By the unix socket, without a password; by TCP if something (a cleaner of /tmp) has taken the socket away."""
        if not (self.socket_dir / f".s.PGSQL.{self.port}").exists():
            return self.tcp_url(database)
        return build_url({"host": str(self.socket_dir), "port": str(self.port), "user": self.user, "dbname": database})

    def tcp_url(self, database: str = WAREHOUSE_DATABASE) -> str:
        """By TCP on 127.0.0.1, with the password: what a BI tool is given."""
        return build_url(
            {"host": LOOPBACK, "port": str(self.port), "user": self.user, "password": self.password, "dbname": database}
        )
