"""What a snapshot has to say of the models: in, the catalog and what the start was asked for; out, `SavedModels`. Pure.

Called by `server.snapshots`. What was asked for and is not there is saved with the rest: a file system that was away at one start
must not cost the model for good. The autoscaler's counts are not saved, only its bounds.
"""

from pathlib import Path, PurePosixPath

from msgspec import UNSET
from msgspec.structs import replace

from servescope.config.snapshots.saved import SavedModels, SavedVersion
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.wanted import WantedModel, WantedModels

UNREAD = "unread"  # stands for the version of an archive that could not be read


def saved_models(catalog: Catalog, wanted: WantedModels, model_store: Path, name: str, created: int) -> SavedModels:
    """All of them but those of workflows, which are not saved either. `name` and `created`, in milliseconds since 1970, are the
    snapshot's own.
    """
    models: dict[str, dict[str, SavedVersion]] = {}
    for model in (one for one in catalog if not one.workflow):  # without theirs they would be models like any other
        default = catalog.is_default(model)
        models.setdefault(model.name, {})[model.version] = _saved(model, model_store, default=default)
    for missing in (one for one in wanted if not one.models):
        versions, saved = models.setdefault(missing.name, {}), _still_wanted(missing)
        if saved.default_version:  # whichever stands in for it meanwhile does so for this start alone
            versions |= {version: replace(other, default_version=False) for version, other in versions.items()}
        versions.setdefault(missing.asked.version or UNREAD, saved)
    count = sum(map(len, models.values()))
    return SavedModels(name=name, model_count=count, created=created, models=models)


def _saved(model: Model, model_store: Path, *, default: bool) -> SavedVersion:
    archive, options = model.archive, model.options
    inside = archive.source.is_relative_to(model_store)
    named = archive.manifest.handler
    return SavedVersion(
        default_version=default,
        mar_name=str(archive.source.relative_to(model_store)) if inside else archive.source.name,
        min_workers=options.min_workers,
        max_workers=options.max_workers,
        batch_size=options.batch_size,
        max_batch_delay=options.max_batch_delay_ms,
        response_timeout=options.response_timeout_s,
        startup_timeout=options.startup_timeout_s,
        runtime_type=model.runtime,
        parallel_level=options.parallel_level,
        url=UNSET if inside else str(archive.source),
        downloaded=archive.downloaded or UNSET,
        handler=UNSET if named == archive.manifest.raw.get("model", {}).get("handler") else named,
        autoscale=options.autoscale.mode,
    )


def _still_wanted(wanted: WantedModel) -> SavedVersion:
    """What was asked for, as it was."""
    asked = wanted.asked
    if asked.saved is not None:
        return asked.saved
    return SavedVersion(mar_name=PurePosixPath(asked.url).name, url=asked.url, nameless=asked.name is None or UNSET)
