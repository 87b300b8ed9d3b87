"""Where data comes from: Chatwoot over REST and the bot's PostgreSQL. No Dagster in here."""
