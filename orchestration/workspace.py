"""What every step needs: settings, warehouse and tenants, opened when a step runs and not when Dagster loads."""

from __future__ import annotations

from threading import Lock

import dagster as dg

from funil.settings import Settings, load_settings
from funil.tenants import TenantsFile, load_tenants
from warehouse.connect import Warehouse
from warehouse.migrate import migrate
from warehouse.tenants import StoredTenants, store_tenants

_opened: dict[tuple[str, str | None], Warehouse] = {}
_opening = Lock()


def open_warehouse(settings: Settings) -> Warehouse:
    """The migrated warehouse of these settings; opened once per process."""
    secret = settings.database_url
    url = secret.get_secret_value() if secret else None
    place = (str(settings.home), url)
    with _opening:
        if place not in _opened:
            warehouse = Warehouse.open(settings.home, url)
            migrate(warehouse.dsn)
            _opened[place] = warehouse
        return _opened[place]


class Workspace(dg.ConfigurableResource):
    """The place the environment names: FUNIL_HOME, FUNIL_DATABASE_URL, FUNIL_TENANTS."""

    @property
    def settings(self) -> Settings:
        return load_settings()

    @property
    def dsn(self) -> str:
        return open_warehouse(self.settings).dsn

    def tenants(self) -> TenantsFile:
        """tenants.yaml as it is now."""
        return load_tenants(self.settings.tenants_path)

    def store_tenants(self) -> StoredTenants:
        """Makes the warehouse's config tables say what tenants.yaml says; a tenant being synced has to wait for later."""
        file = self.tenants()
        return store_tenants(self.dsn, file.tenants, broken=file.errors.keys(), wait=False)
