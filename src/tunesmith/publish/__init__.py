"""Tools that turn the lessons into other things: notebooks for Colab, a site, slides; and look at handed-in work."""
