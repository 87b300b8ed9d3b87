"""The command line. Commands are thin: they read settings, call the part that does the work, and show the result."""
