"""A model's files are on a machine once, as long as anybody needs them."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import pytest

from servescope.fleet.backends.ray.driver.packing import pack, size_of
from servescope.fleet.backends.ray.node.archives import root_of, unpacked


@pytest.fixture
def model(tmp_path):
    """A model's directory with what may be in one."""
    directory = tmp_path / "model"
    (directory / "inner" / "empty").mkdir(parents=True)
    (directory / "__pycache__").mkdir()
    (directory / "__pycache__" / "x.pyc").write_bytes(b"x")
    (directory / "service.py").write_text("code")
    (directory / "inner" / "weights").write_bytes(os.urandom(100_000))
    (tmp_path / "elsewhere").write_text("linked")
    (directory / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(directory / "pipe")
    return directory


def packed(model):
    """The digest of a model's archive, and its bytes."""
    pieces = []
    return pack(model, pieces.append), b"".join(pieces)


def fetching(data):
    """What gives them in pieces."""
    return lambda: (data[start : start + 9_999] for start in range(0, len(data), 9_999))


def names(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_there_and_back(model, tmp_path):
    """Contents are the same, links are what they lead to, and nothing else is in it."""
    digest, data = packed(model)
    root = root_of(tmp_path)
    with unpacked(root, digest, fetching(data)) as directory:
        assert names(directory) == ["inner", "inner/empty", "inner/weights", "link", "service.py"]
        assert (directory / "link").read_text() == "linked"
        assert (directory / "inner" / "weights").read_bytes() == (model / "inner" / "weights").read_bytes()
    assert names(root) == []


def test_the_same_contents_are_the_same_bytes(model):
    """Whenever they were written."""
    first = packed(model)
    os.utime(model / "service.py", (1, 1))
    assert packed(model) == first
    (model / "service.py").write_text("other")
    assert packed(model)[0] != first[0]


def test_no_more_than_a_piece_is_in_memory(model, tmp_path):
    """On either side, however large the model is."""
    piece, count = 1 << 20, 24
    (model / "inner" / "weights").write_bytes(bytes(piece) * count)
    (model / "inner" / "more").write_bytes(os.urandom(piece // 2))
    root, spool = root_of(tmp_path), tmp_path / "spool"
    with spool.open("wb") as taken:
        tracemalloc.start()
        digest = pack(model, taken.write, piece)
    with spool.open("rb") as read, unpacked(root, digest, lambda: iter(lambda: read.read(piece), b"")) as directory:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (directory / "inner" / "more").read_bytes() == (model / "inner" / "more").read_bytes()
    assert spool.stat().st_size > piece * count
    assert most < 6 * piece


def test_a_folder_that_cannot_be_read(model, tmp_path):
    """One that has gone, or leads round in a circle: it is said, as the model would come without it, or many times over."""
    for look in (size_of, lambda directory: pack(directory, list)):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            look(tmp_path / "nowhere")
    (model / "inner" / "round").symlink_to(model / "inner")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        size_of(model)


def test_pieces_that_do_not_come(model, tmp_path):
    """It is said why they do not, and nothing of the others is left."""
    digest, data = packed(model)
    root = root_of(tmp_path)

    def fetch():
        yield data[:20_000]
        raise RuntimeError("the node is lost that had the rest")

    with pytest.raises(RuntimeError, match="had the rest"), unpacked(root, digest, fetch):
        pass
    assert names(root) == []


def test_once_for_all_who_need_it(model, tmp_path):
    """Who comes second fetches nothing; the last removes it."""
    digest, data = packed(model)
    root = root_of(tmp_path)
    fetched = []

    def fetch():
        fetched.append(1)
        return iter([data])

    with unpacked(root, digest, fetch) as first:
        with unpacked(root, digest, fetch) as second:
            assert first == second
        assert first.exists()
    assert (len(fetched), names(root)) == (1, [])


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[600:], lambda data: data + b"x"])
def test_bytes_that_are_not_those(model, tmp_path, spoil):
    """Are refused, and the next one may try."""
    digest, data = packed(model)
    root = root_of(tmp_path)
    with pytest.raises(OSError, match="not those that were sent"), unpacked(root, digest, fetching(spoil(data))):
        pass
    with unpacked(root, digest, fetching(data)) as directory:
        assert directory.exists()
    assert names(root) == []


def test_a_hostile_member(tmp_path):
    """Does not leave the directory."""
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    data = buffer.getvalue()
    root = root_of(tmp_path)
    with pytest.raises(tarfile.TarError), unpacked(root, hashlib.sha256(data).hexdigest(), fetching(data)):
        pass
    assert names(tmp_path) == [root.name]


def test_what_a_killed_one_has_left(model, tmp_path):
    """Is removed by the next one that comes."""
    digest, data = packed(model)
    root = root_of(tmp_path)
    (root / "f00.lock").touch()
    (root / "f00").mkdir()
    with unpacked(root, digest, fetching(data)):
        assert not (root / "f00").exists()
    assert names(root) == []


def test_the_janitor(model, tmp_path):
    """Removes the files of one that is killed, and is nobody's child."""
    digest, data = packed(model)
    root, place = root_of(tmp_path), tmp_path / "place"
    place.mkdir()
    (tmp_path / "data").write_bytes(data)
    code = f"""
import time
from pathlib import Path
from servescope.fleet.backends.ray.node.archives import unpacked
from servescope.fleet.backends.ray.node.janitor import watched
root = Path({str(root)!r})
data = Path({str(tmp_path / "data")!r}).read_bytes()
with watched(Path({str(place)!r}), root, {digest!r}), unpacked(root, {digest!r}, lambda: iter([data])):
    print("there", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"there\n"
        assert (root / digest).exists()
        process.send_signal(signal.SIGKILL)
    until = time.monotonic() + 30
    while (any(root.iterdir()) or place.exists()) and time.monotonic() < until:  # not what is in what is being removed
        time.sleep(0.01)
    assert (names(root), place.exists()) == ([], False)


def test_somebody_elses_place(tmp_path):
    """Is not used."""
    (tmp_path / f"servescope-{os.geteuid()}").symlink_to(tmp_path)
    with pytest.raises(OSError, match="own"):
        root_of(tmp_path)
