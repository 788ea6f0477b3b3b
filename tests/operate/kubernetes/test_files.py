"""The folder: valid for every supported release, hardened, safe to apply, whatever models are called."""

import re

import jsonschema
import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from operate.kubernetes.planned import HOSTILE, MEASURED, objects, planned, written
from operate.kubernetes.schemas import SCHEMAS
from servescope.errors import ConfigurationError
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.definitions import BY_NAME
from servescope.operate.kubernetes.files import MARK
from servescope.operate.kubernetes.objects.metadata import INSTANCE
from servescope.operate.kubernetes.options import Options

RELEASES = ("1.27", "1.30", kubernetes_validate.latest_version())
WAYS = {
    "names alone": planned("digits"),
    "measured": planned("digits", *HOSTILE, measured=MEASURED),
    "each": planned("digits", *HOSTILE, measured=MEASURED, each=True),
    "claim": planned("digits", options=Options(claim="archives", gpus=2, monitor="service", target=4)),
    "nothing": planned("digits", options=Options(monitor="none", drain_s=0, min_replicas=1)),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)


def validate(found, release):
    """Raises jsonschema.ValidationError."""
    if found["kind"] in SCHEMAS:
        jsonschema.validate(found, SCHEMAS[found["kind"]])
    else:
        kubernetes_validate.validate(found, release, strict=True)


@pytest.mark.parametrize("release", RELEASES)
@EVERY_WAY
def test_every_object_is_valid(way, release):
    """By Kubernetes' own schemas, strictly; by those written down for the custom resources."""
    for found in objects(written(WAYS[way])).values():
        validate(found, release)


def test_the_schemas_refuse():
    """A key that is mistyped, a number where texts are, a missing selector."""
    found = {one["kind"]: one for one in objects(written(planned())).values()}
    for kind, spoil in {
        "ScaledObject": lambda spec: spec["triggers"][0]["metadata"].update(threshold=1),
        "PodMonitor": lambda spec: spec["podMetricsEndpoints"][0].update(intervall="15s"),
        "Deployment": lambda spec: spec["template"]["spec"]["containers"][0].update(livenesProbe={}),
    }.items():
        spoil(found[kind]["spec"])
        with pytest.raises(jsonschema.ValidationError):
            validate(found[kind], RELEASES[-1])


@EVERY_WAY
def test_the_folder_is_safe_to_apply(way):
    """One object a file, no two of the same kind and name; hpa/ and keda/ apart from each other and from the rest; all marked."""
    files = written(WAYS[way])
    found = objects(files)
    assert all(len(list(yaml.safe_load_all(files[path]))) == 1 for path in found)
    assert all(MARK in text for text in files.values())
    assert len({(one["kind"], one["metadata"]["name"]) for one in found.values()}) == len(found)
    kinds = {
        folder: {one["kind"] for path, one in found.items() if path.startswith(f"{folder}/")}
        for folder in ("server", "hpa", "keda")
    }
    monitor = {"claim": {"ServiceMonitor"}, "nothing": set()}.get(way, {"PodMonitor"})
    assert kinds == {
        "server": {"Deployment", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy", *monitor},
        "hpa": {"HorizontalPodAutoscaler", "ConfigMap"},
        "keda": {"ScaledObject"},
    }
    assert {path for path in files if "/" not in path} == {"README.md", "Dockerfile"}


@EVERY_WAY
def test_objects_find_each_other(way):
    """Selectors, ports, targets and volumes lead to what is there, in one namespace."""
    found = objects(written(WAYS[way])).values()
    assert len({one["metadata"]["namespace"] for one in found}) == 1
    for deployed in WAYS[way]:
        own = {one["kind"]: one for one in found if one["metadata"].get("labels", {}).get(INSTANCE) == deployed.name}
        spec = own["Deployment"]["spec"]
        pod = spec["template"]
        wanted = spec["selector"]["matchLabels"]
        assert wanted.items() <= pod["metadata"]["labels"].items()
        assert own["Service"]["spec"]["selector"] == wanted
        assert own["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == wanted
        assert own["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == wanted
        (container,) = pod["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        assert {port["targetPort"] for port in own["Service"]["spec"]["ports"]} <= ports
        assert {
            container[f"{probe}Probe"]["httpGet"]["port"] for probe in ("startup", "readiness", "liveness")
        } <= ports
        for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
            assert own[kind]["spec"]["scaleTargetRef"]["name"] == own["Deployment"]["metadata"]["name"]
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        assert mounts == {volume["name"] for volume in pod["spec"]["volumes"]}
        assert {volume.get("configMap", {}).get("name") for volume in pod["spec"]["volumes"]} >= {
            own["ConfigMap"]["metadata"]["name"]
        }


@EVERY_WAY
def test_pods_are_hardened(way):
    """What the restricted standard of Kubernetes asks for, and a root file system that nobody writes to."""
    for one in objects(written(WAYS[way])).values():
        if one["kind"] != "Deployment":
            continue
        pod = one["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is False
        assert {"logs", "temp", "model-store"} <= {volume["name"] for volume in pod["volumes"]}


def test_readiness_and_liveness_ask_different_questions():
    """A model that does not load takes the pod out of the Service, and restarts nothing once it was ready."""
    found = objects(written(planned()))["server/deployment.yaml"]
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] == 600


def test_the_query_fails_rather_than_lies():
    """Of lost pods KEDA is told nothing, and holds; it is told texts."""
    (trigger,) = objects(written(planned()))["keda/scaledobject.yaml"]["spec"]["triggers"]
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    assert "vector(0)" not in trigger["metadata"]["query"]


def test_replicas_are_the_autoscalers():
    """Another apply must not set them back."""
    assert "replicas" not in objects(written(planned()))["server/deployment.yaml"]["spec"]


def test_the_adapters_rules_make_the_metric_that_is_asked_for():
    """Also where models of one call have different ones."""
    found = objects(written(WAYS["each"]))
    rules = yaml.safe_load(found["hpa/adapter-rules.yaml"]["data"]["config.yaml"])["rules"]
    made = {rule["name"]["as"] for rule in rules}
    asked = {
        one["spec"]["metrics"][0]["pods"]["metric"]["name"]
        for one in found.values()
        if one["kind"] == "HorizontalPodAutoscaler"
    }
    assert asked <= made
    assert not made & BY_NAME.keys()


def test_the_job_is_the_one_that_alerts_look_for():
    """Whatever is monitored."""
    for way in ("names alone", "claim"):
        found = objects(written(WAYS[way]))
        (monitor,) = [one for one in found.values() if "Monitor" in one["kind"]]
        label = monitor["spec"]["jobLabel"]
        assert found["server/deployment.yaml"]["spec"]["template"]["metadata"]["labels"][label] == Thresholds().job
        assert found["server/service.yaml"]["metadata"]["labels"][label] == Thresholds().job


@EVERY_WAY
def test_what_was_not_measured_is_said_to_be(way):
    """In each file whose numbers follow from it, and in README.md."""
    files = written(WAYS[way])
    for path, one in objects(files).items():
        comments = [line for line in files[path].splitlines() if line.startswith("#")]
        if one["kind"] in ("Deployment", "HorizontalPodAutoscaler", "ScaledObject"):
            assert any("stated default" in line for line in comments), path
    figures = {figure.origin for one in WAYS[way] for figure in one.figures}
    assert all(f"({origin})" in files["README.md"] for origin in figures)


def test_a_changed_configuration_is_rolled_out():
    """By the template of the pods."""
    template = [
        objects(written(planned(options=Options(drain_s=drain))))["server/deployment.yaml"]["spec"]["template"][
            "metadata"
        ]
        for drain in (1, 2)
    ]
    assert template[0]["annotations"] != template[1]["annotations"]


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=4, unique=True), st.booleans())
def test_hostile_names_stay_text(names, each):
    """Every name that is taken comes back as it was, from YAML that any parser reads; no name becomes a key, comment or object."""
    try:
        deployed = planned(*names, each=each)
    except ConfigurationError:
        return
    found = objects(written(deployed))
    told = [
        yaml.safe_load(one["metadata"]["annotations"]["servescope/models"])
        for one in found.values()
        if one["kind"] == "Deployment"
    ]
    assert sorted(name for each in told for name in each) == sorted(
        one.model.name for each in deployed for one in each.models
    )


def test_true_names_are_labels_where_they_can_be():
    """Of one model a Deployment."""
    found = objects(written(planned("RESNET", "a b", each=True)))
    labels = [
        one["metadata"]["labels"].get("servescope/model") for one in found.values() if one["kind"] == "Deployment"
    ]
    assert labels == ["RESNET", None]


def test_the_image_runs_what_pods_are_told_to():
    """As the pods' user, with archives where they look for them."""
    files = written(planned("digits", "a b"))
    pod = objects(files)["server/deployment.yaml"]["spec"]["template"]["spec"]
    instructions = re.findall(r"^([A-Z]+) (.*)$", files["Dockerfile"], re.MULTILINE)
    user, group = dict(instructions)["USER"].split(":")
    assert int(user) == pod["securityContext"]["runAsUser"]
    assert int(group) == pod["securityContext"]["runAsGroup"]
    assert dict(instructions)["ENTRYPOINT"] == '["servescope"]'
    assert pod["containers"][0]["args"][0] == "start"
    assert ("COPY", "archives/ /archives/") in instructions
    for word in pod["containers"][0]["args"][3:]:
        assert re.search(r"^    " + re.escape(word.rpartition("/")[2]), files["README.md"], re.MULTILINE)


@pytest.mark.parametrize(
    "way",
    [planned("a=https://example.org/a.mar"), planned("a", options=Options(claim="archives"))],
    ids=["fetched", "claim"],
)
def test_the_image_has_no_archives_where_none_is_asked_for(way):
    """COPY of what is not there would fail."""
    assert "archives/" not in written(way)["Dockerfile"]
