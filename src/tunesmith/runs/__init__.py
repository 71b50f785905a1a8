"""A training run from one file: its settings, its stages, and what keeps track of it."""
