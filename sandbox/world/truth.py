"""What really happened in the pretend world, as DataFrames.

`truth_of(tenant)` (through `World.truth(slug)`) answers from the world's own memory of what it did: who is who, what kind
each message was, when each thing happened. It is never derived from how a row looks, so that figures computed from it
check figures computed from the rows. It always speaks of now: after `advance` it holds the new state.

All instants are aware UTC (`datetime64[us, UTC]`), dates are `datetime.date`, money is `Decimal`. Missing is None/NaT/NA. Nullable integers are
`Int64`. Ids of the bot are text. `conversation_id` is the marts' key: `chatwoot-<display id>`, or `bot-<id>` for a talk that only the
bot knows (also one whose Chatwoot conversation has been deleted). `person_id` is one person as defined: same canonical
phone, or a bot conversation linked to an existing Chatwoot conversation; two contacts without phone are two people.

people              person_id, phone (canonical E.164 or None), name, contact_ids (tuple of int), lead_ids (tuple of text)
contacts            contact_id, person_id, name, phone (canonical), phone_written, email, identifier, anonymous, created_at
leads               lead_id, person_id, phone (canonical), phone_written, name, source_channel, campaign_id, channel (source_channel, else
                    the campaign's, else '(none)'), maturity_score, status, created_at, updated_at, converted_at
conversations       conversation_id, source (chatwoot|bot), database_id, display_id, bot_conversation_id, contact_id, lead_id, person_id,
                    inbox_id, inbox_channel, created_at (Chatwoot's creation, else the bot's started_at), status (Chatwoot's open|resolved|
                    pending|snoozed, else the bot's open|closed), closed, assignee_id, team_id, labels (tuple), priority, snoozed_until, first_reply_at,
                    waiting_since, sla_policy_id, began_by (customer|agent|campaign), started_at (the bot's), ended_at, resolved_by (bot|human|None),
                    handoff_at (the bot's), handoff_reason, playbook, bot_took_part, has_human_reply
messages            conversation_id, source (chatwoot|bot), message_id (text), at, kind, incoming, user_id, deleted, failed, content
                    kind: customer | human (also an echo of the phone's app) | bot | automation | campaign (a user's campaign message) |
                    template (greeting, out of office, survey) | note (private) | activity.
                    A talk known to Chatwoot shows Chatwoot's messages only, in insertion order (ties in `at` keep it).
bot_messages        conversation_id, bot_conversation_id, message_id, at, kind (customer|bot|human), content: the bot's own copy, all of its talks
events              conversation_id, at, name (created | handed_off | opened | resolved | bot_resolved | snoozed | pending), user_id, by (user|bot|
                    contact|automation|system), seq (order within the world); Chatwoot's talks only. A hand-off is `opened` and then `handed_off`,
                    at one instant; a resolution by the bot alone is `resolved` and `bot_resolved`. `opened` is any transition to open.
reporting_events    id, conversation_id, name, value, value_in_business_hours, user_id, event_start_time, event_end_time, created_at (Chatwoot's rows)
csat                response_id, conversation_id, contact_id, agent_id, rating (now), first_rating, feedback_message, created_at, updated_at
feedback            feedback_id, conversation_id, bot_conversation_id, score, nps_score, comment, created_at
bookings            booking_id, lead_id, person_id, procedure, value, currency, booked_at, scheduled_for, status, updated_at, channel, campaign_id,
                    attended_at (scheduled_for, else booked_at; None unless attended)
campaigns           campaign_id, name, channel, started_on, ended_on
campaign_costs      campaign_id, cost_date, cost, currency, impressions, clicks, channel
llm_interactions    id, conversation_id, bot_conversation_id, intent, confidence, validated_intent, model, prompt_tokens, completion_tokens, latency_ms, created_at
lead_interactions   id, lead_id, type, outcome, duration_seconds, agent_id, created_at
agents              user_id, name, email, role, removed
inboxes             inbox_id, name, channel_type, timezone, working_hours_enabled, has_bot
teams               team_id, name          labels   label_id, title
applied_slas        id, conversation_id, sla_policy_id, status, created_at
sla_events          id, applied_sla_id, conversation_id, event_type, created_at
journeys            conversation_id, topic, vertical topics' is_lead flag, visit_agreed, visit_at, sentiment, first_reply_seconds (what decided), maturity_score,
                    channel, p_engage, engaged, p_book, booked, p_attend, booking_id: the hidden truth an analyser or a model tries to find
"""
