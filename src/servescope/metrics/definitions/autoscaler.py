"""The autoscaler: what it wants of each model version that it is asked to look after, what is done, and by what numbers."""

from servescope.metrics.definitions.definition import Definition

MODES = ("off", "advise", "act")
DIRECTIONS = ("up", "down", "hold")

_MODEL = ("model_name", "model_version")
_DECIDED = "Set with each decision, once a second."
_WHERE = "Only of models whose autoscale mode is not off."

AUTOSCALER = (
    Definition(
        "servescope_autoscaler_desired_workers", "gauge", "workers", _MODEL,
        f"Workers that the autoscaler wants, before bounds and steps. {_WHERE}", _DECIDED,
    ),
    Definition(
        "servescope_autoscaler_applied_workers", "gauge", "workers", _MODEL,
        f"Workers that the model shall have now, whoever decided on it: in mode act the autoscaler, within the bounds. {_WHERE}",
        "Read at scrape time.",
    ),
    Definition(
        "servescope_autoscaler_signal", "gauge", "workers", (*_MODEL, "signal"),
        f"Workers that one signal asks for; the largest of them is wanted. {_WHERE}", _DECIDED,
    ),
    Definition(
        "servescope_autoscaler_withheld_workers", "gauge", "workers", (*_MODEL, "bound"),
        "Workers that are wanted beyond what a bound allows, by the bounds that have held (max, failed_starts, memory,"
        f" container_memory, container_cpu, gpu_memory); 0 where one does not hold now; max from the start. {_WHERE}", _DECIDED,
    ),
    Definition(
        "servescope_autoscaler_decisions_total", "counter", "decisions", (*_MODEL, "direction", "reason"),
        f"Decisions, one a second, by direction ({', '.join(DIRECTIONS)}) and reason.", "Counted with each decision.",
    ),
    Definition(
        "servescope_autoscaler_input_age_seconds", "gauge", "seconds", _MODEL,
        "For how long the autoscaler has had no complete, fresh numbers, or has not decided at all; 0 where it has."
        f" {_WHERE}", "Read at scrape time.",
    ),
    Definition(
        "servescope_autoscaler_mode", "gauge", "", (*_MODEL, "mode"),
        f"1 for the mode that is in force, 0 for the others ({', '.join(MODES)}). Of models that were autoscaled once.",
        "Set at registration and by the management API.",
    ),
)  # fmt: skip
