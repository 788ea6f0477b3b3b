"""Custom resources, as far as this project writes them, written down from their documentation: KEDA's ScaledObject (2.15 and later)
and its Prometheus trigger, the Prometheus Operator's PodMonitor and ServiceMonitor (monitoring.coreos.com/v1).

Stricter than the clusters' own: what is not named here is refused.
"""

from typing import Any

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_TEXTS: Schema = {"type": "object", "additionalProperties": _TEXT}
_DURATION: Schema = {
    "type": "string",
    "pattern": r"^(0|([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$",
}


def _object(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _resource(api_version: str, kind: str, spec: Schema) -> Schema:
    metadata = _object(("name", "namespace"), name=_TEXT, namespace=_TEXT, labels=_TEXTS, annotations=_TEXTS)
    return _object(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": api_version},
        kind={"const": kind},
        metadata=metadata,
        spec=spec,
    )


_SCALING_RULES = _object(
    (),
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    policies={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ("type", "value", "periodSeconds"),
            type={"enum": ["Pods", "Percent"]},
            value={"type": "integer", "minimum": 1},
            periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
        ),
    },
)
# All values are texts, numbers and switches too.
_PROMETHEUS_TRIGGER = _object(
    ("serverAddress", "query", "threshold"),
    serverAddress={"type": "string", "pattern": "^https?://"},
    query={"type": "string", "minLength": 1},
    threshold={"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
    activationThreshold={"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"},
    namespace=_TEXT,
    queryParameters=_TEXT,
    customHeaders=_TEXT,
    authModes=_TEXT,
    ignoreNullValues={"enum": ["true", "false"]},
    unsafeSsl={"enum": ["true", "false"]},
)
SCALED_OBJECT = _resource(
    "keda.sh/v1alpha1",
    "ScaledObject",
    _object(
        ("scaleTargetRef", "triggers"),
        scaleTargetRef=_object(("name",), apiVersion=_TEXT, kind=_TEXT, name=_TEXT, envSourceContainerName=_TEXT),
        pollingInterval=_COUNT,
        cooldownPeriod=_COUNT,
        initialCooldownPeriod=_COUNT,
        idleReplicaCount=_COUNT,
        minReplicaCount=_COUNT,
        maxReplicaCount=_COUNT,
        fallback=_object(("failureThreshold", "replicas"), failureThreshold=_COUNT, replicas=_COUNT),
        advanced=_object(
            (),
            restoreToOriginalReplicaCount={"type": "boolean"},
            horizontalPodAutoscalerConfig=_object(
                (), name=_TEXT, behavior=_object((), scaleUp=_SCALING_RULES, scaleDown=_SCALING_RULES)
            ),
        ),
        triggers={
            "type": "array",
            "minItems": 1,
            "items": _object(
                ("type", "metadata"),
                type={"const": "prometheus"},
                name=_TEXT,
                metricType={"enum": ["AverageValue", "Value"]},
                useCachedMetrics={"type": "boolean"},
                metadata=_PROMETHEUS_TRIGGER,
            ),
        },
    ),
)

_RELABELING = _object(
    (),
    sourceLabels={"type": "array", "items": {"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}},
    separator=_TEXT,
    targetLabel=_TEXT,
    regex=_TEXT,
    modulus=_COUNT,
    replacement=_TEXT,
    action={
        "enum": ["replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"]
    },
)
_ENDPOINT: dict[str, Schema] = {
    "port": _TEXT,
    "path": {"type": "string", "pattern": "^/"},
    "scheme": {"enum": ["http", "https"]},
    "interval": _DURATION,
    "scrapeTimeout": _DURATION,
    "honorLabels": {"type": "boolean"},
    "relabelings": {"type": "array", "items": _RELABELING},
    "metricRelabelings": {"type": "array", "items": _RELABELING},
}
_SELECTOR = _object((), matchLabels=_TEXTS, matchExpressions={"type": "array"})


def _monitor(kind: str, endpoints: str) -> Schema:
    spec = _object(
        ("selector", endpoints),
        jobLabel=_TEXT,
        selector=_SELECTOR,
        namespaceSelector=_object((), any={"type": "boolean"}, matchNames={"type": "array", "items": _TEXT}),
        podTargetLabels={"type": "array", "items": _TEXT},
        sampleLimit=_COUNT,
        **{endpoints: {"type": "array", "minItems": 1, "items": _object(("port",), **_ENDPOINT)}},
    )
    return _resource("monitoring.coreos.com/v1", kind, spec)


SCHEMAS = {
    "ScaledObject": SCALED_OBJECT,
    "PodMonitor": _monitor("PodMonitor", "podMetricsEndpoints"),
    "ServiceMonitor": _monitor("ServiceMonitor", "endpoints"),
}
