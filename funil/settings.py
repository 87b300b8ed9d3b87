"""Every environment variable Funil reads, in one place (design: secrets come from the environment only)."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from funil.errors import FunilError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SANDBOX_TENANTS = Path("sandbox", "tenants.yaml")


class Settings(BaseSettings):
    """What the process was told by its environment, or by a `.env` file in the project."""

    model_config = SettingsConfigDict(
        env_prefix="FUNIL_", env_file=PROJECT_ROOT / ".env", extra="ignore", env_ignore_empty=True
    )

    home: Path = Field(
        default=PROJECT_ROOT / ".funil", description="state: embedded PostgreSQL, Dagster instance, logs"
    )
    database_url: SecretStr | None = Field(default=None, description="the warehouse; unset means the embedded server")
    tenants: Path | None = Field(default=None, description="path of tenants.yaml")
    erasure_key: SecretStr | None = Field(
        default=None, description="what erased people are recognised by; unset means FUNIL_HOME/erasure.key"
    )
    tenants_per_run: int = Field(default=25, ge=1, description="tenants one scheduled run works on")
    tenant_concurrency: int = Field(default=4, ge=1, description="tenants one step works on at the same time")

    @property
    def tenants_path(self) -> Path:
        """The tenants.yaml in force: FUNIL_TENANTS, else the project's, else the sandbox's (it may not exist yet)."""
        if self.tenants is not None:
            return self.tenants.expanduser().resolve()
        own = PROJECT_ROOT / "tenants.yaml"
        return own if own.exists() else self.home / SANDBOX_TENANTS

    @property
    def uses_sandbox(self) -> bool:
        """Whether the tenants are the sandbox's."""
        return self.tenants_path == self.home / SANDBOX_TENANTS


@cache
def load_settings() -> Settings:
    """The settings of this process, read once.

    Also puts what `.env` holds into `os.environ` (never over what is there), because tenants.yaml names variables of
    its own choosing. Raises FunilError naming the variable that cannot be used.
    """
    _export_env_file(PROJECT_ROOT / ".env")
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "FUNIL_" + str(first["loc"][0]).upper()
        raise FunilError(
            f"{variable} cannot be used: {first['msg'].lower()}. Correct it in the environment or in .env."
        ) from None
    if settings.database_url is not None and not settings.database_url.get_secret_value().strip():
        settings.database_url = None
    settings.home = settings.home.expanduser().resolve()
    return settings


def _export_env_file(path: Path) -> None:
    from dotenv import dotenv_values  # comes with pydantic-settings

    if path.exists():
        for name, value in dotenv_values(path).items():
            if value is not None:
                os.environ.setdefault(name, value)
