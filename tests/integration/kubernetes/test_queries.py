"""The autoscalers' queries, asked of a real Prometheus that scrapes a pod as the operator would have it."""

import threading
import time

import pytest
import yaml

from integration.kubernetes.pod import Manifests, Pod, as_adapter, scrape_configuration, written
from integration.prometheus_server import needs_prometheus, prometheus
from integration.server import wait_until

pytestmark = [pytest.mark.integration, needs_prometheus]

PODS = ("servescope-1-a", "servescope-1-b")


class Asked:
    """A Prometheus that scrapes the pod twice, as two pods, and the autoscalers' queries."""

    def __init__(self, told, manifests):
        self.told = told
        (trigger,) = manifests.objects["scaledobject"]["spec"]["triggers"]
        (self.rule,) = yaml.safe_load(manifests.objects["adapter-rules"]["data"]["config.yaml"])["rules"]
        self.keda = trigger["metadata"]["query"]
        self.adapter = as_adapter(self.rule, "default", PODS)

    def first_scrape(self):
        """The time of the first sample."""
        found = wait_until(lambda: self.told.series("up[1h]"), "a scrape")
        return min(float(one["values"][0][0]) for one in found)


@pytest.fixture(scope="module", params=[(), ("--target", "4")], ids=["one at a time", "several at once"])
def asked(request, tmp_path_factory, pod: Pod):
    """In both forms of the queries."""
    folder = tmp_path_factory.mktemp("asked")
    manifests = Manifests(written(folder / "out", "cube", "Wür fel", *request.param))
    targets = dict(zip(PODS, (f"{host}:{pod.ports['metrics']}" for host in ("127.0.0.1", "localhost")), strict=True))
    with prometheus(folder / "prometheus", {"prometheus.yml": scrape_configuration(manifests, targets)}) as told:
        yield Asked(told, manifests)


def test_right_after_the_start_there_is_one_number(asked: Asked):
    """After the very first scrape, at which no counter has a rate yet; and from then on at each."""
    first = asked.first_scrape()
    for later in (0.0, 0.25, 0.5, 1.0):
        wait_until(lambda later=later: time.time() > first + later + 0.5)
        (element,) = asked.told.series(asked.keda, time=first + later)
        assert element["metric"] == {}


def test_without_load_it_is_zero(asked: Asked):
    """Of the adapter, one for each pod."""
    wait_until(lambda: asked.told.values(asked.keda) == [0.0], "no load")
    wait_until(lambda: asked.told.by("pod", asked.adapter) == dict.fromkeys(PODS, 0.0), "no load of either pod")


def test_load_is_seen(asked: Asked, pod: Pod):
    """Of two workers that are both busy there is one pod's worth of work a pod, and KEDA's number is of all pods: one element."""
    ended = threading.Event()

    def load():
        while not ended.is_set():
            pod.http.post(pod.url("inference", "/predictions/cube"), content=b"0.05")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        # The same server stands for two pods.
        wait_until(lambda: min(asked.told.by("pod", asked.adapter).values(), default=0) > 0.5, "the adapter's metric")
        wait_until(lambda: asked.told.values(asked.keda) and asked.told.value(asked.keda) > 1, "KEDA's query")
        (element,) = asked.told.series(asked.keda)
        assert element["metric"] == {}
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_the_adapter_discovers_the_metric(asked: Asked):
    """By series with the labels that lead to pods."""
    found = wait_until(lambda: asked.told.ask("series", **{"match[]": asked.rule["seriesQuery"]}), "series")
    assert {one["pod"] for one in found} == set(PODS)
    assert {(one["namespace"], one["deployment"], one["job"]) for one in found} == {
        ("default", "servescope", "servescope")
    }


def test_lost_pods_are_no_number(asked: Asked):
    """Minutes after the last scrape there is no element: KEDA reports an error, and the count of pods stays."""
    asked.first_scrape()
    assert asked.told.series(asked.keda, time=time.time() + 3600) == []
