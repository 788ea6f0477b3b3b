"""The row about a model's autoscaler: in, the form of the histograms; out, the row that `model` has of it."""

from typing import Final

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.narrowed import RATE, RECENT, family, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.promql import Form, max_by, one_of, rate, sum_by, sum_gained
from servescope.operate.recordings.autoscaler import ABLE

_MODEL: Final = ("instance", "model_name", "model_version")
_LINE: Final = "{{instance}} {{model_name}} {{model_version}}"
_LIMITS: Final = Thresholds()


def row(form: Form) -> Row:
    """What it wants, what there is and may be, what asks for it, what it decided and why, and whether it can be believed."""
    return Row(
        "Autoscaler (empty for a model whose autoscale mode is off)", (_workers(form), _signals(), _moves(), *_why())
    )


def _workers(form: Form) -> Panel:
    counts = (
        ("wanted", family("servescope_autoscaler_desired_workers")),
        ("asked for", family("servescope_autoscaler_applied_workers")),
        ("able to work", recorded(form, ABLE)),
    )
    bounds = (("minimum", family("servescope_workers_min")), ("maximum", family("servescope_workers_max")))
    return Panel(
        "Wanted and there", "Workers that the autoscaler wants, before bounds and steps, those that the model shall have, and those"
        " that can work. wanted above asked for: a bound holds, or the mode is advise. asked for above able: they load. The"
        " dashed lines are the bounds.", "short", (
            *(Query(max_by(one.now, *_MODEL), f"{_LINE} {words}") for words, one in counts),
            *(Query(max_by(one.now, *_MODEL), f"{_LINE} {words}", limit=True) for words, one in bounds),
        ), width=12, links=(links.HOST_OF_LINE,),
    )  # fmt: skip


def _signals() -> Panel:
    signal = max_by(family("servescope_autoscaler_signal").now, *_MODEL, "signal")
    return Panel(
        "Signals", "Workers that each signal asks for; the largest of them is wanted. latency_slo: what keeps requests within the"
        " objective; concurrency: requests in flight and queued; kv_cache, waiting: language models' engines; gpu: how busy"
        " GPUs are.", "short", (Query(signal, f"{_LINE} {{{{signal}}}}"),), width=12, links=(links.HOST_OF_LINE,),
    )  # fmt: skip


def _moves() -> Panel:
    decisions = family("servescope_autoscaler_decisions_total", one_of("direction", "up", "down"))
    moves = sum_gained(decisions, RECENT, "instance", "direction", "reason")
    return Panel(
        "Decisions up and down", "Decisions in 5 minutes that ask for another count, by reason. Both directions again and again:"
        " the count flaps. In mode advise one a second, as nothing comes of it.", "short",
        (Query(moves, "{{instance}} {{direction}} {{reason}}"),), width=6, links=(links.HOST_OF_LINE,), empty="none",
    )  # fmt: skip


def _why() -> tuple[Panel, ...]:
    reasons = sum_by(rate(family("servescope_autoscaler_decisions_total"), RATE), "direction", "reason")
    withheld = max_by(family("servescope_autoscaler_withheld_workers").now, *_MODEL, "bound")
    age = max_by(family("servescope_autoscaler_input_age_seconds").now, *_MODEL)
    mode = max_by(family("servescope_autoscaler_mode").now, *_MODEL, "mode")
    return (
        Panel("Reasons", "Decisions a second by direction and reason, of which there is one: the share of the time for which a"
              " reason held. kept: as many were needed a while ago; missing, stale: numbers are lacking.", "short",
              (Query(reasons, "{{direction}} {{reason}}"),), kind="stacked", width=6),
        Panel("Withheld by bounds", "Workers that are wanted beyond what a bound allows. max: maxWorkers; memory, container_memory,"
              " container_cpu, gpu_memory: there is no room; failed_starts: they do not load.", "short",
              (Query(withheld, f"{_LINE} {{{{bound}}}}"),), width=4, steps=(Step(1, "orange"),), links=(links.HOST_OF_LINE,)),
        Panel("Age of its numbers", "For how long there have been no complete, fresh numbers, or no decision. Above 0 no worker is"
              " taken away.", "s", (Query(age, _LINE),), width=4,
              steps=(Step(_LIMITS.autoscaler_stale_seconds, "red"),), links=(links.HOST_OF_LINE,)),
        Panel("Mode", "advise decides and says so; act changes the number of workers as well.", "short",
              (Query(mode.equals(1), f"{_LINE} {{{{mode}}}}"),), kind="stat", width=4, empty="never autoscaled"),
    )  # fmt: skip
