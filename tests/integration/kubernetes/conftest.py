"""One pod for all tests of this folder, with two models, one of which has a name that has to be escaped everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.kubernetes.pod import CONFIG, Pod, archive, running, written


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifests of two models, one of them with a name that has a blank and an umlaut."""
    place = tmp_path_factory.mktemp("kubernetes")
    written(place / "out", "cube", "Wür fel", "--drain-seconds", "20")
    return place


@pytest.fixture(scope="package")
def pod(place: Path) -> Iterator[Pod]:
    """It runs with what the image would have."""
    (place / "root").mkdir()
    files = [line.split(maxsplit=1) for line in (place / "out/README.md").read_text().splitlines() if ".mar  " in line]
    assert [name for _, name in files] == ["cube", "Wür fel"]
    archives = {file: archive(place, name, CONFIG if name == "cube" else "") for file, name in files}
    with running(place / "out", place / "root", archives) as pod:
        yield pod
