"""TrueUp: an LLM unit-economics warehouse."""
