"""What of a request's target stands in a log."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.logs.layout.targets import shown_target

SECRET = "http://bob:secret@h:80/m.mar?sig=secret&x=secret"


@pytest.mark.parametrize(
    "target",
    [
        "/ping",
        "/models",
        "/models?limit=2&next_page_token=2&odd=1",
        "/models?url=m.mar&model_name=m&odd=1",
        "/models?url=https%3A%2F%2Fh%2Fm.mar&batch_size=2",
        "/models/m?min_worker=2&odd=1",
        "/workflows?url=w.war&workflow_name=w&response_timeout=5",
        "/predictions/m?image=https://h/i.png?sig=1&x=2",
        "*",
    ],
)
def test_what_has_no_secret_stays_as_it_came(target):
    """To the letter."""
    assert shown_target(target) == target


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (f"/models?url={quote(SECRET, safe='')}&batch_size=2", "/models?url=http://h:80/m.mar&batch_size=2"),
        (f"/models?url={SECRET}&batch_size=2", "/models?url=http://h:80/m.mar&x=&batch_size=2"),
        (f"/models/?batch_size=2&url={SECRET}", "/models/?batch_size=2&url=http://h:80/m.mar&x="),
        (
            f"/workflows?url={quote(SECRET, safe='')}&workflow_name=w",
            "/workflows?url=http://h:80/m.mar&workflow_name=w",
        ),
        (f"/workflows?workflow_name=w&url={SECRET}", "/workflows?workflow_name=w&url=http://h:80/m.mar&x="),
        (f"//Workflows/w?url={SECRET}", "//Workflows/w?url=http://h:80/m.mar&x="),
        (f"/%6dodels?url={SECRET}", "/%6dodels?url=http://h:80/m.mar&x="),
        (f"http://server:8081/models?url={SECRET}", "http://server:8081/models?url=http://h:80/m.mar&x="),
        (f"/models?ulr={quote(SECRET)}", "/models?ulr=http://h:80/m.mar"),
        (f"/models/m?url={quote(SECRET)}", "/models/m?url=http://h:80/m.mar"),
        ("/models?url=https://h/a b.mar?secret", "/models?url=https://h/a%20b.mar"),
        ("/models?url=%20http://bob:secret@h/m.mar?secret", "/models?url=%20http://h/m.mar"),
        ("/models?url=//bob:secret@h/m.mar?a=secret&b=secret", "/models?url=//h/m.mar&b="),
        ("/models?url=h/m.mar?X-Sig=secret&b=secret", "/models?url=h/m.mar&b="),
    ],
)
def test_secrets_are_left_out(target, shown):
    """Percent-encoded or not, and what of it became parameters of its own."""
    assert shown_target(target) == shown


@given(st.from_regex(r"[!-~]*", fullmatch=True))
def test_any_query(query):
    """Whatever follows `url=`, nothing behind the URL's path is told, and the parameters keep their names."""
    url = f"https://bob:pw@h/m.mar?{query}"
    shown = shown_target(f"/models?url={url}")
    assert dict(parse_qsl(urlsplit(shown).query, keep_blank_values=True))["url"] in ("https://h/m.mar", "")
    assert "bob" not in shown.partition("&")[0]
