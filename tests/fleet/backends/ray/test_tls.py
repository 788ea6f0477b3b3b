"""Ray's own variables say whether there is TLS, and by which files."""

import pytest

from servescope.fleet.backends.ray.tls import files_of, is_used

FILES = {"RAY_TLS_SERVER_CERT": "/c", "RAY_TLS_SERVER_KEY": "/k", "RAY_TLS_CA_CERT": "/a"}


@pytest.mark.parametrize(
    ("text", "used"), [("1", True), ("true", True), ("True", True), ("0", False), ("", False), ("yes", False)]
)
def test_whether(text, used):
    """As Ray takes it."""
    assert is_used({"RAY_USE_TLS": text}) is used
    assert not is_used({})


def test_the_files():
    """With the variables that name them."""
    files = files_of(FILES)
    assert [str(file) for file in (files.certificate, files.key, files.authority)] == [
        f"{name}={path}" for name, path in FILES.items()
    ]


@pytest.mark.parametrize("name", FILES)
def test_one_that_is_not_named(name):
    """Is named here, be it empty or not there."""
    with pytest.raises(OSError, match=f"TLS cannot be set up: the variable {name} is not set"):
        files_of({**FILES, name: ""})
