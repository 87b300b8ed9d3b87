"""Chatwoot over REST: a client, and the sync that lands an account in the warehouse."""
