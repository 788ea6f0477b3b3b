"""MANIFEST.json is parsed with torch-model-archiver's defaults, and refused with the key and the value."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servescope.archive.json_fields import check_file_name
from servescope.archive.manifest import Manifest, parse_manifest, render_manifest
from servescope.errors import InvalidModel

names = st.text("abcXYZ019_-. ", min_size=1, max_size=20).filter(lambda name: name != "..")
texts = st.text(min_size=1, max_size=30)


def parse(**model: object) -> Manifest:
    return parse_manifest(json.dumps({"model": model}).encode(), "m.mar")


@settings(max_examples=50, deadline=None)
@given(
    st.builds(
        Manifest,
        model_name=texts,
        model_version=texts,
        handler=names,
        serialized_file=st.none() | names,
        model_file=st.none() | names,
        requirements_file=st.none() | names,
        config_file=st.none() | names,
        runtime=st.sampled_from(["python", "python3", "LSP"]),
        archiver_version=texts,
        created_on=texts,
        raw=st.just({}),
    )
)
def test_round_trip(manifest):
    """What is rendered parses to the same manifest."""
    data = render_manifest(manifest)
    parsed = parse_manifest(data, "m.mar")
    assert parsed.raw == json.loads(data)
    assert {**as_dict(parsed), "raw": {}} == as_dict(manifest)


def as_dict(manifest: Manifest) -> dict[str, object]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | texts, st.lists).map(lambda x: json.dumps(x).encode())
)
def test_any_bytes_are_a_manifest_or_refused(data):
    """No input ends in anything but a manifest or InvalidModel that names the archive."""
    try:
        parsed = parse_manifest(data, "some.mar")
    except InvalidModel as error:
        text = str(error)
    else:
        text = f"some.mar {parsed}"
    assert "some.mar" in text


def test_defaults():
    """Without values, the version is 1.0 and the runtime python, and the rest is empty."""
    manifest = parse()
    assert (manifest.model_version, manifest.runtime, manifest.model_name, manifest.handler) == (
        "1.0",
        "python",
        "",
        "",
    )
    assert manifest.config_file is None
    assert parse_manifest(b"\xef\xbb\xbf{}", "m.mar") == Manifest()


def test_numbers_are_texts():
    """A version written as a number is taken for its text."""
    assert parse(modelVersion=2.5).model_version == "2.5"


def test_unknown_keys_are_kept():
    """Keys without a field stay in `raw`."""
    assert parse(extensions={"a": 1}).raw == {"model": {"extensions": {"a": 1}}}


@pytest.mark.parametrize("key", ["handler", "serializedFile", "modelFile", "requirementsFile", "configFile"])
@pytest.mark.parametrize("value", ["/etc/passwd", "../x", "a/../../x", "\\x", "a\\..\\x", "h.py:..", "a\x00b"])
def test_file_names_that_lead_out(key, value):
    """An absolute or climbing file name is refused, with its key and value."""
    with pytest.raises(InvalidModel) as caught:
        parse(**{key: value})
    assert key in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", ["h.py", "h.py:fn", "sub/h.py", "image_classifier", "a..b.pt", "..."])
def test_file_names_that_stay_in(value):
    """Dots inside a name are no climbing."""
    assert check_file_name(value, "handler") == value


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"[]", "must be a JSON object"),
        (b"{", "not valid JSON"),
        (b"\xff\xff", "not valid JSON"),
        (b'{"model": []}', r"model is \[\]"),
        (b'{"model": {"modelName": true}}', "modelName is True"),
        (b'{"model": {"handler": {}}}', r"handler is \{\}"),
        (b'{"runtime": "java"}', "runtime is 'java', and must be one of python, python3, LSP"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_refusals(document, words):
    """Each refusal says what is wrong, and in which archive."""
    with pytest.raises(InvalidModel, match=words) as caught:
        parse_manifest(document, "store/m.mar")
    assert "store/m.mar" in str(caught.value)
