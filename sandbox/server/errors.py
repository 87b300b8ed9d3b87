"""Chatwoot's error answers, word for word."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than 200, with its JSON body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def not_signed_in() -> ApiError:
    return ApiError(401, {"errors": ["You need to sign in or sign up before continuing."]})


def invalid_token() -> ApiError:
    return ApiError(401, {"error": "Invalid Access Token"})


def not_in_account() -> ApiError:
    return ApiError(401, {"error": "You are not authorized to access this account"})


def account_suspended() -> ApiError:
    return ApiError(401, {"error": "Account is suspended"})


def not_allowed() -> ApiError:
    """A wrong role is 401 too, not 403."""
    return ApiError(401, {"error": "You are not authorized to do this action"})


def not_for_bots() -> ApiError:
    return ApiError(401, {"error": "Access to this endpoint is not authorized for bots"})


def api_switched_off() -> ApiError:
    return ApiError(403, {"error": "API access is not enabled for this account"})


def not_found() -> ApiError:
    return ApiError(404, {"error": "Resource could not be found"})


def unprocessable(text: str) -> ApiError:
    return ApiError(422, {"error": text})


def internal_error() -> ApiError:
    return ApiError(500, {"status": 500, "error": "Internal Server Error"})
