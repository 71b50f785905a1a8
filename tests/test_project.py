"""What a repository owes its visitors: one version, notices that name what is used, a workflow that runs the tasks."""

import re
import tomllib

import pytest
import yaml

import tunesmith


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_version_is_the_same_everywhere(root, project):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert project["version"] == tunesmith.__version__ == citation["version"]
    assert citation["license"] == project["license"] == "MIT"


def test_the_citation_has_what_its_format_asks_for(root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert citation["message"] and citation["title"] and all(author["name"] for author in citation["authors"])


def test_the_change_log_begins_with_what_is_new(root):
    headings = re.findall(r"^## (.*)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert headings[0] == "Unreleased"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ – \d{4}-\d{2}-\d{2}", heading) for heading in headings[1:])


def test_the_notices_name_every_package_that_a_learner_installs(root):
    pins = re.findall(r"^([\w-]+)==", (root / "requirements.txt").read_text(encoding="utf-8"), re.M)
    rows = re.findall(
        r"^\| ([\w-]+) \| ([^|]+) \| ([^|]+) \|$", (root / "NOTICES.md").read_text(encoding="utf-8"), re.M
    )
    named = [name for name, _, _ in rows if name != "package"]
    assert sorted(named) == sorted(pins)


def test_the_package_says_that_it_has_types(root):
    assert (root / "src" / "tunesmith" / "py.typed").exists()


def test_the_workflow_runs_tasks_that_there_are(root, project):
    workflow = yaml.safe_load((root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    lines = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    called = {name for line in lines for name in re.findall(r"tasks\.py ([\w-]+)", line)}
    listing = (root / "tasks.py").read_text(encoding="utf-8")
    assert {"test", "test-browser", "test-colab"} <= called
    assert [name for name in called if f"python tasks.py {name}" not in listing] == []
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert project["requires-python"] == f">={matrix['python'][0]}"


@pytest.mark.parametrize("page", ["SECURITY.md", "NOTICES.md", "CHANGELOG.md", "docs/releasing.md", "README.md"])
def test_links_lead_somewhere(root, page):
    text = (root / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    missing = [link for link in links if not ((root / page).parent / link).exists()]
    assert missing == []
