"""How many workers a model version may have: in, the settings, the machine, the yaml; out, bounds, or a refusal that names them.

Called by `options` for every registration, by `serving.lifecycle` for the management API, and at a start for the settings.
"""

from typing import Final

from servescope.config.model.autoscale import Autoscale
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


def workers_of_yaml(config: ModelConfig, autoscale: Autoscale, warnings: list[str]) -> tuple[int, int] | None:
    """The bounds that the yaml gives, None where it gives none that count.

    TorchServe's count only with 0 < minWorkers <= maxWorkers, and are ignored else. Of a model that is autoscaled minWorkers is 1
    where only maxWorkers is given, and may be 0 where it may go to zero.

    Raises:
        InvalidModel: it is autoscaled, and minWorkers is above maxWorkers.
    """
    least, most = config.min_workers, config.max_workers
    if autoscale.on and most:
        if least is not None and least > most:
            raise InvalidModel(f"model-config.yaml: minWorkers={least} is above maxWorkers={most}")
        if least == 0 and autoscale.to_zero_after_s is None:
            warnings.append("minWorkers 0 is taken for 1: without scaleToZeroAfterSec a model keeps a worker")
        floor = 1 if autoscale.to_zero_after_s is None else 0
        return max(1 if least is None else least, floor), most
    if least and most and least <= most:
        return least, most
    if least or most:
        warnings.append(
            f"minWorkers {least or 0} with maxWorkers {most or 0} is ignored: give both, 0 < minWorkers <= maxWorkers"
        )
    return None


def idle_bounds(autoscale: Autoscale, min_workers: int, max_workers: int) -> list[str]:
    """A warning where bounds leave the autoscaler nothing to decide."""
    if not autoscale.on or min_workers < max_workers or autoscale.to_zero_after_s is not None:
        return []
    return [f"autoscale mode {autoscale.mode} has nothing to decide: minWorkers and maxWorkers are both {max_workers}"]
