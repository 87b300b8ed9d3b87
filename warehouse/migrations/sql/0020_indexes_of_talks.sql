-- a tick looks these up for the conversations that changed
create index on raw_chatwoot.csat_survey_responses (tenant_id, conversation_id);
create index on raw_chatwoot.applied_slas (tenant_id, conversation_id);
create index on raw_bot.conversations (tenant_id, chatwoot_conversation_id);
create index on raw_bot.llm_interactions (tenant_id, conversation_id);
create index on raw_bot.feedback (tenant_id, conversation_id);
