"""A short crash campaign: kills, a power cut and a soak, each with a guest of its own; run by ``make test-full``."""
