"""How many workers a model version may have: in, the settings and the machine; out, the bound, or a refusal that names it.

Called by `options` for every registration, by `serving.lifecycle` for the management API, and at a start for the settings.
"""

from typing import Final

from servescope.config.model.config import ModelConfig
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel
from servescope.errors import ConfigurationError, InvalidModel

MAX_WORKERS_KEY: Final = "max_workers_per_model"
_EACH: Final = 8  # workers a processor, or a GPU


def most_workers(settings: Settings, cpus: int, gpus: int) -> int:
    """How many workers a model version may have at most, whoever asks for them."""
    return settings.max_workers_per_model or _EACH * max(cpus, gpus)


def check_default_workers(settings: Settings, cpus: int, gpus: int) -> None:
    """Raises: ConfigurationError where a model that says nothing of its workers would have too many."""
    most = most_workers(settings, cpus, gpus)
    if settings.default_workers_per_model > most:
        raise ConfigurationError(
            f"default_workers_per_model={settings.default_workers_per_model} is above {most} ({MAX_WORKERS_KEY})"
        )


def refuse_too_many(config: ModelConfig, entry: StartupModel, most: int) -> None:
    """Raises: InvalidModel where the yaml or the `models` entry has a number that no model may have."""
    if entry.refusal:
        raise InvalidModel(entry.refusal)
    for source, said in (("model-config.yaml", config), ("models", entry)):
        for key, count in (("minWorkers", said.min_workers), ("maxWorkers", said.max_workers)):
            if count is not None and count > most:
                raise InvalidModel(f"{source}: {key}={count} is above {most} ({MAX_WORKERS_KEY})")
