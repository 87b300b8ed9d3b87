"""An OpenAI-compatible server that reads conversations of the pretend world, as well or badly as it is asked to."""
