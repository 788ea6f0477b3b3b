"""A hostile archive writes nothing outside its directory, and is refused with the member's name."""

import contextlib
import gzip
import io
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servescope.archive import extraction
from servescope.archive.extraction import default_limit, extract
from servescope.errors import InvalidModel

LIMIT = 1 << 20


def unpack(source, tmp_path, limit=LIMIT):
    destination = Path(tempfile.mkdtemp(prefix="unpacked-", dir=tmp_path))
    extract(source, "the-url", destination, limit)
    return destination


def outside(tmp_path):
    return {path for path in tmp_path.rglob("*") if not path.relative_to(tmp_path).parts[0].startswith("unpacked-")}


def refused(source, tmp_path, member, words, limit=LIMIT):
    """Unpack, and check that the refusal names the archive, the member and the reason, and that nothing got out."""
    before = outside(tmp_path)
    with pytest.raises(InvalidModel, match=words) as caught:
        unpack(source, tmp_path, limit)
    assert "the-url" in str(caught.value)
    assert member in str(caught.value)
    assert outside(tmp_path) == before


def tar_member(name, kind=tarfile.REGTYPE, target="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def zip_member(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "\\evil", "a/.."])
def test_names_that_lead_out(make_zip, make_tgz, tmp_path, name):
    """A zip and a tar member that is absolute or climbs is refused, before the leading component is stripped."""
    refused(make_zip({zipfile.ZipInfo(name): b"x"}), tmp_path, repr(name), "hostile")
    refused(make_tgz((tar_member(name), b"x")), tmp_path, repr(name), "hostile")


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "..", "sub/../../outside", "missing", "m/loop"])
def test_symlinks_that_lead_out(make_zip, make_tgz, tmp_path, target):
    """A symbolic link that is absolute, climbs out, dangles or goes round is refused in both formats."""
    (tmp_path / "outside").write_text("secret")
    words = "links to"
    loop = (tar_member("m/m/loop", tarfile.SYMTYPE, "../link"), b"")
    refused(make_tgz((tar_member("m/link", tarfile.SYMTYPE, target), b""), loop), tmp_path, "'m/", words)
    link = zip_member("link", stat.S_IFLNK | 0o777)
    refused(make_zip({link: target.encode()}), tmp_path, "'link'", words)


def test_writing_through_a_symlink(make_tgz, tmp_path):
    """A member below a name that is also a link out is not written through the link."""
    link = tar_member("m/dir", tarfile.SYMTYPE, "..")
    refused(make_tgz((link, b""), (tar_member("m/dir/evil"), b"x")), tmp_path, "m/dir", "cannot be written")


def test_chained_symlinks(make_tgz, tmp_path):
    """Two links, each harmless by itself, that together lead out are refused."""
    members = (
        (tar_member("m/d/e/x"), b"x"),
        (tar_member("m/up", tarfile.SYMTYPE, "d/e"), b""),
        (tar_member("m/out", tarfile.SYMTYPE, "up/../../.."), b""),
    )
    refused(make_tgz(*members), tmp_path, "m/out", "outside")


def test_links_that_stay_in(make_tgz, make_zip, tmp_path):
    """A link to another member is made, a hard link becomes a copy."""
    tree = unpack(
        make_tgz(
            (tar_member("m/sub/a.txt"), b"a"),
            (tar_member("m/b.txt", tarfile.SYMTYPE, "sub/a.txt"), b""),
            (tar_member("m/c.txt", tarfile.LNKTYPE, "m/sub/a.txt"), b""),
        ),
        tmp_path,
    )
    assert [(tree / name).read_text() for name in ("b.txt", "c.txt")] == ["a", "a"]
    assert (tree / "c.txt").stat().st_nlink == 1
    (tmp_path / "z").mkdir()
    extract(make_zip({"a": b"A", zip_member("l", stat.S_IFLNK | 0o777): b"a"}), "u", tmp_path / "z", LIMIT)
    assert (tmp_path / "z" / "l").resolve() == (tmp_path / "z" / "a").resolve()


@pytest.mark.parametrize("target", ["/etc/passwd", "m/../../outside", "m/missing", "m/sub"])
def test_hard_links_that_lead_out(make_tgz, tmp_path, target):
    """A hard link is refused unless it names a file unpacked before."""
    (tmp_path / "outside").write_text("secret")
    members = ((tar_member("m/sub", tarfile.DIRTYPE), b""), (tar_member("m/hard", tarfile.LNKTYPE, target), b""))
    refused(make_tgz(*members), tmp_path, target, "hostile")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices(make_tgz, tmp_path, kind):
    """Device nodes and FIFOs are refused in a tar."""
    refused(make_tgz((tar_member("m/node", kind), b"")), tmp_path, "m/node", "neither a file")


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_devices_in_zips(make_zip, tmp_path, kind):
    """Device nodes, FIFOs and sockets are refused in a zip."""
    refused(make_zip({zip_member("node", kind | 0o666): b""}), tmp_path, "node", "neither a file")


def test_permissions(make_zip, make_tgz, tmp_path):
    """Of the mode only the owner's execute bit survives: no setuid, no unreadable file."""
    tree = unpack(make_tgz((tar_member("m/run", mode=0o4755), b"x"), (tar_member("m/dark", mode=0), b"x")), tmp_path)
    assert stat.S_IMODE((tree / "run").stat().st_mode) == 0o755
    assert (tree / "dark").stat().st_mode & 0o400
    (tmp_path / "z").mkdir()
    extract(make_zip({zip_member("run", stat.S_IFREG | 0o6711): b"x"}), "u", tmp_path / "z", LIMIT)
    assert stat.S_IMODE((tmp_path / "z" / "run").stat().st_mode) == 0o755


def test_bombs_are_refused_by_declaration(make_zip, make_tgz, tmp_path):
    """An archive that declares more than the limit is refused before the member is written."""
    zeros = bytes(LIMIT + 1)
    refused(make_zip({"bomb": zeros}), tmp_path, "'bomb'", f"more than {LIMIT} bytes")
    refused(make_tgz((tar_member("m/bomb"), zeros)), tmp_path, "m/bomb", f"more than {LIMIT} bytes")
    assert not list(tmp_path.glob("unpacked-*/bomb"))


def test_bombs_of_many_members(make_zip, tmp_path):
    """It is the sum that counts."""
    half = bytes(LIMIT // 2)
    refused(make_zip({"a": half, "b": half, "c": b"x"}, manifest=None), tmp_path, "'c'", "more than")


def test_zips_that_lie_about_their_size(make_zip, tmp_path):
    """A member that expands beyond its declared size never passes the limit on disk."""
    path = make_zip({"bomb": bytes(4 * LIMIT)})
    data = path.read_bytes()
    path.write_bytes(data.replace((4 * LIMIT).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(InvalidModel, match="the-url"):
        unpack(path, tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.glob("unpacked-*/bomb")) <= LIMIT


def test_tars_of_headers_alone(tmp_path):
    """What is skipped counts as well: zeros after the end of a tar are not decompressed for ever."""
    path = tmp_path / "m.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tar_member("m/x"))
    with path.open("ab") as file:
        file.write(gzip.compress(bytes(64 * LIMIT)))
    with pytest.raises(InvalidModel, match="expands to more than"):
        unpack(path, tmp_path)


def test_tars_with_huge_headers(tmp_path):
    """A header that asks for gigabytes of memory is refused."""
    info = tar_member("m/x", tarfile.XHDTYPE)
    info.size = 1 << 32
    path = tmp_path / "m.tar.gz"
    path.write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(LIMIT)))
    with pytest.raises(InvalidModel, match="the-url is corrupt: a header claims"):
        unpack(path, tmp_path)


def test_too_many_members(make_zip, tmp_path, monkeypatch):
    """The number of members is limited too."""
    monkeypatch.setattr(extraction, "MAX_MEMBERS", 3)
    refused(make_zip(dict.fromkeys("abcd", b"")), tmp_path, "", "more than 3 members")


@pytest.mark.parametrize(
    "members",
    [{"a": b"", "a/b": b""}, {"a/b": b"", "a": b""}, {"n" * 300: b""}],
    ids=["below-file", "on-directory", "long"],
)
def test_names_that_cannot_be(make_zip, tmp_path, members):
    """Names that contradict each other, or that no file can have, are the archive's fault."""
    refused(make_zip(members), tmp_path, "", "cannot be written")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("again", ["a", "./a", ".//a", "MAR-INF/MANIFEST.json"])
def test_a_second_member_of_a_name(make_zip, tmp_path, again):
    """In a zip it is refused, as readers differ on which of the two counts. A folder may be there twice."""
    members = {"a": b"first", "d/": b"", zipfile.ZipInfo("d/"): b"", zipfile.ZipInfo(again): b"second"}
    refused(make_zip(members), tmp_path, again, "another member has this name")


def test_a_tar_that_was_appended_to(make_tgz, tmp_path):
    """The later member counts, as with every reader of tar."""
    unpacked = unpack(make_tgz((tar_member("m/a"), b"first"), (tar_member("m/a"), b"second")), tmp_path)
    assert (unpacked / "a").read_bytes() == b"second"


def test_encrypted_zips(make_zip, tmp_path):
    """A member that asks for a password is refused, not waited for."""
    path = make_zip({"a": b"text"})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(magic, at + 1)) >= 0:
            data[at + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(InvalidModel, match="the-url cannot be read"):
        unpack(path, tmp_path)


def test_nameless_members(make_zip, tmp_path):
    """A zip member whose name is empty is corruption, whatever this version of the standard library makes of it."""
    path = make_zip({"a": b"text"}, manifest=None)
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):
        at = data.find(magic) + offset
        data[at : at + 4] = b"\0\0\1\0"  # the name's one byte becomes one of the extra field
    path.write_bytes(data)
    with pytest.raises(InvalidModel, match="the-url is corrupt: a member has no name"):
        unpack(path, tmp_path)


def test_root_members(make_tgz, tmp_path):
    """`m/` itself, `./x` and a name without a slash unpack as TorchServe strips them."""
    members = (
        (tar_member("m", tarfile.DIRTYPE), b""),
        (tar_member("./x"), b"1"),
        (tar_member("bare"), b"2"),
        (tar_member("m/d", tarfile.DIRTYPE), b""),
    )
    tree = unpack(make_tgz(*members), tmp_path)
    assert sorted(os.listdir(tree)) == ["MAR-INF", "bare", "d", "x"]


def test_default_limit():
    """A small archive may expand to 1 GiB, a big one to 100 times its size."""
    assert default_limit(10) == 1 << 30
    assert default_limit(1 << 30) == 100 << 30


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 400),
)
@pytest.mark.parametrize("suffix", ["mar", "tar.gz"])
def test_damaged_archives(tmp_path_factory, suffix, flips, cut):
    """An archive with bytes changed or cut off unpacks or is refused with InvalidModel; nothing else happens."""
    tmp_path = tmp_path_factory.mktemp("damaged")
    data = bytearray(_sound(suffix))
    for position, value in flips:
        data[position % len(data)] = value
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(data[: max(1, len(data) - cut)])
    with contextlib.suppress(InvalidModel):
        unpack(path, tmp_path)
    assert outside(tmp_path) == {path}


def _sound(suffix):
    buffer = io.BytesIO()
    if suffix == "mar":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("h.py", b"def handle(data, context):\n    return data\n" * 9)
            archive.writestr("sub/b.txt", b"b")
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, contents in (("m/h.py", b"code" * 99), ("m/sub/b.txt", b"b")):
                info = tarfile.TarInfo(name)
                info.size = len(contents)
                archive.addfile(info, io.BytesIO(contents))
    return buffer.getvalue()
