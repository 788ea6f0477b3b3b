"""What scenarios of alerts are made of: labels and input series of models and servers, and the rules that are about a topic.

In: names and amounts. Out: what `operate.promtool` takes. Used by all who try alerts in promtool.
"""

from operate.promtool import alerting_rules, counter, gauge, series, steady
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alerts import alert_groups

LONG = 120  # steps of 15 s: half an hour
PREDICTIONS = "/predictions/{model_name}"


def of(topic):
    """The rules of one group of alerts."""
    (group,) = (group for group in alert_groups(Thresholds(), "classic") if group.name == f"servescope-{topic}-alerts")
    names = {alert.name for alert in group.rules}
    return [rule for rule in alerting_rules() if rule["alert"] in names]


def model(name, instance="a:8082", **labels):
    """Labels of a model's series."""
    return {"job": "servescope", "instance": instance, "model_name": name, "model_version": "1.0", **labels}


def server(instance, /, **labels):
    """Labels of a server's series."""
    return {"job": "servescope", "instance": instance, **labels}


def requests(name, ok, failed, code="503"):
    """A model's answers, from the segments of 200 and of failures."""
    labels = model(name, transport="rest", route="predict")
    family = "servescope_requests_total"
    return {
        series(family, {**labels, "code": "200"}): counter(*ok),
        series(family, {**labels, "code": code}): counter(*failed),
    }


def durations(name, within, each=100, steps=LONG):
    """Answers of a model of which all but two in a hundred are below 0.1 s, and these within `within` seconds."""
    inputs = requests(name, [(each, steps)], [(0, steps)])
    for bound in ("0.1", "0.25", "0.5", "1", "+Inf"):
        share = 1 if float(bound) >= within else 0.98
        labels = model(name, outcome="ok", le=bound)
        inputs[series("servescope_request_duration_seconds_bucket", labels)] = steady(each * share, steps)
    return inputs


def promise(name, seconds=0.25):
    """A model's latency_ms, shown."""
    return {series("servescope_slo_threshold_seconds", model(name, slo="latency")): gauge((seconds, LONG))}


def disk(instance, taken, mount="/var/log", directories="logs,temporary"):
    """A file system of a hundred bytes that the server writes to."""
    labels = server(instance, mount=mount, directories=directories)
    return {
        series("servescope_disk_used_bytes", labels): gauge((100 * taken, LONG)),
        series("servescope_disk_available_bytes", labels): gauge((100 - 100 * taken, LONG)),
    }


def asked(instance, ok, unknown, path=PREDICTIONS, listener="inference"):
    """A server's requests on one path."""
    labels = server(instance, listener=listener, method="POST", path=path)
    family = "servescope_http_requests_total"
    return {
        series(family, {**labels, "code": "200"}): counter(*ok),
        series(family, {**labels, "code": "404"}): counter(*unknown),
    }
