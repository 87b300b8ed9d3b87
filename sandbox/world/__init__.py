"""The pretend tenants: their people, talks and bots, and the truth about them."""
