"""uvicorn's HTTP protocol, with the connection within reach of a request: a fault may have to break it."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Puts the transport into the ASGI scope, where httptools builds it and where h11 does."""

    scope: Any
    transport: Any

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["sandbox.transport"] = self.transport

    def handle_events(self) -> None:
        super().handle_events()
        if self.scope is not None:
            self.scope["sandbox.transport"] = self.transport
