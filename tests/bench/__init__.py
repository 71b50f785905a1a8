"""What the course promises about speed and memory, measured: ``python tasks.py bench``.

One file a benchmark. Each does the same work twice in one run, the course's way and the usual one, and gives the
ratio. Times are seconds of this process on a processor, so that other programs hardly matter; no side uses a second
process. Nothing here is a test: a time has no place in one.
"""
