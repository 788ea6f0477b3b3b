"""One plan at a time of a server, and what one that was killed has left."""

import pytest

from servescope.cli.planning.server.claim import Noted, Standing, claimed
from servescope.errors import ConfigurationError

SERVER = "http://127.0.0.1:8081"
NOTED = Noted(Standing("m", "1.0", 2, 1, 3, "act", 4), "m-plan-1")


def test_another_plan_of_the_server_is_refused(tmp_path):
    """By the server's address; of another server it is not."""
    other, again = claimed("http://127.0.0.1:9081", tmp_path), claimed(SERVER, tmp_path)
    with claimed(SERVER, tmp_path), other, pytest.raises(ConfigurationError) as refused, again:
        pass
    assert f"another plan of {SERVER} goes on" in refused.value.message


def test_what_was_noted_is_there_for_the_next(tmp_path):
    """Unless it was put back."""
    with claimed(SERVER, tmp_path) as first:
        assert first.left == Noted()
        first.note(Noted(copy="a much longer name than the next one has, so that something would be left of it"))
        first.note(NOTED)
    with claimed(SERVER, tmp_path) as second:
        assert second.left == NOTED
        second.note(Noted())
    with claimed(SERVER, tmp_path) as third:
        assert third.left == Noted()


@pytest.mark.parametrize(
    "text", [b"{", b"[]", b'{"standing": 3, "copy": null}', b'{"standing": {"x": 1}, "copy": null}']
)
def test_a_damaged_note_is_none(tmp_path, text):
    """A plan is made all the same."""
    with claimed(SERVER, tmp_path):
        (file,) = tmp_path.iterdir()
    file.write_bytes(text)
    with claimed(SERVER, tmp_path) as claim:
        assert claim.left == Noted()


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """A temporary directory is everybody's."""
    with claimed(SERVER, tmp_path):
        (file,) = tmp_path.iterdir()
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError) as refused, claimed(SERVER, tmp_path):
        pass
    assert str(file) in refused.value.message
    assert not (tmp_path / "elsewhere").exists()
