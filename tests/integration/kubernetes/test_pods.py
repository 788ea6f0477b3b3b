"""A server as the pods start it: ready, contained, and ended."""

import re
import threading

import pytest

from integration.kubernetes.pod import Manifests, Pod, archive, running, written
from integration.server import wait_until

pytestmark = pytest.mark.integration


def test_a_pod_starts_and_is_ready(pod: Pod):
    """With both models, found by the names that clients use; all probes pass, and only two ports are for others."""
    assert [pod.probe(name) for name in ("startup", "readiness", "liveness")] == [200, 200, 200]
    for name in ("cube", "Wür fel"):
        assert pod.http.post(pod.url("inference", f"/predictions/{name}"), content=b"0").text == "ok"
    said = pod.http.get(pod.url("management", "/models/cube")).json()[0]
    assert said["minWorkers"] == 2


def test_the_volumes_are_all_that_is_written_to(place, pod: Pod):
    """Nothing lies outside of what is mounted."""
    mounts = {mount["mountPath"] for mount in Manifests(place / "out").container["volumeMounts"]} | {"/archives"}
    root = place / "root"
    files = [f"/{file.relative_to(root)}" for file in root.rglob("*") if file.is_file()]
    assert any(file.startswith("/logs/") for file in files)
    assert any(file.startswith("/models/") for file in files)
    assert [file for file in files if not any(file.startswith(f"{mount}/") for mount in mounts)] == []


def test_it_ends_as_the_kubelet_asks_it_to(place, tmp_path):
    """What is in flight is answered, and it is gone well before it would be killed."""
    manifests = Manifests(place / "out")
    (tmp_path / "root").mkdir()
    archives = {file: archive(tmp_path, name, "") for file, name in (("cube.mar", "cube"),)}
    folder = written(tmp_path / "out", "cube", "--drain-seconds", "20")
    with running(folder, tmp_path / "root", archives) as pod:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(pod.http.post(pod.url("inference", "/predictions/cube"), content=b"1"))
        )
        asking.start()
        sample = re.compile(r"^servescope_requests_in_flight\{.*\} 1(?:\.0)?$", re.MULTILINE)
        wait_until(
            lambda: sample.search(pod.http.get(pod.url("metrics", "/metrics")).text), "the request to be in flight"
        )
        assert pod.end() == 0
        asking.join()
        assert [answer.status_code for answer in answers] == [200]
    assert manifests.template["spec"]["terminationGracePeriodSeconds"] == 45
