"""`ts.torch_handler.unit_tests.test_utils.model_dir`: fills a model's directory for handlers' unit tests."""

import os
import shutil
from pathlib import Path
from urllib import request
from urllib.parse import urlparse


def download_model(model_url: str, model_dir: Path) -> None:
    """Put what is at the URL into the directory as model.pt; it is fetched once, and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "servescope" / "unit-tests"
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / Path(urlparse(model_url).path).name
    if not kept.exists():
        partial = kept.with_name(f".{kept.name}.{os.getpid()}.part")
        with request.urlopen(model_url) as answer, partial.open("wb") as file:
            shutil.copyfileobj(answer, file)
        partial.replace(kept)
    shutil.copy(kept, Path(model_dir) / "model.pt")


def copy_files(src_dir: Path, dst_dir: Path, files: dict[str, str]) -> None:
    """Copy the files, `files` being their names in `src_dir` → their names in `dst_dir`."""
    for source, target in files.items():
        shutil.copyfile(Path(src_dir) / source, Path(dst_dir) / target)
