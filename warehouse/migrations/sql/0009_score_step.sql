-- A tick has one more step: scoring leads.
alter table ops.tenant_steps drop constraint tenant_steps_step_check;
alter table ops.tenant_steps add constraint tenant_steps_step_check
check (step in ('sync_chatwoot', 'sync_bot', 'analyze', 'transform', 'predict', 'score'));
