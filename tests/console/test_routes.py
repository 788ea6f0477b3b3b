"""Paths of the console, and the templates that metrics have of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.console.routes import parse


@pytest.mark.parametrize(
    ("path", "what", "name"),
    [
        ("/console", "page", ""),
        ("/console/", "page", ""),
        ("/console/console/", "page", ""),
        ("/console/assets/app-1a2b.js", "file", "assets/app-1a2b.js"),
        ("/console/console/assets/app-1a2b.js", "file", "assets/app-1a2b.js"),
        ("/console/runbook", "runbook", ""),
        ("/console/api/overview", "overview", ""),
        ("/console/console/api/events", "events", ""),
        ("/console/api/models/a b", "model", "a b"),
        ("/console/api/models/console", "model", "console"),
        ("/console/api/models/m/scale", "model scale", "m"),
        ("/console/api/models/m/history", "model history", "m"),
        ("/console/api/models/m/delete", "nothing", ""),
        ("/console/api", "nothing", ""),
    ],
)
def test_paths(path, what, name):
    """Each means one thing."""
    found = parse(path)
    assert (found.what, found.name) == (what, name)


@pytest.mark.parametrize("path", ["/", "/metrics", "/consoles", "", "/predictions/console"])
def test_paths_of_others(path):
    """Are not the console's to answer."""
    assert parse(path) is None


@given(st.text(max_size=80))
def test_templates(text):
    """Whatever a client asks for, the metrics see one of a few templates."""
    known = {"/console", "/console/runbook", "/console/{file}", "other"}
    template = parse(f"/console/{text}").template
    assert template in known or template.startswith("/console/api/")
    assert "{" not in template or "model_name" in template or "file" in template
