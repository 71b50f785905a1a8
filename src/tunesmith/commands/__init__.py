"""The commands of ``python -m tunesmith``, one file each: `add` describes a command's options and says what runs."""
