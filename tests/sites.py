"""The course's site, built once and shown by a small web server, as fixtures: `site`, `address`, `pages`, `visit`.

They need what requirements-test.txt names for the site, and the `browser` of browsers.py.
"""

import functools
import http.server
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "dist" / "browser"
LAPTOP, PHONE = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
LESSON = "notebooks/02_the_lstm_unit.html"

# Until fonts, formulas, pictures and sounds are there.
SETTLED = """() => Promise.all([document.fonts.ready, window.MathJax && MathJax.startup.promise,
    ...[...document.images].map((image) => image.decode().catch(() => null))]).then(() => true)"""
READY = "() => [...document.querySelectorAll('audio')].every((audio) => audio.readyState === 4)"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of a site that was just built."""
    for name in ("sphinx", "myst_nb", "pydata_sphinx_theme"):
        pytest.importorskip(name, reason="the site's generator is not installed")
    from tunesmith.publish.site import build

    folder = tmp_path_factory.mktemp("site") / "made"
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="session")
def address(site):
    """Where a small web server shows the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def pages(site):
    """The pages' addresses within the site."""
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in found if not name.startswith("_static")]


@pytest.fixture
def visit(browser, address):
    """`opened` with this browser; the tabs are closed at the test's end."""
    tabs = []

    def visit(name, base=address, **how):
        tabs.append(opened(browser, name, base, **how))
        return tabs[-1]

    yield visit
    for tab in tabs:
        tab.context.close()


def opened(browser, name, base, dark=False, size=LAPTOP):
    """A tab with the page `name` of the site at `base`, when all of it is there.

    `tab.complaints` are the errors that the page reports, and what it asks of other servers or in vain.
    """
    tab = browser.new_context(viewport=size, color_scheme="dark" if dark else "light").new_page()
    tab.complaints = []
    tab.set_default_timeout(120_000)
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("console", lambda text: tab.complaints.append(text.text) if text.type == "error" else None)
    tab.on("requestfailed", lambda call: tab.complaints.append(f"no {call.url[:200]}"))
    tab.on("request", lambda call: None if mine(call.url, base) else tab.complaints.append(f"asks {call.url}"))
    tab.goto(base + name)
    tab.wait_for_function(SETTLED)
    tab.wait_for_function(READY)
    return tab


def mine(url, base):
    return url.startswith((base, "data:", "blob:"))


def keep(tab, name):
    """A screenshot of the whole page, for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"site-{name.removesuffix('.html').replace('/', '-')}.jpg"  # a lesson is 40,000 pixels high
    tab.screenshot(path=path, full_page=True, type="jpeg", quality=70)
