"""The board to look at when an alert fires: in, Grafana's URL and an alert; out, a link, as a template of Prometheus'.

Called by `rule_files`, for the annotation `dashboard_url`.
"""

from typing import Final

from servescope.operate.alert import Alert
from servescope.operate.grafana import links

_VARIABLES: Final = {"job": "job", "instance": "instance", "model": "model_name", "version": "model_version"}


def board_link(grafana_url: str, alert: Alert) -> str:
    """The model's board, or the host's, or the fleet's, with the alert's own labels chosen, whatever is in them."""
    labels = alert.condition.labels or frozenset()
    board = links.MODEL if "model_name" in labels else links.HOSTS if "instance" in labels else links.OVERVIEW
    chosen = (
        f"var-{variable}={{{{ with $labels.{label} }}}}{{{{ . | urlquery }}}}{{{{ end }}}}"
        for variable, label in _VARIABLES.items()
        if label in labels
    )
    return f"{grafana_url.rstrip('/')}/d/{board}/{board}?{'&'.join(chosen)}"
