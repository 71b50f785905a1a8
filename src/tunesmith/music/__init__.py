"""Songs: what a melody is, how files become one, and many of them at once."""
