"""What the tests in a real browser share, beside what all tests share."""

from sites import address, pages, site, visit  # noqa: F401 – fixtures, for whoever asks for them
