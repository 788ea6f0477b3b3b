"""Models that should be there and are not, and engines of language models."""

from servescope.findings.condition import Both, Compare, Limit
from servescope.findings.rule import MODEL, PERCENT, SERVER, Rule, label, percent
from servescope.findings.thresholds.thresholds import Thresholds


def model_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """Models that the start was asked for, and models that clients ask for."""
    return (_missing(thresholds), _unknown(thresholds))


def _missing(thresholds: Thresholds) -> Rule:
    named = label("model_name")
    return Rule(
        name="ServescopeModelsMissing",
        severity="page",
        measured="models_missing",
        condition=Compare("models_missing", ">", 0),
        lasts=thresholds.models_missing_for,
        summary=f"{SERVER} was started with {named} and does not serve it",
        description=(
            f"The start of {SERVER} could not load the model {named}: {label('reason')}. Whoever"
            " asks for it gets 404, or 503."
        ),
    )


def _unknown(thresholds: Thresholds) -> Rule:
    many = Compare("unknown_ratio", ">", Limit("unknown_models_ratio"))
    return Rule(
        name="ServescopeUnknownModels",
        severity="page",
        measured="unknown_ratio",
        condition=Both(many, Compare("unknown_10m", ">=", Limit("unknown_models_minimum"))),
        lasts=thresholds.unknown_models_for,
        summary=f"More than {percent(thresholds.unknown_models_ratio)} of the requests to {SERVER} are for models that it has not",
        description=(
            f"{PERCENT} of the predictions that {SERVER} was asked for in the last 10 minutes were answered with 404, as there"
            " is no such model or version. Either models are lacking, or clients ask for the wrong ones."
        ),
    )


def llm_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """A full cache alone is good use of it; together with preemptions work is thrown away and done again."""
    return (
        Rule(
            name="ServescopeKvCacheFull",
            severity="ticket",
            role="cause",
            measured="kv_cache",
            condition=Both(Compare("kv_cache", ">", Limit("kv_cache_ratio")), Compare("preempting", ">", 0)),
            lasts=thresholds.kv_cache_for,
            summary=f"The KV cache of {MODEL} on {SERVER} is full, and requests are preempted",
            description=(
                f"Up to {PERCENT} of the KV cache of {MODEL} on {SERVER} was taken in the last 5 minutes, and the engine"
                " preempts requests: their answers pause, and part of their work is done again."
            ),
        ),
    )
