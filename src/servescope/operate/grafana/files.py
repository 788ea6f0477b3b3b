"""All the files of `servescope grafana`: in, the form of the histograms and where things are; out, text by relative path.

Called by `cli.monitoring.grafana` and by the test that holds `deploy/grafana` against it. Boards are `dashboards/UID.json`.
"""

from servescope.operate.grafana.board import Board
from servescope.operate.grafana.boards.hosts import hosts_board
from servescope.operate.grafana.boards.llm import llm_board
from servescope.operate.grafana.boards.model import model_board
from servescope.operate.grafana.boards.overview import overview_board
from servescope.operate.grafana.boards.torchserve import torchserve_board
from servescope.operate.grafana.encode import encoded
from servescope.operate.grafana.provisioning import Sources, data_sources, provider
from servescope.operate.promql import Form


def boards(form: Form) -> tuple[Board, ...]:
    """Every board, in the order in which they are read."""
    return (overview_board(form), model_board(form), hosts_board(form), llm_board(form), torchserve_board())


def grafana_files(form: Form, sources: Sources) -> dict[str, str]:
    """Boards and provisioning. The same arguments give the same text."""
    found = {f"dashboards/{board.uid}.json": encoded(board, form, sources.uid) for board in boards(form)}
    found["provisioning/dashboards/servescope.yml"] = provider(sources)
    found["provisioning/datasources/servescope.yml"] = data_sources(sources)
    return found
