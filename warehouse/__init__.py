"""The PostgreSQL that everything lands in: embed or connect to it, migrate it, load it, sync into it."""
