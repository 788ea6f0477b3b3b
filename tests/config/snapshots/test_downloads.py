"""Which downloads in the model store snapshots name."""

from datetime import UTC, datetime

from servescope.config.settings import Settings
from servescope.config.snapshots.downloads import saved_downloads
from servescope.config.snapshots.file import render
from servescope.config.snapshots.folder import SnapshotFolder
from servescope.config.snapshots.saved import SavedModels, SavedVersion, written

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def models(mar_name, *, downloaded=True):
    """With one of them, that was downloaded or not."""
    return SavedModels(models={"m": {"1": SavedVersion(mar_name=mar_name, downloaded=downloaded)}})


def test_all_that_a_start_may_go_on_from_are_named(tmp_path):
    """By the snapshot of this start, and by those in the folder; what was not downloaded is the user's, and no question."""
    folder = SnapshotFolder(tmp_path / "logs" / "config")
    folder.write(render({}, written(models("old.mar"))), "startup", NOW)
    folder.write(render({}, written(models(".1.aside/new.mar"))), "startup", NOW)
    folder.write(render({}, written(models("own.mar", downloaded=False))), "startup", NOW)
    folder.write(render({}, "{"), "startup", NOW)
    settings = Settings(model_store=tmp_path, log_location=tmp_path / "logs", model_snapshot=models("now.mar"))
    names = ("old.mar", ".1.aside/new.mar", "now.mar")
    assert saved_downloads(settings) == {tmp_path / name for name in names}
