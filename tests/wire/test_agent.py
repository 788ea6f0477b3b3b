"""How an agent says who it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.agent import GREETING_SIZE, Role, Ticket, greeting, new_ticket, read_greeting


@pytest.mark.parametrize("role", Role)
def test_a_greeting(role):
    """Says what the connection is for, and has the ticket whole."""
    ticket = new_ticket()
    data = greeting(role, ticket)
    assert len(data) == GREETING_SIZE
    assert read_greeting(data) == (role, ticket)


@given(st.binary(min_size=GREETING_SIZE, max_size=GREETING_SIZE))
def test_any_other_bytes(data):
    """Are a greeting only where they begin as one, and raise nothing but ValueError."""
    try:
        role, _ = read_greeting(data)
    except ValueError:
        return
    assert data[:8] == greeting(role, new_ticket())[:8]


def test_tickets():
    """No two are alike, and one admits its own secret only."""
    tickets = [new_ticket() for _ in range(100)]
    assert len({ticket.name for ticket in tickets}) == len({ticket.secret for ticket in tickets}) == 100
    assert tickets[0].admits(tickets[0].secret)
    assert not tickets[0].admits(tickets[1].secret)
    assert not Ticket(b"", b"").admits(b"x")
