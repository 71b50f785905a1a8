"""Melodies as tokens: time-step encoding, vocabulary, splits. NumPy only."""
