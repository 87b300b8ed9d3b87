"""Box Central: a CrossFit gym in São Paulo, with a bot on WhatsApp."""

from __future__ import annotations

from sandbox.world.opening import week_hours
from sandbox.world.profile import EVENING_HOURS, Campaign, Door, Procedure, Profile

HOURS = tuple(week_hours(("06:00", "21:00"), ("08:00", "12:00")))
DESK = tuple(week_hours(("07:00", "20:00"), ("08:00", "12:00")))

BOXCENTRAL = Profile(
    slug="boxcentral",
    name="Box Central CrossFit",
    vertical="gym",
    texts="gym",
    account_id=1,
    timezone="America/Sao_Paulo",
    subdivision="SP",
    areas=("11", "11", "11", "13", "19"),
    version=(4, 16, 2),
    enterprise=True,
    conversations=1300,
    bot_only_talks=60,
    bot_name="Cris",
    bot_id_type="integer",
    doors=(
        Door(
            "WhatsApp Box Central",
            "whatsapp",
            "Channel::Whatsapp",
            0.78,
            provider="whatsapp_cloud",
            hours=HOURS,
            with_bot=True,
            secrets={"provider_config": {"api_key": "EAAGm0PX4ZCpsBO-sandbox", "phone_number_id": "105954558954427"}},
        ),
        Door(
            "Site",
            "web",
            "Channel::WebWidget",
            0.14,
            hours=DESK,
            reopens=0.8,
            greeting=True,
            out_of_office=True,
            secrets={"hmac_token": "b2c9c5a1sandbox", "website_token": "sandboxWebsiteToken1"},
        ),
        Door("Instagram Box", "instagram", "Channel::Instagram", 0.08, hours=HOURS, hours_enabled=False, csat=False),
    ),
    staff_hours=DESK,
    agents=("Rafaela Nogueira", "Léo Tavares", "Duda Peixoto", "Marina Queiroz", "Tiago Brandão"),
    teams=("recepção", "comercial"),
    labels={
        "experimental": ("experimental", "saude"),
        "plano": ("preco", "horarios", "local"),
        "aluno": ("aluno_horario", "financeiro", "reclamacao"),
        "financeiro": ("financeiro",),
        "reclamação": ("reclamacao",),
        "fornecedor": ("supplier",),
    },
    campaigns=(
        Campaign("Projeto Verão", "instagram", 0.05, 0.30, 62.0, 0.30, 1.6),
        Campaign("Volta às aulas", "instagram", 0.28, 0.42, 48.0, 0.20, 1.3),
        Campaign("Busca CrossFit SP", "google", 0.0, 1.5, 35.0, 0.05, 1.1),
        Campaign("Desafio 30 dias", "facebook", 0.45, 0.62, 40.0, 0.20, 1.0),
        Campaign("Treino no TikTok", "tiktok", 0.66, 0.84, 25.0, 0.15, 0.8),
        Campaign("Black November", "instagram", 0.92, 1.03, 95.0, 0.35, 2.0),
    ),
    procedures=(
        Procedure("Aula experimental", 0.0, 8, first=True),
        Procedure("Aula avulsa", 45.0, 1.5, first=True),
        Procedure("Plano mensal", 289.0, 4),
        Procedure("Plano trimestral", 780.0, 3),
        Procedure("Plano anual", 2640.0, 1),
    ),
    organic={"indicacao": 2.2, "instagram": 1.6, "google": 1.2, "site": 0.8, "unknown": 0.4, None: 0.9},
    hours=EVENING_HOURS,
    weekdays=(1.30, 1.18, 1.10, 1.05, 0.95, 0.62, 0.34),
    months=(1.45, 1.25, 1.15, 1.0, 0.95, 0.85, 0.85, 1.0, 1.1, 1.1, 1.05, 0.7),
    reply_seconds=420.0,
    book_base=-0.15,
    attend_base=1.35,
    again_base=0.42,
    settings={
        "vertical": "gym",
        "timezone": "America/Sao_Paulo",
        "locale": "pt-BR",
        "currency": "BRL",
        "country": "BR",
        "subdivision": "SP",
        "analyzer": {"engine": "regex"},
        "sla": {"first_response": "15m", "next_response": "30m", "resolution": "24h", "business_hours_only": True},
        "business_hours": {"mon-fri": "07:00-20:00", "sat": "08:00-12:00"},
        "holidays": "public+optional",
        "owner_cost_per_month": 1200,
        "staffing": {
            "handling_time": "12m",
            "at_once": 2,
            "people": [
                {"name": "Recepção", "count": 3, "max_hours_per_week": 44, "cost_per_hour": 16},
                {
                    "name": "Comercial",
                    "max_hours_per_week": 30,
                    "cost_per_hour": 24,
                    "hours": {"mon-fri": "12:00-20:00"},
                },
            ],
        },
    },
    first_ids={
        "conversations": 4210,
        "messages": 91_500,
        "contacts": 300,
        "reporting_events": 20_000,
        "display_ids": 0,
    },
)
