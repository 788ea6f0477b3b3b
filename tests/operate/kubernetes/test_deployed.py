"""The numbers of a Deployment, by what was measured, given, or assumed."""

from dataclasses import replace

import pytest

from operate.kubernetes.planned import FULL, MEASURED, planned
from servescope.operate.kubernetes.deployed import ENDING_S, PRE_STOP_S
from servescope.operate.kubernetes.measured import MeasuredServer
from servescope.operate.kubernetes.options import Options
from servescope.server.service import STOP_GRACE_S


def test_names_suffice():
    """Every figure is a stated default then."""
    (one,) = planned()
    assert {figure.origin for figure in one.figures} == {"stated default"}
    # (256 + 1024) × 1.25
    assert (one.memory_mib, one.millicores, one.startup_s, one.drain_s) == (1600, 1500, 600, 121)
    assert one.target.value == 0.7
    assert not one.several_at_once


def test_a_measured_server_decides():
    """Memory for both workers and the front end with a quarter of room, in steps; processors by the busy worker; times."""
    (one,) = planned(measured=MEASURED)
    # (2e8 + 2 × 3e8) × 1.25 = 954 MiB; 0.5 + 2 × 1.5
    assert (one.memory_mib, one.millicores) == (960, 3500)
    assert (one.load_s, one.startup_s) == (13, 65)
    assert (one.drain_s, one.gpus.value, one.tokens.value) == (31, 1, True)
    assert one.target.value == pytest.approx(5.6)
    assert one.several_at_once
    assert {figure.what for figure in one.figures if figure.origin == "stated default"} == {
        "image", "fewest pods", "most pods", "Prometheus for KEDA",
    }  # fmt: skip


def test_what_was_given_decides_over_both():
    """Options are the operator's word."""
    given = Options(workers=4, gpus=0, min_replicas=1, max_replicas=3, target=2.5, drain_s=7, image="i:1")
    (one,) = planned(options=given, measured=MEASURED)
    assert [one.models[0].workers.value, one.gpus.value, one.target.value, one.drain_s] == [4, 0, 2.5, 7]
    assert [one.least.value, one.most.value, one.image.value] == [1, 3, "i:1"]


def test_of_several_models_the_hardest_decides():
    """The longest timeout and load, the smallest batch; memory of all. What one of them lacks is assumed, and said to be."""
    slow = replace(FULL, response_timeout_s=300.0, load_s=100.0, batch_size=1)
    server = MeasuredServer(models={"a": FULL, "b": slow})
    (one,) = planned("a", "b", measured=server)
    assert (one.drain_s, one.load_s, one.startup_s, one.target.value) == (301, 100, 500, 0.7)
    (partly,) = planned("a", "c", measured=server)
    assert partly.drain.origin == "stated default"
    assert [model.memory.origin for model in partly.models] == ["measured", "stated default"]


def test_each_has_a_deployment_of_its_own():
    """Called after it."""
    assert [one.name for one in planned("a", "B", each=True)] == ["a", planned("B")[0].models[0].model.label]
    assert [one.name for one in planned("a", "b")] == ["servescope"]


@pytest.mark.parametrize("drain", [0, 1, 121, 86400])
def test_a_pod_is_not_killed_before_its_server_has_ended(drain):
    """The grace covers what comes before the signal, the drain, the workers' end and the second in which it is said."""
    (one,) = planned(options=Options(drain_s=drain))
    assert one.grace_s >= PRE_STOP_S + drain + STOP_GRACE_S + 1
    assert ENDING_S > STOP_GRACE_S
