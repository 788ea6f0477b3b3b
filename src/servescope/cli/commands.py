"""Every command of `servescope`: its name, where it is, and one sentence about it.

In: nothing. Out: a table, by which `cli.main` finds commands and lists them. A command is named here and imported when it
runs, so that none pays for the others. Its sentence stands in its own help too (a test compares them): the list shall not
import what it lists.
"""

from collections.abc import Mapping

from msgspec import Struct


class Command(Struct, frozen=True):
    """`where`: module:function. The function's signature is read by Typer, unless the command reads its own words.

    Such a function takes the words, the environment and the directory, and returns the exit status.
    """

    where: str
    summary: str
    own_words: bool = False


class Group(Struct, frozen=True):
    """Commands under a name of their own. `examples`: as in `help.page.Page`."""

    summary: str
    commands: "Mapping[str, Command | Group]"
    examples: tuple[str, ...]


MODELS = Group(
    "Register, look at, scale and unregister models.",
    {
        "register": Command(
            "servescope.cli.models.commands:register",
            "Register a model, if the server has --enable-model-api, and start workers for it.",
        ),
        "list": Command("servescope.cli.models.commands:list_models", "List the registered models."),
        "describe": Command(
            "servescope.cli.models.commands:describe", "Describe a model: its settings, workers and queue."
        ),
        "scale": Command(
            "servescope.cli.models.commands:scale", "Change a model's number of workers, or who decides on it."
        ),
        "unregister": Command(
            "servescope.cli.models.commands:unregister",
            "Unregister a model; what it has accepted is answered first, and shown until then.",
        ),
        "set-default": Command(
            "servescope.cli.models.commands:set_default",
            "Make a version the one that requests without a version reach.",
        ),
    },
    ("servescope models list", "servescope models scale --help"),
)
METRICS = Group(
    "List the metrics that the server has, and check a metrics.yaml.",
    {
        "list": Command(
            "servescope.cli.monitoring.metrics:list_metrics", "List every metric family that the server has."
        ),
        "check": Command(
            "servescope.cli.monitoring.metrics:check",
            "Check a metrics.yaml: say what is wrong, and exit with 1, if the server could not use it.",
        ),
    },
    ("servescope metrics list", "servescope metrics check --help"),
)
SNAPSHOTS = Group(
    "List, show and restore snapshots: the settings and models that a start goes on from.",
    {
        "list": Command(
            "servescope.cli.snapshots.commands:list_snapshots",
            "List the snapshots, the newest first.",
        ),
        "show": Command(
            "servescope.cli.snapshots.commands:show", "Show the models of a snapshot, with their workers and options."
        ),
        "restore": Command(
            "servescope.cli.snapshots.commands:restore",
            "Have the next start go on from a snapshot, of which it makes a copy that is the newest.",
        ),
    },
    ("servescope snapshots list", "servescope snapshots show"),
)
WORKFLOW = Group(
    "Pack, register, look at and unregister workflows: models and functions that answer together.",
    {
        "archive": Command(
            "servescope.cli.workflows.commands:archive",
            "Pack a workflow's specification and functions into a .war, as torch-workflow-archiver does.",
        ),
        "register": Command(
            "servescope.cli.workflows.commands:register",
            "Register a workflow, if the server has --enable-model-api, and start the workers of its nodes.",
        ),
        "list": Command("servescope.cli.workflows.commands:list_workflows", "List the registered workflows."),
        "describe": Command(
            "servescope.cli.workflows.commands:describe",
            "Describe a workflow: its archive, its graph, and what its nodes run with unless they say otherwise.",
        ),
        "unregister": Command(
            "servescope.cli.workflows.commands:unregister",
            "Unregister a workflow and its models; what it has accepted is answered first.",
        ),
    },
    ("servescope workflow archive --help", "servescope workflow list"),
)
SERVESCOPE = Group(
    "The model server you can see into.",
    {
        "start": Command(
            "servescope.cli.start.command:start", "Start the server, with torchserve's options.", own_words=True
        ),
        "llm": Command(
            "servescope.cli.llm.command:llm",
            "Serve a language model with vLLM's engine: the OpenAI API on the inference port.",
            own_words=True,
        ),
        "stop": Command(
            "servescope.cli.stop:stop_command",
            "Stop the server once what is in flight is answered, and delete its key file.",
        ),
        "status": Command(
            "servescope.cli.status:status_command",
            "Show models, workers, queues and requests; exit with 1 unless all models are ready.",
        ),
        "top": Command(
            "servescope.cli.top.command:top",
            "Watch a server in the terminal: models, what is wrong, workers, failures.",
        ),
        "models": MODELS,
        "workflow": WORKFLOW,
        "snapshots": SNAPSHOTS,
        "archive": Command(
            "servescope.cli.archive:archive",
            "Pack a model and its handler into an archive, as torch-model-archiver does.",
        ),
        "metrics": METRICS,
        "prometheus": Command(
            "servescope.cli.monitoring.prometheus:prometheus",
            "Write Prometheus' and Alertmanager's configuration, with rules and alerts for this server.",
        ),
        "grafana": Command(
            "servescope.cli.monitoring.grafana:grafana",
            "Write boards for Grafana, and provisioning for them and their data source.",
        ),
        "kubernetes": Command(
            "servescope.cli.kubernetes.command:kubernetes",
            "Write manifests for models on Kubernetes: pods, probes, monitoring, and autoscaling by HPA or KEDA.",
        ),
        "simulate": Command(
            "servescope.cli.scaling.simulate:simulate",
            "Try out policies for the number of workers on a trace or a pattern, in virtual time.",
        ),
        "plan": Command(
            "servescope.cli.planning.command:plan",
            "Measure how much a model can serve within an objective, and plan workers and machines for a rate.",
        ),
        "demo": Command(
            "servescope.cli.demo.command:demo",
            "Train a small digit classifier, serve it with two workers, and show what the server measured.",
        ),
    },
    ("servescope start --help", "servescope demo --once", "servescope status"),
)
