"""Tokens are TorchServe's: the same file, header, life and refusals; and the file is never anyone else's to read."""

import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import Clock
from servescope.errors import ConfigurationError, InvalidKey, ServescopeError
from servescope.web.authorization import TokenAuthority

REFUSED = "Token Authorization failed. Token either incorrect, expired, or not provided correctly"
NOT_RENEWED = "Token Authentication failed. Token either incorrect, expired, or not provided correctly"
NOON = datetime(2026, 11, 24, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "key_file.json"


@pytest.fixture
def authority(key_file, clock):
    return TokenAuthority(key_file, 60, clock)


def keys(key_file):
    """The three keys by kind, as a user reads them."""
    return {kind: entry["key"] for kind, entry in json.loads(key_file.read_text()).items()}


def test_file_is_torchserves(authority, key_file):
    """Three keys of eight URL-safe characters, two with the instant at which they end, in the user's hands alone."""
    content = json.loads(key_file.read_text())
    assert list(content) == ["management", "inference", "API"]
    assert content["inference"]["expiration time"] == "2026-11-24T13:00:00.250000Z"
    assert content["management"].keys() == {"key", "expiration time"}
    assert content["API"].keys() == {"key"}
    values = keys(key_file).values()
    assert all(re.fullmatch(r"[\w-]{8}", key) for key in values)
    assert len(set(values)) == 3


def test_file_is_private_whatever_stood_there(key_file, clock):
    """A file or link that stood in its place is replaced, not written into, and nothing is left behind."""
    other = key_file.with_name("other")
    other.write_text("mine")
    key_file.symlink_to(other)
    before = os.umask(0)
    try:
        TokenAuthority(key_file, 60, clock)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key_file.lstat().st_mode) == 0o600
    assert not key_file.is_symlink()
    assert other.read_text() == "mine"
    assert {path.name for path in key_file.parent.iterdir()} == {"key_file.json", "other"}


def test_each_key_opens_its_own_port(authority, key_file):
    """The inference key opens inference alone, the management key management alone, the API key neither."""
    own = keys(key_file)
    opened = {
        (port, kind): _passes(check, f"Bearer {own[kind]}")
        for port, check in (
            ("inference", authority.authorize_inference),
            ("management", authority.authorize_management),
        )
        for kind in own
    }
    assert {pair for pair, passed in opened.items() if passed} == {
        ("inference", "inference"),
        ("management", "management"),
    }


def _passes(check, header) -> bool:
    try:
        check(header)
    except InvalidKey:
        return False
    return True


@pytest.mark.parametrize(
    "form", [None, "", "Bearer", "Bearer ", "{key}", "Basic {key}", "Bearer {key}x", "Bearer x {key}"]
)
def test_other_headers_are_refused(authority, key_file, form):
    """A missing, incomplete or different header is refused with TorchServe's text and status."""
    header = form and form.format(key=keys(key_file)["inference"])
    with pytest.raises(InvalidKey, match=f"^{re.escape(REFUSED)}$") as caught:
        authority.authorize_inference(header)
    assert (caught.value.status, caught.value.type_name) == (400, "InvalidKeyException")


@pytest.mark.parametrize("form", ["bearer {key}", "Bearer   {key}", "Bearer {key} "])
def test_spelling_of_the_scheme_is_free(authority, key_file, form):
    """HTTP's schemes know no case, and blanks around the key do not count."""
    authority.authorize_inference(form.format(key=keys(key_file)["inference"]))


@given(header=st.text(st.characters(codec=None)))
def test_no_header_crashes(tmp_path_factory, header):
    """Whatever a header holds, halves of surrogate pairs included, the answer is a refusal."""
    authority = TokenAuthority(tmp_path_factory.mktemp("keys") / "key_file.json", 60, Clock(NOON))
    for text in (header, f"Bearer {header}"):
        with pytest.raises(InvalidKey):
            authority.authorize_management(text)


def test_keys_expire(authority, key_file, clock):
    """A key is good until its instant and not at it."""
    header = f"Bearer {keys(key_file)['inference']}"
    clock.now += timedelta(minutes=60) - timedelta(microseconds=1)
    authority.authorize_inference(header)
    clock.now += timedelta(microseconds=1)
    with pytest.raises(InvalidKey):
        authority.authorize_inference(header)


@pytest.mark.parametrize("kind", ["management", "inference"])
def test_renewal(authority, key_file, clock, kind):
    """The API key, which never expires, replaces one key and leaves the others; the old one is void."""
    old = keys(key_file)
    clock.now += timedelta(days=400)
    authority.renew(kind, f"Bearer {old['API']}")
    new = keys(key_file)
    assert {name for name in old if old[name] != new[name]} == {kind}
    check = getattr(authority, f"authorize_{kind}")
    check(f"Bearer {new[kind]}")
    with pytest.raises(InvalidKey):
        check(f"Bearer {old[kind]}")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("inference", "management"),
        ("inference", None),
        (None, "API"),
        ("", "API"),
        ("API", "API"),
        ("INFERENCE", "API"),
    ],
)
def test_renewal_refused(authority, key_file, kind, shown):
    """Without the API key, or for a kind that there is not, nothing changes and the text is TorchServe's."""
    before = key_file.read_bytes()
    with pytest.raises(InvalidKey, match=f"^{re.escape(NOT_RENEWED)}$"):
        authority.renew(kind, shown and f"Bearer {keys(key_file)[shown]}")
    assert key_file.read_bytes() == before


def test_renewal_that_cannot_be_written_keeps_the_old_key(tmp_path, clock):
    """A key that the user could not read is not put in force."""
    key_file = tmp_path / "here" / "key_file.json"
    key_file.parent.mkdir()
    authority = TokenAuthority(key_file, 60, clock)
    own = keys(key_file)
    key_file.unlink()
    key_file.parent.rmdir()
    with pytest.raises(ServescopeError, match=re.escape(str(key_file))):
        authority.renew("inference", f"Bearer {own['API']}")
    authority.authorize_inference(f"Bearer {own['inference']}")


def test_remove(authority, key_file):
    """The file goes with the server; that someone was faster is no error."""
    authority.remove()
    assert not key_file.exists()
    authority.remove()


def test_unwritable_place_is_named(tmp_path, clock):
    """A start that cannot leave its key file says where, and how to do without."""
    with pytest.raises(ConfigurationError, match=r"no/key_file\.json cannot be written.*disable_token_authorization"):
        TokenAuthority(tmp_path / "no" / "key_file.json", 60, clock)


@pytest.mark.parametrize("minutes", [1e12, float("inf"), float("nan")])
def test_impossible_life_is_named(key_file, clock, minutes):
    """A life that no date can hold is refused by name and value, and no file is left."""
    with pytest.raises(ConfigurationError, match=f"token_expiration_min={re.escape(str(minutes))}"):
        TokenAuthority(key_file, minutes, clock)
    assert not key_file.exists()
