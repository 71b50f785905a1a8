"""The course's diagrams, one file a family. `figures` knows them by name."""
