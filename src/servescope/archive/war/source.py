"""Where workflow archives come from: a registration's `url` in, the path of a file on this machine out. See `archive.source`.

Called by `workflows`, on a thread. The workflow store stands in the model store's place, and the texts are TorchServe's
(archive/workflow/WorkflowArchive).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from servescope.archive.source import ArchiveSource, Fetched
from servescope.archive.war.errors import WorkflowNotFound
from servescope.config.shown_url import SCHEME, shown_url
from servescope.errors import ModelNotFound


def fetch_war(url: str, store: Path | None, allowed_urls: Sequence[re.Pattern[str]]) -> Fetched:
    """Find the archive in the store, or download it there.

    Raises:
        WorkflowNotFound: it is nowhere, or may not be read: with `..`, or matched by no pattern of allowed_urls.
        DownloadFailed: the transfer failed; the log says why.
    """
    try:
        return ArchiveSource(store, allowed_urls, store_name="workflow store").fetch(url)
    except ModelNotFound as error:
        if type(error) is ModelNotFound and SCHEME.match(url) is None:
            raise WorkflowNotFound(f"Workflow not found in workflow store: {shown_url(url)}") from error
        raise WorkflowNotFound(str(error).replace("Model not found", "Workflow not found", 1)) from error
