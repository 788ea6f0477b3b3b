"""A real Prometheus with the recording rules scrapes a live server, and every expression of every board has data there."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from integration.conftest import deployment
from integration.deployed import Deployed
from integration.server import PATIENCE_S, Server, free_ports, wait_until
from metrics.nvml.stand_in import needs_gcc
from operate.grafana.reading import BOARDS, expressions, filled_in
from operate.promtool import needs_promtool
from servescope.operate.rule_files import rule_files
from servescope.operate.thresholds import Thresholds

pytest_plugins = ["integration.nvml"]
pytestmark = pytest.mark.integration

FEATURES = {"classic": "exemplar-storage", "native": "exemplar-storage,native-histograms"}
MODEL = """
minWorkers: 1
maxWorkers: 1
slo: {latency_ms: 70, latency_target: 90, availability_target: 99.9}
"""
# Answers, fails, or ends its process, as the request says, and measures something itself.
HANDLER = """
import os

def handle(data, context):
    if data is None:
        return None
    context.metrics.add_counter("Seen", 1)
    for row in data:
        word = row["body"].decode()
        if word == "raise":
            raise ValueError(word)
        if word == "exit":
            os._exit(1)
        if word == "404":
            context.set_response_status(code=404, idx=0)
    return ["ok"] * len(data)
"""
# What has no data here, and why. A panel that is named alone is left out with all its lines.
EMPTY = {
    "servescope-llm": "the model is no language model",
    "Alerts firing": "no alert rules are loaded, and nothing is wrong",
    "Processors: utilization by this server | {{instance}} limit": "there is no limit to processor time",
    "Memory: the cgroup | {{instance}} limit": "there is no limit to memory",
    "Memory: the cgroup | {{instance}} used": "there may be no cgroup",
    "Processors: saturation": "there may be no cgroup",
    "GPU: memory by model": "the worker has no context on the stand-in's cards",
    "GPU memory of each worker": "the same",
    "Folded or dropped": "no model used up its budget of series",
    "Measuring: folded or dropped": "the same",
    "HandlerTime": "the model's handler is no BaseHandler",
}


class Prometheus:
    """The answers of one Prometheus."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1/")

    def ask(self, path: str, **query: str) -> list:
        """The data of an answer, or nothing while it is starting."""
        try:
            answer = self._http.get(path, params=query)
        except httpx.ConnectError:
            return []
        if answer.status_code == 503:
            return []
        assert answer.status_code == 200, (query, answer.text)
        data = answer.json()["data"]
        return data if isinstance(data, list) else data["result"]

    def has(self, query: str) -> bool:
        """Whether there is a series, and one with a number."""
        return any(series.get("histogram") or series["value"][1] != "NaN" for series in self.ask("query", query=query))


@contextmanager
def prometheus(folder: Path, port: int, form: str) -> Iterator[Prometheus]:
    """Prometheus with the rules that boards read, all of them evaluated each second."""
    rules = re.sub(r"(interval:) \S+", r"\1 1s", rule_files(Thresholds(), form)["recordings.yml"])
    (folder / "rules.yml").write_text(rules, "utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: servescope, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    (own,) = free_ports(1)
    words = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    words += [f"--web.listen-address=127.0.0.1:{own}", f"--enable-feature={FEATURES[form]}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *words], stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Prometheus(f"http://127.0.0.1:{own}")
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def asked(form):
    """Every expression that shall have data, by what it is called."""
    found = {}
    for uid in BOARDS:
        for title, target in expressions(form, uid):
            line = f"{title} | {target['legendFormat']}"
            if not {uid, title, line} & EMPTY.keys():
                found[uid, line] = filled_in(target["expr"])
    return found


def test_the_list_of_what_is_empty_is_short_and_true():
    """Each entry names a board, a panel or a line that there is."""
    names = set(BOARDS)
    for uid in BOARDS:
        for title, target in expressions("classic", uid):
            names |= {title, f"{title} | {target['legendFormat']}"}
    assert EMPTY.keys() <= names
    assert len(asked("classic")) >= 100


def wait_for_all(told: Prometheus, model: Deployed, form: str) -> None:
    """Ask on until every expression has had data; else fail, and name those that had none."""
    missing = asked(form)

    def all_found() -> bool:
        model.predict("ok")  # TorchServe's counters begin with the first request, so only later ones are a rate
        for key in [key for key, text in missing.items() if told.has(text)]:
            del missing[key]
        return not missing

    try:
        wait_until(all_found, "every expression to have data")
    finally:
        print("without data:", *missing, sep="\n")


@needs_gcc
@needs_promtool
@pytest.mark.parametrize("form", ["classic", "native"])
def test_every_expression_has_data(tmp_path, nvml_stand_in, form):
    """Under answers, errors of both sides and a worker that ends, in either form; exemplars are found, too."""
    for name in ("server", "prometheus"):
        (tmp_path / name).mkdir()
    settings = {"disable_system_metrics": "false", "metric_time_interval": "1"}
    server = Server(tmp_path / "server", settings, nvml_stand_in.environment)
    try:
        with (
            prometheus(tmp_path / "prometheus", server.ports["metrics"], form) as told,
            deployment(server) as register,
        ):
            model = register(HANDLER, MODEL)
            wait_until(lambda: told.has(f'servescope_workers{{model_name="{model.name}"}}'), "a first scrape")
            for word in ["ok"] * 20 + ["404"] * 3 + ["raise"] * 3 + ["exit"]:
                model.predict(word)
            wait_for_all(told, model, form)
            (durations,) = [
                target["expr"] for _, target in expressions(form, "servescope-model") if target.get("exemplar")
            ]
            query = {"query": filled_in(durations), "start": "0", "end": "9999999999"}
            found = wait_until(lambda: told.ask("query_exemplars", **query), "exemplars")
            assert all("request_id" in one["labels"] for series in found for one in series["exemplars"])
    finally:
        server.end()
