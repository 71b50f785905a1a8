"""What is seen and heard: scores, sound, the player and plots. Imports `tunesmith.music` and nothing else of ours."""
