"""`servescope workflow …` against the real server: a workflow is packed, registered, looked at, and unregistered."""

import json

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
