"""The board of language models: in, the form of the histograms; out, a `Board` of what users feel and what engines do.

Called by `files`. Times and tokens come from the rules' recordings, the scheduler's numbers from the engines themselves.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.grafana import links
from servescope.operate.grafana.alerts import BY_MODEL
from servescope.operate.grafana.board import Board
from servescope.operate.grafana.boards.budget import BUDGET_STEPS, budget_left
from servescope.operate.grafana.boards.distribution import distribution
from servescope.operate.grafana.narrowed import RATE, family, recorded
from servescope.operate.grafana.panel import Panel, Query, Row, Step
from servescope.operate.grafana.percentiles import token_times
from servescope.operate.grafana.variables import model_variables
from servescope.operate.promql import (
    Form,
    equal,
    like,
    max_by,
    rate,
    ratio,
    sum_by,
)

_MODEL = ("model_name", "model_version")
_LINE = "{{model_name}} {{model_version}}"
_WORKER = (*_MODEL, "worker")
_FIRST = "servescope_llm_time_to_first_token_seconds"
_BETWEEN = "servescope_llm_inter_token_seconds"
_LIMITS = Thresholds()


def llm_board(form: Form) -> Board:
    """Time to the first token, pace, tokens, the engine's scheduler and cache, and what was promised."""
    return Board(
        uid=links.LLM,
        title="Servescope: language models",
        description="How long users wait for the first token and for each further one, and what the engines are busy with.",
        variables=model_variables("servescope_llm_tokens_total"),
        rows=(_felt(form), _heat(form), _tokens(form), _engine(form), _promised(form)),
        alerts=BY_MODEL,
        quantile=True,
    )


def _felt(form: Form) -> Row:
    panels = []
    for name, slo, title, words in (
        (_FIRST, "ttft", "Time to first token", "From the request's last byte to its first token. It grows with the queue,"
         " and with the length of prompts"),
        (_BETWEEN, "itl", "Time between tokens", "From one output of the engine to the next, of one answer. It grows"
         " with how many requests share the engine"),
    ):  # fmt: skip
        limit = max_by(family("servescope_slo_threshold_seconds", equal("slo", slo)).now, *_MODEL)
        panels.append(
            Panel(title, f"{words}: the median and the chosen quantile; the dashed line is the model's {slo}_ms.", "s", (
                Query(token_times(form, 0.5, name, *_MODEL), f"{_LINE} median"),
                Query(token_times(form, "$quantile", name, *_MODEL), f"{_LINE} p$quantile"),
                Query(limit, f"{_LINE} {slo}_ms", limit=True),
            ), width=12, links=(links.MODEL_OF_LINE,))
        )  # fmt: skip
    return Row("What users feel", tuple(panels))


def _heat(form: Form) -> Row:
    """The one place where raw buckets are read: exemplars are kept with them alone."""
    panels = (
        Panel(title, "How many a second took how long; a dot is one request, whose trace it opens. Choose one model.", "s",
              (distribution(family(name), form, exemplars=True),), kind="heatmap", width=12)
        for name, title in ((_FIRST, "Times to first token"), (_BETWEEN, "Times between tokens"))
    )  # fmt: skip
    return Row("One by one", tuple(panels))


def _tokens(form: Form) -> Row:
    tokens = recorded(form, "instance_model_kind:servescope_llm_tokens:rate5m")
    prompts = sum_by(tokens.where(equal("kind", "prompt")).now, *_MODEL)
    cached = sum_by(tokens.where(equal("kind", "cached_prompt")).now, *_MODEL)
    ended = sum_by(rate(family("servescope_llm_finished_total"), RATE), *_MODEL, "reason")
    return Row("Tokens", (
        Panel("Tokens", "Tokens a second by kind, over 5 minutes: prompts read, of these from the cache, and generated.", "short",
              (Query(sum_by(tokens.now, *_MODEL, "kind"), f"{_LINE} {{{{kind}}}}"),), links=(links.MODEL_OF_LINE,)),
        Panel("Prompts from the cache", "Share of the prompts' tokens that the engine had in its cache already. The higher,"
              " the sooner the first token comes.", "percentunit", (Query(ratio(cached, prompts), _LINE),), top=1),
        Panel("Why generation ended", "Prompts a second by reason. length: cut off by max_tokens; abort: the client hung"
              " up; error: the engine failed.", "reqps", (Query(ended, f"{_LINE} {{{{reason}}}}"),), kind="stacked"),
    ))  # fmt: skip


def _engine(form: Form) -> Row:
    worker = f"{_LINE} {{{{worker}}}}"
    running, waiting = (
        max_by(family(f"servescope_llm_requests_{state}").now, *_WORKER) for state in ("running", "waiting")
    )
    preempted = sum_by(recorded(form, "instance_model:servescope_llm_preemptions:rate5m").now, *_MODEL)
    return Row("Engines", (
        Panel("Running", "Requests that each engine works on at once. It is flat at max_num_seqs when that is the limit.",
              "short", (Query(running, worker),), width=6),
        Panel("Waiting", "Requests that wait in each engine's own scheduler. Above 0 for long: another replica, or a smaller"
              " model.", "short", (Query(waiting, worker),), width=6, steps=(Step(1, "orange"),)),
        Panel("KV cache", "Taken share of each engine's KV cache. Near 1 it preempts: requests are thrown out and begin again.",
              "percentunit", (Query(max_by(family("servescope_llm_kv_cache_usage_ratio").now, *_WORKER), worker),), width=6,
              top=1, steps=(Step(_LIMITS.kv_cache_ratio, "red"),)),
        Panel("Preemptions", "Requests a second that were thrown out of the cache and have to begin again: their users see a"
              " stream that stops.", "ops", (Query(preempted, _LINE),), width=6, steps=(Step(0.1, "red"),)),
    ))  # fmt: skip


def _promised(form: Form) -> Row:
    times = like("slo", "ttft|itl")
    hour = recorded(form, "model_slo:servescope_slo_burn:rate1h", times).now
    return Row("What was promised", (
        Panel("Error budget left", "Of what ttft_ms and itl_ms allow for the time shown, how much is left. Below 0 the"
              " objective is missed.", "percentunit", (Query(budget_left(form, times), f"{_LINE} {{{{slo}}}}"),), width=12,
              below="red", steps=BUDGET_STEPS),
        Panel("Burn rate over an hour", "How many times faster than it lasts the budget is spent. 14.4 pages, 1 lasts just as"
              " long as the objective's period.", "short", (Query(hour, f"{_LINE} {{{{slo}}}}"),), width=12,
              steps=(Step(1, "orange"), Step(_LIMITS.burn_rate_1h, "red"))),
    ))  # fmt: skip
