"""The text of Chatwoot's activity messages, as its Brazilian Portuguese locale has them."""

from __future__ import annotations

SYSTEM_NAME = "Sistema de Automação"
DELETED = "Esta mensagem foi excluída"
CSAT_PROMPT = "Por favor, classifique a conversa"

STATUS = {
    "resolved": "Conversa foi marcada como resolvida por {name}",
    "open": "Conversa foi reaberta por {name}",
    "pending": "Conversa foi marcada como pendente por {name}",
    "snoozed": "Conversa foi adiada por {name}",
}
AUTO_RESOLVED = "A conversa foi marcada como resolvida pelo sistema por ter {days} dias de inatividade"
AUTO_OPENED = "O sistema reabriu a conversa devido a uma nova mensagem recebida."
SELF_ASSIGNED = "{name} atribuiu a si mesmo essa conversa"
ASSIGNED = "Atribuído a {assignee} por {name}"
UNASSIGNED = "Conversa desatribuída por {name}"
TEAM_ASSIGNED = "Atribuído a {team} por {name}"
LABELS_ADDED = "{name} adicionou {labels}"
PRIORITY_SET = "{name} definiu a prioridade para {priority}"
MUTED = "{name} silenciou a conversa"
SLA_ADDED = "{name} adicionou política de SLA {sla}"
