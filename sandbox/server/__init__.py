"""A Chatwoot-compatible HTTP server over pretend accounts."""
