"""The parameters of GET /models."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.model.calls.page import Page, parse_page
from servescope.errors import BadRequest


def read(**params):
    warnings = []
    return parse_page(params, warnings.append), warnings


@pytest.mark.parametrize(
    ("params", "page"),
    [
        ({}, Page(0, 100)),
        ({"limit": "", "next_page_token": ""}, Page(0, 100)),
        ({"limit": "1", "next_page_token": "0"}, Page(0, 1)),
        ({"limit": "100", "next_page_token": "250"}, Page(250, 100)),
        ({"nextPageToken": "2"}, Page(2, 100)),
        ({"nextPageToken": "2", "next_page_token": ""}, Page(2, 100)),
        ({"nextPageToken": "2", "next_page_token": "3"}, Page(3, 100)),
    ],
)
def test_pages(params, page):
    """The token under the name that it has in the query, or else in the answer."""
    assert read(**params) == (page, [])


@pytest.mark.parametrize("limit", ["0", "-1", "101", "9" * 5000], ids=["0", "-1", "101", "5000"])
def test_limits_out_of_bounds(limit):
    """Mean the greatest; of none, a page would lead to itself for ever."""
    page, (warning,) = read(limit=limit)
    assert page == Page(0, 100)
    assert warning.startswith(f"limit='{limit[:70]}")
    assert warning.endswith(": the default is used")


@pytest.mark.parametrize("name", ["next_page_token", "nextPageToken"])
@pytest.mark.parametrize("token", ["zz", "-5", "1.5", "9" * 5000], ids=["zz", "-5", "1.5", "5000"])
def test_tokens_that_are_none(name, token):
    """Mean the first page, as in TorchServe, but not without a word."""
    page, (warning,) = read(**{name: token})
    assert page == Page(0, 100)
    assert warning.startswith(f"{name}='{token[:70]}")


def test_a_limit_that_is_no_number():
    """400 with its name and value (departure)."""
    with pytest.raises(BadRequest, match=r"^Parameter limit is not a whole number: 'x'$"):
        read(limit="x")


def test_unknown_parameters_are_told():
    """A misspelt limit, for one."""
    assert read(limt="2") == (Page(0, 100), ["unknown parameter limt is ignored"])


@given(st.dictionaries(st.sampled_from(["limit", "next_page_token", "nextPageToken", "x"]), st.text()))
def test_any_query_is_read_or_refused(params):
    """No query raises anything but BadRequest."""
    with contextlib.suppress(BadRequest):
        read(**params)
