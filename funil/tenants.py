"""tenants.yaml: who the tenants are, validated, with errors a person can act on.

One broken tenant never stops the others: `load_tenants` returns the good ones and a sentence for each bad one. Only
what makes the whole file unreadable (it is missing, it is not YAML, it has no list of tenants) raises.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from funil.errors import FunilError
from funil.opening_hours import Shift, parse_business_hours
from funil.service_levels import SlaSettings
from funil.staffing import StaffingSettings
from funil.strict import Strict

SLUG = re.compile(r"^[a-z][a-z0-9_]{1,39}$")
# for how long rows are kept unless the tenant says otherwise
RETENTION_MONTHS = 24
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ChatwootSettings(Strict):
    base_url: str
    account_id: int = Field(ge=1)
    api_token: SecretStr | None = None
    database_url: SecretStr | None = None
    requests_per_second: float = Field(default=45.0, gt=0)
    concurrency: int = Field(default=8, ge=1, le=64)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not re.match(r"^https?://[^\s/]+", value):
            raise ValueError("write the address of the Chatwoot server, such as https://chat.example.com")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_one_way_in(self) -> Self:
        if self.database_url is not None:
            raise ValueError("database_url is not read yet: give api_token, an administrator's access token")
        if self.api_token is None or not self.api_token.get_secret_value():
            raise ValueError("api_token is missing: give an administrator's access token")
        if not re.fullmatch(r"[!-~]+", self.api_token.get_secret_value()):
            # an HTTP library would refuse it later, and quote it
            raise ValueError("api_token holds a space, a line's end or a letter that no token has; copy it again")
        return self


class BotSettings(Strict):
    database_url: SecretStr
    schema_name: str = Field(default="public", alias="schema")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"^postgres(ql)?://", value.get_secret_value()):
            raise ValueError("write a PostgreSQL address, postgresql://user:password@host/database")
        return value


class AnalyzerSettings(Strict):
    """How a tenant's conversations are read; what concerns money and speed is about the engines that ask a language model."""

    engine: Literal["regex", "openai", "cascade"] = "regex"
    model: str | None = None
    monthly_budget_usd: Decimal | None = Field(default=None, ge=0)
    concurrency: int = Field(default=16, ge=1, le=256)
    min_new_messages: int = Field(default=1, ge=1)
    rollout_percent: float = Field(default=100.0, ge=0, le=100)
    cascade_threshold: float | None = Field(default=None, ge=0, le=1)


class Tenant(Strict):
    """One business. Secrets are SecretStr and show as asterisks wherever they are printed."""

    slug: str
    name: str = Field(min_length=1)
    vertical: Literal["gym", "clinic", "shop", "other"]
    timezone: str = "America/Sao_Paulo"
    locale: str = "pt-BR"
    currency: str = Field(default="BRL", pattern=r"^[A-Z]{3}$")
    country: str = Field(default="BR", pattern=r"^[A-Z]{2}$")
    subdivision: str | None = None
    chatwoot: ChatwootSettings | None = None
    bot: BotSettings | None = None
    analyzer: AnalyzerSettings = AnalyzerSettings()
    sla: SlaSettings = SlaSettings()
    business_hours: dict[str, str] = Field(default_factory=dict)
    holidays: Literal["public", "public+optional"] = "public+optional"
    closed_days: tuple[date, ...] = ()
    open_days: tuple[date, ...] = ()
    owner_cost_per_month: Decimal = Field(default=Decimal(0), ge=0)
    staffing: StaffingSettings | None = None
    retention_months: int = Field(default=RETENTION_MONTHS, ge=1, le=1200)

    @field_validator("slug")
    @classmethod
    def _is_slug(cls, value: str) -> str:
        if not SLUG.match(value):
            raise ValueError("use 2 to 40 lower-case letters, digits and underscores, beginning with a letter")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("this is not an IANA time zone; write one such as America/Sao_Paulo") from None
        return value

    @field_validator("business_hours")
    @classmethod
    def _are_hours(cls, value: dict[str, str]) -> dict[str, str]:
        parse_business_hours(value)
        return value

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.chatwoot is None and self.bot is None:
            raise ValueError("it has neither chatwoot nor bot: give at least one source")
        return self

    @model_validator(mode="after")
    def _promises_what_it_is_staffed_for(self) -> Self:
        if self.staffing is not None and self.staffing.within is None and self.sla.first_response is None:
            raise ValueError("staffing.within is missing, and sla.first_response too: give one, such as 5m")
        return self

    @property
    def shifts(self) -> list[Shift]:
        """The tenant's opening hours, by weekday and time; a shift past midnight is two."""
        return parse_business_hours(self.business_hours)


@dataclass(frozen=True)
class TenantsFile:
    """What tenants.yaml says: the tenants that are right, and a sentence for each that is not, by slug or place."""

    path: Path
    tenants: list[Tenant]
    errors: dict[str, str] = field(default_factory=dict)

    def named(self, slug: str) -> Tenant:
        """The tenant of that slug. Raises FunilError when the file has none, or a broken one."""
        for tenant in self.tenants:
            if tenant.slug == slug:
                return tenant
        if slug in self.errors:
            raise FunilError(self.errors[slug])
        known = ", ".join(sorted(tenant.slug for tenant in self.tenants)) or "none"
        raise FunilError(f"{self.path} has no tenant '{slug}'. The tenants it has: {known}.")


def load_tenants(path: Path) -> TenantsFile:
    """Reads and validates tenants.yaml, replacing `${NAME}` by the environment's values."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FunilError(
            f"There is no {path}. Copy tenants.example.yaml there, or run 'funil demo' to try the sandbox's tenants."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FunilError(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise FunilError(f"{path} is not valid YAML{place}. Mend it and run the command again.") from None
    if not isinstance(document, dict) or not isinstance(document.get("tenants"), list):
        raise FunilError(f"{path} must hold a list under the key 'tenants'. See tenants.example.yaml.")
    if extra := sorted(set(document) - {"tenants"}, key=str):
        raise FunilError(f"{path} has an unknown key '{extra[0]}' beside 'tenants'. Remove it.")
    return _validate(path, document["tenants"])


def _validate(path: Path, entries: list[Any]) -> TenantsFile:
    slugs = Counter(str(entry.get("slug")) for entry in entries if isinstance(entry, dict))
    tenants: list[Tenant] = []
    errors: dict[str, str] = {}
    for position, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("slug"), str):
            errors[f"#{position}"] = (
                f"{path}, tenant number {position}: 'slug' is missing. Give it a short name of its own."
            )
            continue
        slug = entry["slug"]
        if slugs[slug] > 1:
            errors[slug] = f"{path}: two tenants have the slug '{slug}'. Rename one of them."
            continue
        try:
            tenants.append(Tenant.model_validate(_substitute(entry)))
        except _MissingVariable as missing:
            errors[slug] = (
                f"{path}, tenant '{slug}', {missing.key}: the environment variable {missing.name} is not set. "
                "Set it in the environment or in .env."
            )
        except ValidationError as error:
            errors[slug] = f"{path}, tenant '{slug}', {_describe(error)}"
    return TenantsFile(path, tenants, errors)


class _MissingVariable(Exception):
    def __init__(self, key: str, name: str) -> None:
        self.key, self.name = key, name


def _substitute(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _substitute(item, f"{key}.{name}" if key else str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, key) for item in value]
    if isinstance(value, str):

        def replace(match: re.Match[str]) -> str:
            try:
                return os.environ[match[1]]
            except KeyError:
                raise _MissingVariable(key, match[1]) from None

        return _VARIABLE.sub(replace, value)
    return value


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{key}: this key is unknown. Remove it, or see tenants.example.yaml for its right name."
    if first["type"] == "missing":
        return f"{key}: it is missing. See tenants.example.yaml."
    message = first["msg"].removeprefix("Value error, ")
    return f"{key}: {message}." if key else f"{message}."
