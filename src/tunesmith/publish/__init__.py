"""Tools that turn the lessons into other things: self-contained notebooks, a site, slides; and look at handed-in work."""
