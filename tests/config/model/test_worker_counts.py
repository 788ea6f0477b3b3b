"""The bound of worker counts, whoever asks for them."""

import pytest

from servescope.config.model.config import ModelConfig
from servescope.config.model.worker_counts import check_default_workers, most_workers, refuse_too_many
from servescope.config.settings import Settings
from servescope.config.values.models_json import StartupModel
from servescope.errors import ConfigurationError, InvalidModel


@pytest.mark.parametrize(
    ("setting", "cpus", "gpus", "most"),
    [(None, 2, 0, 16), (None, 2, 4, 32), (None, 1, 1, 8), (3, 64, 8, 3), (500, 1, 0, 500)],
)
def test_how_many(setting, cpus, gpus, most):
    """Eight a processor or a GPU, of which there are more; or what the operator says."""
    assert most_workers(Settings(max_workers_per_model=setting), cpus, gpus) == most


def test_the_default_has_it_too():
    """A start with more is refused by key, value and bound."""
    check_default_workers(Settings(default_workers_per_model=16), 2, 0)
    check_default_workers(Settings(default_workers_per_model=100, max_workers_per_model=100), 2, 0)
    with pytest.raises(
        ConfigurationError, match=r"^default_workers_per_model=17 is above 16 \(max_workers_per_model\)$"
    ):
        check_default_workers(Settings(default_workers_per_model=17), 2, 0)


@pytest.mark.parametrize(
    ("yaml", "entry", "text"),
    [
        ({"min_workers": 17}, {}, "model-config.yaml: minWorkers=17 is above 16 (max_workers_per_model)"),
        (
            {"min_workers": 1, "max_workers": 18},
            {},
            "model-config.yaml: maxWorkers=18 is above 16 (max_workers_per_model)",
        ),
        ({}, {"min_workers": 19}, "models: minWorkers=19 is above 16 (max_workers_per_model)"),
        ({}, {"max_workers": 20}, "models: maxWorkers=20 is above 16 (max_workers_per_model)"),
        ({}, {"refusal": "models: m 1: batchSize=9 is above 8"}, "models: m 1: batchSize=9 is above 8"),
    ],
)
def test_what_is_refused(yaml, entry, text):
    """With its source, key, value and bound; as many as may be are fine."""
    with pytest.raises(InvalidModel) as caught:
        refuse_too_many(ModelConfig(**yaml), StartupModel(**entry), 16)
    assert str(caught.value) == text
    refuse_too_many(ModelConfig(min_workers=16, max_workers=16), StartupModel(min_workers=16), 16)
