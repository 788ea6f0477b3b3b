"""What the console remembers, across a restart of the server."""

import pytest

from integration.console.test_overview import FAILING, document
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration


def test_a_restart(launch):
    """With console_history_file what was remembered is there again, and so are the file and a warning where it is broken."""
    server = launch(console_history_file="history")
    archive = pack(server.store / "kept.mar", "kept", FAILING)
    assert server.register(archive).status_code == 200
    for _ in range(9):
        server.http.post(server.url("inference", "/predictions/kept"), content=b"a")

    def counted():
        columns = document(server, "models/kept/heatmap")["counts"]
        return sum(sum(column) for column in columns if column)

    wait_until(lambda: counted() == 9)
    server.process.terminate()
    assert server.process.wait(20) == 0
    server.start_again()
    assert server.register(archive).status_code == 200
    assert counted() == 9
    server.process.terminate()
    assert server.process.wait(20) == 0
    (server.directory / "history").write_bytes(b"nonsense")
    server.start_again()
    assert server.register(archive).status_code == 200
    assert "console_history_file=" in server.console()
    assert document(server)["models"][0]["name"] == "kept"


@pytest.mark.parametrize("place", ["no/such/directory/history", "."])
def test_a_place_that_cannot_be_written(launch, place):
    """The server starts, serves and ends all the same, and names the file."""
    server = launch(console_history_file=place)
    assert document(server)["models"] == []
    server.process.terminate()
    assert server.process.wait(20) == 0
    assert "cannot be written" in server.console()
