"""Training, checkpoints, sampling, and measuring what was copied."""
