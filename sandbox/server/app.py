"""A Chatwoot-compatible HTTP application over one account: the routes, and who may use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.server import contacts, conversations, csat, directory, filters, messages, reporting_events, reports, slas
from sandbox.server.endpoint import Call, Endpoint, Handler, no_route
from sandbox.server.installation import Installation
from sandbox.world.records import Account


def since(*version: int, enterprise: bool = False) -> Callable[[Account], bool]:
    return lambda account: account.version >= version and (account.enterprise or not enterprise)


ENTERPRISE = since(2, 0, 0, enterprise=True)


def create_app(account: Account | Installation, **options: Any) -> Starlette:
    """The installation is `app.state.installation`; `options` are Installation's."""
    installation = account if isinstance(account, Installation) else Installation(account, **options)
    app = Starlette(routes=routes_of(installation))
    app.state.installation = installation
    return app


def routes_of(installation: Installation) -> list[Route]:
    def route(path: str, name: str, handler: Handler, *, methods: tuple[str, ...] = ("GET",), **options: Any) -> Route:
        return Route(path, Endpoint(installation, name, handler, **options), methods=methods)

    def v1(path: str, name: str, handler: Handler, **options: Any) -> Route:
        return route("/api/v1/accounts/{account_id}" + path, name, handler, **options)

    def v2(path: str, name: str, handler: Handler, **options: Any) -> Route:
        return route("/api/v2/accounts/{account_id}" + path, name, handler, administrators_only=True, **options)

    def post(path: str, name: str, handler: Handler) -> Route:
        return v1(path, name, handler, methods=("POST",), reads_body=True)

    # looked through in order: the busiest first, fixed names before ids
    return [
        v1("/conversations/{conversation_id:int}/messages", "messages.list", messages.list_messages),
        v1("/conversations", "conversations.list", conversations.list_conversations),
        v1("/conversations/meta", "conversations.meta", conversations.count_conversations),
        post("/conversations/filter", "conversations.filter", filters.filter_conversations),
        v1(
            "/conversations/{conversation_id}/reporting_events",
            "conversations.reporting_events",
            conversations.conversation_reporting_events,
            exists=since(4, 8, 0, enterprise=True),
        ),
        v1(
            "/conversations/{conversation_id}/labels",
            "conversations.labels",
            conversations.conversation_labels,
            bots_too=True,
        ),
        v1("/conversations/{conversation_id}/messages", "messages.list", messages.list_messages),
        v1("/conversations/{conversation_id}", "conversations.show", conversations.show_conversation, bots_too=True),
        v1("/contacts", "contacts.list", contacts.list_contacts),
        v1("/contacts/search", "contacts.search", contacts.search_contacts),
        v1("/contacts/active", "contacts.active", contacts.active_contacts),
        post("/contacts/filter", "contacts.filter", filters.filter_contacts),
        v1("/contacts/{contact_id}", "contacts.show", contacts.show_contact),
        v1("/contacts/{contact_id}/conversations", "contacts.conversations", conversations.conversations_of_contact),
        v1("/contacts/{contact_id}/labels", "contacts.labels", contacts.contact_labels),
        v1("/inboxes", "inboxes.list", directory.list_inboxes),
        v1("/inboxes/{inbox_id}", "inboxes.show", directory.show_inbox),
        v1("/inbox_members/{inbox_id}", "inbox_members.list", directory.list_inbox_members),
        v1("/agents", "agents.list", directory.list_agents),
        v1("/teams", "teams.list", directory.list_teams),
        v1("/teams/{team_id}", "teams.show", directory.show_team),
        v1("/teams/{team_id}/team_members", "team_members.list", directory.list_team_members),
        v1("/labels", "labels.list", directory.list_labels),
        v1("/custom_attribute_definitions", "custom_attribute_definitions.list", directory.list_attribute_definitions),
        v1("/csat_survey_responses", "csat.list", csat.list_responses, administrators_only=True),
        v1("/csat_survey_responses/metrics", "csat.metrics", csat.response_metrics, administrators_only=True),
        v1(
            "/reporting_events",
            "reporting_events.list",
            reporting_events.list_events,
            administrators_only=True,
            exists=since(4, 8, 0, enterprise=True),
        ),
        v1("/sla_policies", "sla_policies.list", slas.list_policies, exists=ENTERPRISE),
        v1("/applied_slas", "applied_slas.list", slas.list_missed, administrators_only=True, exists=ENTERPRISE),
        v1("/applied_slas/metrics", "applied_slas.metrics", slas.metrics, administrators_only=True, exists=ENTERPRISE),
        v2("/reports", "reports.series", reports.series),
        v2("/reports/summary", "reports.summary", reports.summary),
        v2("/reports/bot_metrics", "reports.bot_metrics", reports.bot_metrics),
        v2("/reports/conversations", "reports.conversations", reports.conversations),
        v2("/summary_reports/{dimension}", "summary_reports", reports.summary_by),
        v1("", "account.show", directory.show_account),
        route("/api/v1/profile", "profile", directory.profile),
        route("/api", "version", directory.version, public=True),
        route("/{rest:path}", "unknown", _unknown, methods=("GET", "POST", "PUT", "PATCH", "DELETE"), public=True),
    ]


def _unknown(call: Call) -> Any:
    return no_route(call)
