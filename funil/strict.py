"""What every model of tenants.yaml is: closed to unknown keys, unchangeable, and silent about what it was given."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
