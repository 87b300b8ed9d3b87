"""A tenant's Chatwoot account before its first customer: users, teams, labels, inboxes, policies."""

from __future__ import annotations

import random
from datetime import datetime

from sandbox.world.people import plain
from sandbox.world.profile import Profile
from sandbox.world.records import Account, AgentBot, Inbox, Label, SlaPolicy, Team, User

COLORS = ("#1f93ff", "#5ba76e", "#d5a021", "#c0392b", "#8e44ad", "#16a085", "#7f8c8d")


def found_account(profile: Profile, key: str, at: datetime) -> Account:
    """The account as it was set up. Ids start at another number in each table, as in a shared installation."""
    token = random.Random(f"{key}/token").getrandbits(120)
    account = Account(
        id=profile.account_id,
        name=profile.name,
        api_token=f"sandbox-{profile.slug}-{token:030x}",
        now=at,
        version=profile.version,
        enterprise=profile.enterprise,
        sequences=dict(profile.first_ids),
    )
    domain = f"{profile.slug.replace('_', '-')}.example"
    account.users[10] = User(10, "Agência Funil", "suporte@agencia.example", role="administrator")
    for number, name in enumerate(profile.agents, 11):
        first = plain(name).split()[0].lower()
        account.users[number] = User(
            number,
            name,
            f"{first}@{domain}",
            role="administrator" if number == 11 else "agent",
            availability_status="online" if number % 3 else "busy",
        )
    staff = list(account.users)[1:]
    for number, team in enumerate(profile.teams, 1):
        members = [user_id for user_id in staff if user_id % len(profile.teams) == number % len(profile.teams)]
        account.teams[number] = Team(number, team, f"Equipe de {team}", members or staff[:1])
    for number, title in enumerate(profile.labels, 1):
        account.labels[number] = Label(number, title, f"Conversas de {title}", COLORS[number % len(COLORS)])
    if profile.bot_name:
        account.agent_bots[5] = AgentBot(5, profile.bot_name, f"Assistente virtual da {profile.name}")
    for number, door in enumerate(profile.doors, 2):
        account.inboxes[number] = Inbox(
            id=number,
            name=door.name,
            channel_type=door.channel_type,
            provider=door.provider,
            timezone=door.timezone,
            working_hours_enabled=door.hours_enabled,
            working_hours=list(door.hours),
            csat_survey_enabled=door.csat,
            agent_bot_id=5 if door.with_bot else None,
            member_ids=list(staff),
            secrets=dict(door.secrets),
            greeting_message=f"Olá! Obrigado por falar com a {profile.name}." if door.greeting else None,
            out_of_office_message="No momento estamos fora do horário. Responderemos assim que abrirmos."
            if door.out_of_office
            else None,
        )
    for number, sla in enumerate(profile.slas, 1):
        account.sla_policies[number] = SlaPolicy(
            number,
            sla.name,
            first_response_time_threshold=sla.first_response,
            next_response_time_threshold=sla.next_response,
            resolution_time_threshold=sla.resolution,
            only_during_business_hours=sla.business_hours,
        )
    return account
