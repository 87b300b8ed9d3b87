"""A small pretend world to try everything on."""
