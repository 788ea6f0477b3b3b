"""What a snapshot decides of a model that is restored."""

from servescope.config.model.autoscale import Mode
from servescope.config.model.options import ModelOptions
from servescope.config.model.restored import restored_options
from servescope.config.settings import Settings
from servescope.config.snapshots.saved import SavedVersion

OTHERWISE = ModelOptions(min_workers=1, max_workers=1, batch_size=8, response_timeout_s=60, warnings=("before",))


def restore(settings=None, otherwise=OTHERWISE, gpus=0, **saved):
    """On a machine of two processors."""
    return restored_options(
        SavedVersion(mar_name="m.mar", **saved), otherwise, settings or Settings(), cpus=2, gpus=gpus
    )


def test_it_comes_before_all_else():
    """Workers, batches, timeouts, who decides; what it cannot say is as it was."""
    found = restore(
        min_workers=2, max_workers=3, batch_size=4, max_batch_delay=0, response_timeout=9, autoscale=Mode.ACT
    )
    assert (found.min_workers, found.max_workers, found.batch_size, found.max_batch_delay_ms) == (2, 3, 4, 0)
    assert (found.response_timeout_s, found.startup_timeout_s, found.autoscale.mode) == (9, 120, Mode.ACT)
    assert found.warnings == ("before",)


def test_numbers_that_say_nothing_change_nothing():
    """0 and below, as TorchServe writes them where there was nothing."""
    found = restore(batch_size=0, max_batch_delay=-1, response_timeout=-1)
    assert (found.batch_size, found.max_batch_delay_ms, found.response_timeout_s) == (8, 100, 60)


def test_a_larger_machines_workers_are_cut_with_a_warning():
    """To the limit of this one."""
    found = restore(Settings(max_workers_per_model=4), min_workers=32, max_workers=64)
    assert (found.min_workers, found.max_workers) == (4, 4)
    assert found.warnings[1] == "the snapshot's minWorkers 32 with maxWorkers 64 is too much here: 4 at most"


def test_a_parallel_models_workers_are_cut_to_the_gpus():
    """Two of them take all four."""
    parallel = ModelOptions(min_workers=1, max_workers=1, device_type="gpu", parallel_type="tp", parallel_level=2)
    found = restore(otherwise=parallel, gpus=4, min_workers=3, max_workers=3)
    assert (found.min_workers, found.max_workers) == (2, 2)


def test_a_most_below_the_least_is_the_least():
    """Whoever wrote it."""
    assert restore(min_workers=3, max_workers=1).max_workers == 3


def test_without_measurements_nobody_decides():
    """metrics_mode=off."""
    assert restore(Settings(metrics_mode="off"), autoscale=Mode.ACT).autoscale.mode is Mode.OFF
