"""The parameters of POST /workflows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.calls.workflow import WorkflowOptions, parse_workflow, parse_workflow_body
from servescope.errors import BadRequest, JsonSyntax, ServescopeError


def test_names():
    """TorchServe's, in the query and in JSON."""
    given = {"url": "w.war", "workflow_name": "n", "response_timeout": "3", "startup_timeout": 4, "s3_sse_kms": "true"}
    options = WorkflowOptions(url="w.war", workflow_name="n", response_timeout=3, startup_timeout=4)
    warnings = []
    assert parse_workflow({name: str(value) for name, value in given.items()}, warnings.append) == options
    assert parse_workflow_body(json.dumps(given).encode(), warnings.append) == options
    assert warnings == []


def test_what_was_not_given():
    """Defaults hold, and stand in for what is no number, as in TorchServe; that is said."""
    warnings = []
    asked = {"url": "w.war", "response_timeout": "soon", "startup_timeout": "0", "workflow_name": "", "other": "1"}
    assert parse_workflow(asked, warnings.append) == WorkflowOptions(url="w.war")
    assert warnings == [
        "unknown parameter other is ignored",
        "response_timeout='soon' is not a whole number: the default is used",
        "startup_timeout='0' must be at least 1: the default is used",
    ]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "Parameter url is required."),
        (
            {"url": "w.war", "workflow_name": "a/b"},
            "Parameter workflow_name 'a/b': slashes and backslashes divide a path",
        ),
        ({"url": "w.war", "workflow_name": ".."}, "Parameter workflow_name '..': means a folder in a path"),
    ],
)
def test_refusals(params, text):
    """The parameter and its value."""
    with pytest.raises(BadRequest) as refusal:
        parse_workflow(params, lambda _: None)
    assert str(refusal.value) == text


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff"])
def test_bodies_that_are_no_object(body):
    """TorchServe's error of Gson's."""
    with pytest.raises(JsonSyntax):
        parse_workflow_body(body, lambda _: None)


@given(
    st.dictionaries(
        st.sampled_from(["url", "workflow_name", "response_timeout", "x"]), st.none() | st.integers() | st.text()
    )
)
def test_any_object(content):
    """Options or a refusal."""
    try:
        options = parse_workflow_body(json.dumps(content).encode(), lambda _: None)
    except ServescopeError as error:
        assert error.status in (400, 500)  # noqa: PT017
    else:
        assert isinstance(options.url, str)
