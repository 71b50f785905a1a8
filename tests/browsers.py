"""A real browser and a real JupyterLab, as fixtures: `browser`, `tab` and `lab`.

They need Chromium and playwright, which README's commands don't install: without them their tests are skipped.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

import tunesmith


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this computer")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """A fresh tab of the size of a laptop; `tab.complaints` are the errors that the page reported."""
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    tab.complaints = []
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield tab
    tab.close()


def environment(folder):
    """Variables that keep Jupyter inside `folder` and let its kernels find the package."""
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    places["JUPYTER_RUNTIME_DIR"] = str(folder / "runtime")
    places["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
    places["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    places["IPYTHONDIR"] = str(folder / "ipython")
    sources = str(Path(tunesmith.__file__).parents[1])
    mine = {name: value for name, value in os.environ.items() if name != "TUNESMITH_PLAIN"}  # as a learner has it
    return {**mine, **places, "PYTHONPATH": sources, "PYTHONUTF8": "1"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own: a function of theme, name and notebook gives the address where it is open."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    folder = tmp_path_factory.mktemp("lab")
    work = folder / "work"
    work.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    arguments = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        "--expose-app-in-browser",
        f"--port={port}",
        f"--IdentityProvider.token={token}",
    ]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments, f"--ServerApp.root_dir={work}"],
            env=environment(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )

        def address(theme, name, notebook):
            nbformat.write(notebook, work / name)
            settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
            settings.mkdir(parents=True, exist_ok=True)
            (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": f"JupyterLab {theme}"}))
            (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
            tracker = folder / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
            tracker.parent.mkdir(parents=True, exist_ok=True)
            tracker.write_text(json.dumps({"windowingMode": "none"}))  # all cells are on the page, also those far below
            return f"http://127.0.0.1:{port}/lab/tree/{name}?token={token}&reset"

        try:
            _wait_until_up(f"http://127.0.0.1:{port}/api?token={token}", server, folder / "log.txt")
            yield address
        finally:
            server.terminate()
            server.wait(20)


def _wait_until_up(url, server, log):
    for _ in range(120):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")
