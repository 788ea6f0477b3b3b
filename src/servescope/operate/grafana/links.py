"""Links between boards: in, which board; out, `Link`s whose addresses carry the variables, each value escaped.

Used by `boards`. Grafana puts the values in: `queryparam` writes a variable's own `var-name=…` for all its values,
`percentencode` escapes a model's name whatever it holds, so neither `&` nor `#` in it ends the parameter.
"""

from dataclasses import dataclass
from typing import Final

OVERVIEW: Final = "servescope-overview"
MODEL: Final = "servescope-model"
HOSTS: Final = "servescope-hosts"
LLM: Final = "servescope-llm"
TORCHSERVE: Final = "servescope-torchserve"

_SHARED: Final = "${datasource:queryparam}&${job:queryparam}"
_RANGE: Final = "${__url_time_range}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link on a panel's values. `url` begins with a slash, so that Grafana puts its own root before it."""

    title: str
    url: str


def _link(title: str, board: str, *parameters: str) -> Link:
    return Link(title, f"/d/{board}/{board}?" + "&".join((_SHARED, *parameters, _RANGE)))


MODEL_OF_LINE: Final = _link(
    "Open model ${__field.labels.model_name}",
    MODEL,
    "${instance:queryparam}",
    "var-model=${__field.labels.model_name:percentencode}",
    "var-version=${__field.labels.model_version:percentencode}",
)
MODEL_OF_ROW: Final = _link(
    "Open model ${__data.fields.model_name}",
    MODEL,
    "${instance:queryparam}",
    "var-model=${__data.fields.model_name:percentencode}",
    "var-version=${__data.fields.model_version:percentencode}",
)
HOST_OF_LINE: Final = _link(
    "Open host ${__field.labels.instance}", HOSTS, "var-instance=${__field.labels.instance:percentencode}"
)
OVERVIEW_OF_INSTANCE: Final = _link(
    "Models of ${__field.labels.instance}", OVERVIEW, "var-instance=${__field.labels.instance:percentencode}"
)
