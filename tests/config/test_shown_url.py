"""What of a URL may be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.shown_url import shown_url, without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://bob:secret@h:80/p/m.mar?x=secret#secret", "http://h:80/p/m.mar"),
        ("https://token@h/m.mar", "https://h/m.mar"),
        ("https://h/@scope/m.mar?a@b", "https://h/@scope/m.mar"),
        ("https://h?secret", "https://h"),
        ("http://bob:se/cret@h/m.mar", "http://h/m.mar"),
        ("http://bob:se?cret@h/m.mar", "http://h/m.mar"),
        ("http://bob:se#cr@et@h/m.mar", "http://h/m.mar"),
        ("http://[::1]:8/m.mar?secret", "http://[::1]:8/m.mar"),
        ("http://bob:secret@[::1]/m.mar", "http://[::1]/m.mar"),
        ("s3://KEY:secret@bucket/m.mar", "s3://bucket/m.mar"),
        ("file:///a b/m.mar", "file:///a b/m.mar"),
        ("HTTP://BOB:SECRET@H/M.MAR", "HTTP://H/M.MAR"),
        (" http://bob:secret@h/m.mar?x=secret", " http://h/m.mar"),
        ("http:/bob:secret@h/m.mar?x=secret", "http:/h/m.mar"),
        ("http:///bob:secret@h/m.mar?secret", "http:///h/m.mar"),
        ("//bob:secret@h/m.mar?secret", "//h/m.mar"),
        ("bob:secret@h/m.mar", "h/m.mar"),
        ("bob:se@cret@h/m.mar", "h/m.mar"),
        ("h/b/m.mar?X-Amz-Signature=secret&x=secret", "h/b/m.mar"),
        ("m.mar?x", "m.mar?x"),
        ("a:b/m.mar", "a:b/m.mar"),
        ("//srv//a@b/m.mar", "//srv//a@b/m.mar"),
        ("/srv/a@b/m.mar", "/srv/a@b/m.mar"),
        ("", ""),
    ],
)
def test_host_and_path_stay(url, shown):
    """The rest is left out, also where it was mistyped, or not written as a URL should be; a path is shown whole."""
    assert shown_url(url) == shown
    assert shown_url(shown) == shown


def test_texts_with_urls():
    """Each of them, and nothing else of the text."""
    text = "from 'https://h/m.mar?a=1&b=2,3' to http://bob:pw@h/n.mar?c, (ftp://h/x?y) or http://h/o?z: why?"
    assert without_secrets(text) == "from 'https://h/m.mar' to http://h/n.mar, (ftp://h/x) or http://h/o: why?"


words = st.from_regex(r"[A-Za-z0-9._~%-]{1,8}", fullmatch=True)


@given(words, words, st.lists(words), st.from_regex(r"[!-~]*", fullmatch=True))
def test_no_secret_of_a_url_is_shown(user, password, path, query):
    """Whatever its user information and query say."""
    plain = f"https://host/{'/'.join(path)}"
    assert shown_url(f"https://{user}:{password}@{plain.removeprefix('https://')}?{query}") == plain


@given(st.text())
def test_any_text(text):
    """Is read, and is clean once it is cleaned."""
    assert without_secrets(without_secrets(text)) == without_secrets(text)
    assert shown_url(shown_url(text)) == shown_url(text)
