"""`servescope workflow …` against the real server: a workflow is packed, registered, looked at, and unregistered."""

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest

from integration.detached import NOOP, make_site

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server without tokens and with the model API, up for all of this module."""
    site = make_site(tmp_path_factory.mktemp("site"), {"noop_1.0": NOOP}, "noop=noop_1.0.mar")
    site.good("start", "--detach", "--ncs", "--disable-token-auth", "--enable-model-api")
    yield site
    site.good("stop")


SPEC = "models:\n  m: {url: noop_1.0.mar}\ndag:\n  m: [loud]\n"
LOUD = 'def loud(data, context):\n    return data and [bytes(row["body"]).decode().upper() for row in data]\n'


def test_the_life_of_a_workflow(site):
    """The server's own words all along, or its JSON."""
    (site.directory / "flow.yaml").write_text(SPEC)
    (site.directory / "loud.py").write_text(LOUD)
    words = ("--workflow-name", "flow", "--spec-file", "flow.yaml", "--handler", "loud.py")
    store = next(path for path in site.directory.iterdir() if (path / "noop_1.0.mar").exists())
    packed = site.good("workflow", "archive", *words, "--export-path", store.name)
    assert packed == f"{store.name}/flow.war\n"
    again = site.run("workflow", "archive", *words, "--export-path", store.name)
    assert (again.returncode, "--force" in again.stderr) == (1, True)
    assert site.good("workflow", "list") == ""
    assert (
        site.good("workflow", "register", "flow.war") == "Workflow flow has been registered and scaled successfully.\n"
    )
    assert httpx.post(f"{site.inference}/wfpredict/flow", content=b"x").text == "ANSWER"
    assert site.good("workflow", "list") == "flow  flow.war\n"
    assert json.loads(site.good("workflow", "list", "--json")) == [{"workflowName": "flow", "workflowUrl": "flow.war"}]
    assert "workflowDag    {m=[loud]}" in site.good("workflow", "describe", "flow")
    assert json.loads(site.good("workflow", "describe", "flow", "--json"))["maxBatchDelay"] == 50
    refused = site.run("workflow", "register", "flow.war")
    assert (refused.returncode, "Workflow flow is already registered." in refused.stderr) == (1, True)
    assert site.good("workflow", "unregister", "flow") == 'Workflow "flow" unregistered\n'
    gone = site.run("workflow", "describe", "flow")
    assert (gone.returncode, "Workflow not found: flow" in gone.stderr) == (1, True)


PAGE = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text("utf-8")


def test_the_first_one_of_the_page(tmp_path):
    """docs/workflows.md, word by word: its files, its commands, and what it says that comes of it."""
    site = make_site(tmp_path, {"unused": NOOP}, "")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for name, text in (named for _, block in blocks for named in re.findall(r"\A# ([\w.]+)\n(.*)", block, re.DOTALL)):
        (site.directory / name).write_text(text)
    (commands,), (answer,) = ([text for kind, text in blocks if kind == wanted] for wanted in ("sh", "json"))
    *lines, last = commands.splitlines()
    mkdir, *rest = lines
    assert mkdir.split()[0] == "mkdir"
    (site.directory / mkdir.split()[1]).mkdir(exist_ok=True)
    try:
        for line in rest:
            site.good(*shlex.split(line)[1:])
        curl, option, file, url = last.split()
        assert (curl, option) == ("curl", "-T")
        asked = url.replace("http://localhost:8080", site.inference)
        assert httpx.put(asked, content=(site.directory / file).read_bytes()).text == answer.rstrip("\n")
    finally:
        site.run("stop")
