"""Workflows for a test's time."""

from collections.abc import Callable, Iterator

import pytest

from integration.server import Server, pack
from integration.workflows.flow import Flow, spec_of

MODEL = """
def handle(data, context):
    return data and [bytes(row["body"]).decode().upper() for row in data]
"""


@pytest.fixture
def flow(server: Server) -> Iterator[Callable[..., Flow]]:
    """Register a workflow of a test's own in the shared server; `upper.mar` is there for its models."""
    pack(server.store / "upper.mar", "upper", MODEL)
    flows: list[Flow] = []

    def register(dag: dict[str, list[str]], **models: object) -> Flow:
        made = Flow(server)
        flows.append(made)
        answer = made.register(spec_of(dag, **models))
        assert answer.status_code == 200, answer.text
        return made

    yield register
    for made in flows:
        made.notes.mkdir(exist_ok=True)
        made.open()
        made.delete()
