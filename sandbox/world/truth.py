"""What really happened in the pretend world, as DataFrames.

`World.truth(slug)` answers from the world's own memory of what it did: who is who, what kind each message was, when
each thing happened. It is never derived from how a row looks, so that figures computed from it check figures computed
from the rows. It always speaks of now: after `advance` it holds the new state, without what has been deleted since.

All instants are aware UTC (`datetime64[us, UTC]`), dates are `datetime.date`, money is `Decimal`. Missing is None,
NaT or NA; nullable integers are `Int64`. Ids of the bot are text. `conversation_id` is the marts' key:
`chatwoot-<display id>`, or `bot-<id>` for a talk that only the bot knows (also one whose Chatwoot conversation has
been deleted). `person_id` is one person as defined: same canonical phone, or a bot talk linked to an existing
Chatwoot conversation; two contacts without phone are two people.

people            person_id, phone (canonical E.164), name, contact_ids (tuple of int), lead_ids (tuple of text)
contacts          contact_id, person_id, name, phone (canonical), phone_written, email, anonymous, created_at
leads             lead_id, person_id, phone (canonical), phone_written, name, email, source_channel, campaign_id, channel
                  (source_channel, else the campaign's, else '(none)'), maturity_score, status, created_at,
                  updated_at, converted_at
conversations     conversation_id, source (chatwoot|bot), database_id, display_id, bot_conversation_id, contact_id,
                  lead_id, person_id, inbox_id, inbox_channel, created_at (Chatwoot's creation, else the bot's
                  started_at), status (Chatwoot's open|resolved|pending|snoozed, else the bot's open|closed), closed,
                  assignee_id, team_id, labels (tuple), priority, snoozed_until, first_reply_at, waiting_since,
                  sla_policy_id, began_by (customer|agent| campaign), started_at (the bot's), ended_at, resolved_by
                  (bot|human), handoff_at (the bot's), handoff_reason, playbook, bot_took_part, has_human_reply,
                  assigned_to_bot, bot_updated_at (when the bot last changed it)
messages          conversation_id, source (chatwoot|bot), message_id (text), at, kind, incoming, user_id, deleted,
                  failed, content, position (within the
                  conversation, in the order of writing). kind: customer | human (also an echo of the phone's app) | bot | automation | campaign
                  (a user's campaign message) | template (greeting, out of office, survey) | note (private) |
                  activity. A talk known to Chatwoot shows Chatwoot's messages only.
bot_messages      conversation_id, bot_conversation_id, message_id, at, kind (customer|bot|human), content: the bot's
                  own copy
events            conversation_id, at, name (created|handed_off|opened|resolved|bot_resolved|snoozed|pending), by
                  (user|bot| contact|automation|system), user_id, position; Chatwoot's talks only, in the order of
                  happening. A hand-off is `opened` and then `handed_off` at one instant (Chatwoot's own event is
                  written for the first only); a resolution before any person wrote in a bot's inbox is `resolved` and
                  then `bot_resolved`. `opened` is any transition to open. Not every one leaves an activity message:
                  Chatwoot writes none when a customer's message opens a conversation outside API inboxes, nor when a
                  snooze ends by itself; nor when a customer's message hands a resolved conversation back to the bot
                  (`pending`). Reporting events tell of all openings.
reporting_events  id, conversation_id, name, value, value_in_business_hours, user_id, event_start_time,
                  event_end_time, created_at
csat              response_id, conversation_id, contact_id, agent_id, rating (now), first_rating, feedback_message,
                  created_at, updated_at
surveys           conversation_id, message_id (text), asked_at, response_id (the answer to it): the satisfaction surveys
                  that Chatwoot sent
feedback          feedback_id, conversation_id, bot_conversation_id, score, nps_score, comment, created_at
bookings          booking_id, lead_id, person_id, procedure, value, currency, booked_at, scheduled_for, status,
                  updated_at, channel (the lead's), campaign_id, attended_at (scheduled_for, else booked_at; none
                  unless attended)
campaigns         campaign_id, name, channel, started_on, ended_on
campaign_costs    campaign_id, cost_date, cost, currency, impressions, clicks, channel
llm_interactions  id, conversation_id, bot_conversation_id, intent, confidence, validated_intent, model,
                  prompt_tokens, completion_tokens, latency_ms, created_at
lead_interactions id, lead_id, type, outcome, duration_seconds, agent_id, created_at
agents            user_id, name, email, role, removed
inboxes           inbox_id, name, channel_type, provider, timezone, working_hours_enabled, csat_survey_enabled, has_bot
teams             team_id, name
labels            label_id, title
working_hours     inbox_id, timezone, day_of_week (0 is Sunday), opens, closes (minutes of the local day; none where closed);
                  of the inboxes that have their own
applied_slas      id, conversation_id, sla_policy_id, status, applied_at, and the policy's first_response,
                  next_response, resolution (seconds) and business_hours_only; contact_blocked (its SLA is not shown)
sla_events        id, applied_sla_id, conversation_id, event_type, created_at
journeys          conversation_id, topic, is_lead, mood (positive|neutral|negative), channel, maturity_score,
                  first_reply_seconds (what decided), p_engage, engaged, engaged_at (when that was settled), p_book,
                  booked, decided_at (likewise), p_attend, visit_agreed, visit_at, booking_id: the hidden truth that an
                  analyser or a model tries to find
arrivals          side (chatwoot|bot), at: when talks began, also those that went on in an old conversation; how many
                  were to be expected at any hour is told by `World.rates`
"""

from __future__ import annotations

import pandas as pd

from sandbox.world import truth_bot, truth_demand, truth_people, truth_talks
from sandbox.world.knowledge import Knowledge
from sandbox.world.simulation import Simulation
from sandbox.world.truth_chatwoot import chatwoot_tables


def truth_of(sim: Simulation) -> dict[str, pd.DataFrame]:
    """All frames of one tenant, as of now."""
    known = Knowledge(sim)
    return {
        "people": truth_people.people(known),
        "contacts": truth_people.contacts(known),
        "leads": truth_people.leads(known),
        "journeys": truth_people.journeys(known),
        "arrivals": truth_demand.arrivals(sim),
        "conversations": truth_talks.conversations(known),
        "messages": truth_talks.messages(known),
        "bot_messages": truth_talks.bot_messages(known),
        "events": truth_talks.events(known),
        "csat": truth_talks.csat(known),
        "surveys": truth_talks.surveys(known),
        "bookings": truth_bot.bookings(known),
        **truth_bot.bot_tables(known),
        **chatwoot_tables(known),
    }
