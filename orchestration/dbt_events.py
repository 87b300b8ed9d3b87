"""dbt's events of level debug, made into messages only where they are logged. Who else listens in a process, listens to warnings."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
from dbt_common.events.event_manager import EventManager

MAKE_MESSAGE = BaseEvent.__init__
FIRE = EventManager.fire_event


def make_only_events_that_are_logged() -> None:
    message = cached_property(_message)
    message.__set_name__(DebugLevel, "pb_msg")
    DebugLevel.pb_msg = message
    DebugLevel.__init__ = _remember  # type: ignore[method-assign, assignment]
    EventManager.fire_event = _fire_if_logged  # type: ignore[method-assign]


def _remember(self: DebugLevel, *arguments: Any, **named: Any) -> None:
    vars(self)["made_of"] = (arguments, named)


def _message(self: DebugLevel) -> Any:
    arguments, named = vars(self)["made_of"]
    MAKE_MESSAGE(self, *arguments, **named)
    return vars(self)["pb_msg"]


def _fire_if_logged(
    self: EventManager,
    e: BaseEvent,
    level: EventLevel | None = None,
    node: Any = None,
    force_warn_or_error_handling: bool = False,
) -> None:
    is_debug = (level or e.level_tag()) == EventLevel.DEBUG
    if not is_debug or any(logger.level == EventLevel.DEBUG for logger in self.loggers):
        FIRE(self, e, level, node, force_warn_or_error_handling)
