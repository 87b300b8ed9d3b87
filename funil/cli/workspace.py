"""What nearly every command opens first: the settings, the warehouse (migrated) and the tenants."""

from __future__ import annotations

from dataclasses import dataclass

from funil.settings import Settings, load_settings
from funil.tenants import TenantsFile, load_tenants
from warehouse.connect import Warehouse
from warehouse.migrate import migrate


@dataclass(frozen=True)
class Workspace:
    settings: Settings
    warehouse: Warehouse

    def tenants(self) -> TenantsFile:
        return load_tenants(self.settings.tenants_path)


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse of these settings; starts the embedded server if that is what is in use."""
    secret = settings.database_url
    return Warehouse.open(settings.home, secret.get_secret_value() if secret else None)


def open_workspace() -> Workspace:
    """Settings and a migrated warehouse. Raises FunilError when either cannot be had."""
    settings = load_settings()
    warehouse = open_warehouse(settings)
    migrate(warehouse.dsn)
    return Workspace(settings, warehouse)
