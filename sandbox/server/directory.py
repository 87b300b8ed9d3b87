"""Who and what an account consists of: profile, agents, teams, inboxes with their secrets, labels, definitions."""

from __future__ import annotations

from typing import Any

from sandbox.server import errors
from sandbox.server.endpoint import Call
from sandbox.server.times import iso
from sandbox.world.records import Inbox, Team

ATTRIBUTE_MODELS = {"0": "conversation_attribute", "1": "contact_attribute", "2": "company_attribute"}


def version(call: Call) -> Any:
    number = ".".join(map(str, call.account.version))
    return {
        "version": number,
        "timestamp": f"{call.account.now:%Y-%m-%d %H:%M:%S}",
        "queue_services": "ok",
        "data_services": "ok",
    }


def profile(call: Call) -> Any:
    account, user, secret = call.account, call.viewer.user, call.installation.serializer.secret
    if user is None:
        raise errors.not_for_bots()
    return {
        "access_token": account.api_token if user.role == "administrator" else secret(f"token/{user.id}"),
        "account_id": account.id,
        "available_name": user.name,
        "avatar_url": "",
        "confirmed": True,
        "display_name": None,
        "message_signature": None,
        "email": user.email,
        "hmac_identifier": secret(f"hmac/{user.id}"),
        "id": user.id,
        "inviter_id": None,
        "name": user.name,
        "provider": "email",
        "pubsub_token": secret(f"pubsub/{user.id}"),
        "role": user.role,
        "ui_settings": {},
        "uid": user.email,
        "type": None,
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "status": "suspended" if call.installation.suspended else "active",
                "active_at": iso(account.now),
                "role": user.role,
                "permissions": [user.role],
                "availability": user.availability_status,
                "availability_status": user.availability_status,
                "auto_offline": True,
                "api_and_webhooks": not call.installation.api_switched_off,
                "onboarding_step": None,
            }
        ],
    }


def show_account(call: Call) -> Any:
    account = call.account
    return {
        "settings": {"auto_resolve_after": None},
        "created_at": iso(min((c.created_at for c in account.contacts.values()), default=account.now)),
        "custom_attributes": {},
        "domain": None,
        "features": {"sla": True} if account.enterprise and account.sla_policies else {},
        "id": account.id,
        "locale": account.locale,
        "name": account.name,
        "support_email": "support@example.com",
        "status": "active",
        "cache_keys": {"label": "1", "inbox": "1", "team": "1"},
    }


def list_agents(call: Call) -> Any:
    """Current members only: who has left is in no list, though their messages stay."""
    return [call.installation.serializer.agent(user) for user in call.account.users.values()]


def list_teams(call: Call) -> Any:
    return [call.installation.serializer.team(team, call.viewer.user_id) for team in call.account.teams.values()]


def show_team(call: Call) -> Any:
    return call.installation.serializer.team(_team(call), call.viewer.user_id)


def list_team_members(call: Call) -> Any:
    return _agents(call, _team(call).member_ids)


def _team(call: Call) -> Team:
    team = call.account.teams.get(call.path_id("team_id"))
    if team is None:
        raise errors.not_found()
    return team


def _agents(call: Call, ids: list[int]) -> list[Any]:
    users = call.account.users
    return [call.installation.serializer.agent(users[user_id]) for user_id in ids if user_id in users]


def list_inbox_members(call: Call) -> Any:
    return {"payload": _agents(call, _inbox(call).member_ids)}


def list_inboxes(call: Call) -> Any:
    inboxes = sorted(call.account.inboxes.values(), key=lambda inbox: inbox.name.lower())
    return {"payload": [_shown(call, inbox) for inbox in inboxes if _visible(call, inbox)]}


def show_inbox(call: Call) -> Any:
    return _shown(call, _inbox(call))


def _inbox(call: Call) -> Inbox:
    inbox = call.account.inboxes.get(call.path_id("inbox_id"))
    if inbox is None:
        raise errors.not_found()
    if not _visible(call, inbox):
        raise errors.not_allowed()
    return inbox


def _visible(call: Call, inbox: Inbox) -> bool:
    return call.viewer.inbox_ids is None or inbox.id in call.viewer.inbox_ids


def list_labels(call: Call) -> Any:
    return {
        "payload": [
            {
                "id": label.id,
                "title": label.title,
                "description": label.description,
                "color": label.color,
                "show_on_sidebar": label.show_on_sidebar,
            }
            for label in sorted(call.account.labels.values(), key=lambda label: label.title)
        ]
    }


def list_attribute_definitions(call: Call) -> Any:
    model = call.param("attribute_model")
    wanted = ATTRIBUTE_MODELS.get(model, model) if model else None
    return [
        {
            "id": position,
            "attribute_display_name": key.replace("_", " ").capitalize(),
            "attribute_display_type": display_type,
            "attribute_description": "",
            "attribute_key": key,
            "regex_pattern": None,
            "regex_cue": None,
            "attribute_values": [],
            "attribute_model": attribute_model,
            "default_value": None,
            "created_at": iso(call.account.now),
            "updated_at": iso(call.account.now),
        }
        for position, ((attribute_model, key), display_type) in enumerate(
            call.installation.index.custom_attributes.items(), start=1
        )
        if wanted is None or attribute_model == wanted
    ]


def _shown(call: Call, inbox: Inbox) -> Any:
    """Chatwoot mixes the channel's settings, and to administrators its secrets, into the inbox."""
    shown: dict[str, Any] = {
        "id": inbox.id,
        "avatar_url": "",
        "channel_id": inbox.id,
        "name": inbox.name,
        "channel_type": inbox.channel_type,
        "greeting_enabled": False,
        "greeting_message": None,
        "working_hours_enabled": inbox.working_hours_enabled,
        "enable_email_collect": True,
        "csat_survey_enabled": inbox.csat_survey_enabled,
        "csat_config": {},
        "enable_auto_assignment": True,
        "auto_assignment_config": {},
        "out_of_office_message": None,
        "working_hours": [
            {
                "day_of_week": hours.day_of_week,
                "closed_all_day": hours.closed_all_day,
                "open_hour": hours.open_hour,
                "open_minutes": hours.open_minutes,
                "close_hour": hours.close_hour,
                "close_minutes": hours.close_minutes,
                "open_all_day": hours.open_all_day,
            }
            for hours in sorted(inbox.working_hours, key=lambda hours: hours.day_of_week)
        ],
        "timezone": inbox.timezone,
        "callback_webhook_url": None,
        "allow_messages_after_resolved": True,
        "lock_to_single_conversation": False,
        "sender_name_type": "friendly",
        "business_name": None,
        "widget_color": None,
        "website_url": None,
        "hmac_mandatory": None,
        "welcome_title": None,
        "welcome_tagline": None,
        "web_widget_script": None,
        "website_token": None,
        "selected_feature_flags": None,
        "reply_time": None,
        "messaging_service_sid": None,
        "phone_number": None,
    }
    channel = inbox.channel_type.removeprefix("Channel::")
    shown |= _channel_settings(call, inbox, channel)
    shown["provider"] = inbox.provider
    if call.viewer.is_administrator:
        shown |= _secrets(call, inbox, channel) | inbox.secrets
    return shown


def _channel_settings(call: Call, inbox: Inbox, channel: str) -> dict[str, Any]:
    if channel == "WebWidget":
        token = call.installation.serializer.secret(f"website/{inbox.id}")
        return {
            "widget_color": "#1f93ff",
            "website_url": "https://www.example.com",
            "hmac_mandatory": False,
            "web_widget_script": f"<script>window.chatwootSDK.run({{websiteToken: '{token}'}})</script>",
            "website_token": token,
            "selected_feature_flags": ["attachments", "emoji_picker", "end_conversation"],
            "reply_time": "in_a_few_minutes",
            "pre_chat_form_enabled": False,
            "pre_chat_form_options": {},
            "continuity_via_email": True,
        }
    if channel == "Email":
        return {"forward_to_email": f"inbox-{inbox.id}@forward.example.com", "email": f"inbox-{inbox.id}@example.com"}
    if channel in ("TwilioSms", "Sms"):
        return {"phone_number": f"+55113{inbox.id:07d}", "medium": "sms"}
    if channel == "Api":
        identifier = call.installation.serializer.secret(f"identifier/{inbox.id}")
        return {"webhook_url": "", "inbox_identifier": identifier, "additional_attributes": {}}
    if channel == "Whatsapp":
        return {"phone_number": f"+55119{inbox.id:08d}", "message_templates": []}
    return {}


def _secrets(call: Call, inbox: Inbox, channel: str) -> dict[str, Any]:
    """What the view adds for an administrator's token; the account's own `secrets` of the inbox come on top."""

    def secret(name: str) -> str:
        return call.installation.serializer.secret(f"{name}/{inbox.id}")

    if channel in ("WebWidget", "Api"):
        return {"hmac_token": secret("hmac_token")}
    if channel == "Email":
        return {
            "imap_login": f"inbox-{inbox.id}",
            "imap_password": secret("imap_password"),
            "imap_address": "imap.example.com",
            "imap_port": 993,
            "imap_enabled": True,
            "imap_enable_ssl": True,
            "smtp_login": f"inbox-{inbox.id}",
            "smtp_password": secret("smtp_password"),
            "smtp_address": "smtp.example.com",
            "smtp_port": 587,
            "smtp_enabled": True,
            "smtp_domain": "example.com",
            "smtp_enable_ssl_tls": False,
            "smtp_enable_starttls_auto": True,
            "smtp_openssl_verify_mode": "none",
            "smtp_authentication": "login",
        }
    if channel == "Whatsapp":
        return {"provider_config": {"api_key": secret("api_key"), "phone_number_id": "1", "business_account_id": "1"}}
    if channel == "TwilioSms":
        return {"auth_token": secret("auth_token"), "account_sid": secret("account_sid")}
    return {}
