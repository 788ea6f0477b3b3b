"""What a server's metrics have grown by between two readings, as a `Scrape`; and the rest that it must come to.

The tests share a server, so what they compare is what their own load added.
"""

from collections import defaultdict

from integration.deployed import Deployed
from integration.scrape import Scrape
from integration.server import wait_until
from truth.comparison import at_rest, of_model

RUNNING = "servescope_llm_requests_running"
WAITING = "servescope_llm_requests_waiting"
TOKENS = "servescope_llm_tokens_total"
FINISHED = "servescope_llm_finished_total"
FIRST_TOKEN = "servescope_llm_time_to_first_token_seconds"
INTER_TOKEN = "servescope_llm_inter_token_seconds"
KV_CACHE = "servescope_llm_kv_cache_usage_ratio"
PREEMPTIONS = "servescope_llm_preemptions_total"
FAMILIES = {
    FIRST_TOKEN: "histogram",
    INTER_TOKEN: "histogram",
    TOKENS.removesuffix("_total"): "counter",
    FINISHED.removesuffix("_total"): "counter",
    PREEMPTIONS.removesuffix("_total"): "counter",
    RUNNING: "gauge",
    WAITING: "gauge",
    KV_CACHE: "gauge",
}


class Growth(Scrape):
    """`after` less `before`; series that are new began at zero. Gauges mean nothing here."""

    def __init__(self, before: Scrape, after: Scrape) -> None:
        super().__init__("")
        self._samples = defaultdict(list)
        for name, samples in after._samples.items():
            was = {tuple(sorted(labels.items())): value for labels, value in before._samples[name]}
            self._samples[name] = [
                (labels, value - was.get(tuple(sorted(labels.items())), 0.0)) for labels, value in samples
            ]


def resting(model: Deployed) -> Scrape:
    """A reading once neither the server nor its engines have a request of the model in hand."""

    def engines_rest() -> bool:
        now = of_model(model.server, model)
        return not now.total(RUNNING, model_name=model.name) and not now.total(WAITING, model_name=model.name)

    at_rest(model.server, model)
    wait_until(engines_rest, f"the engines of {model.name} to have no request")
    return at_rest(model.server, model)
