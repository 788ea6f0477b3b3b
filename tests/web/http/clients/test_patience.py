"""What counts as going on."""

from hypothesis import given
from hypothesis import strategies as st

from servescope.web.http.clients.patience import LEAST_BYTES, Patience, look_at
from servescope.web.http.clients.phase import Phase
from web.http.clients.scripted import Someone


def test_of():
    """A header has its own time; a body that comes and an answer that goes have the same."""
    patience = Patience(1, 2)
    assert [patience.of(phase) for phase in (Phase.HEADER, Phase.BODY, Phase.UNREAD)] == [1, 2, 2]


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_stands(before, after):
    """Less than LEAST_BYTES, either way: a body grows, what waits for its reader shrinks."""
    client = Someone(Phase.BODY)
    client.progress = before
    seen = look_at(client, Phase.BODY, 1.0)
    client.progress = after
    assert seen.stands(client, Phase.BODY) == (abs(after - before) < LEAST_BYTES)
