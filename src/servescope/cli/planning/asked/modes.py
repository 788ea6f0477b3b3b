"""Which options belong to which kind of plan: in, what was given; out, a refusal of what would have no effect. Called by `command`.

A plan is made from loads on a live model, from files of measurements, or from Prometheus.
"""

from collections.abc import Iterable

import typer

_ALWAYS = {"model", "as_json"}
_ANY_SERVER = {"url", "token", "inference_token", "version", "path", "payload", "input_tokens", "output_tokens"}
_LOAD = {"sweep", "budget", "yes", "shadow", "seed"}
_ASKED = {"slo", "rps", "availability", "headroom", "price", "html"}
_HISTORY = {"from_prometheus", "model_option", "days", "ca_file"}
KINDS = {
    "--from-prometheus": _ALWAYS | _HISTORY,
    "--check": _ALWAYS | _HISTORY | {"check"},
    "--measured": _ALWAYS | _ASKED | {"measured", "trace"},
    "a plan from loads": _ALWAYS | _ASKED | _ANY_SERVER | _LOAD | {"trace", "captured", "ca_file"},
}
_WHY = {
    "--from-prometheus": ", which plans from what was",
    "--check": ", which has a plan already",
    "--measured": ", which sends nothing",
    "a plan from loads": ": it is for --from-prometheus",
}


def refuse_others(kind: str, given: Iterable[tuple[str, str]]) -> None:
    """`given`: parameters by name, and as they are written. Raises BadParameter for one that this kind has no use for."""
    for name, written in given:
        if name not in KINDS[kind]:
            raise typer.BadParameter(f"{written} has no effect with {kind}{_WHY[kind]}")
