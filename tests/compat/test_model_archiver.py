"""`import model_archiver`: models packed by scripts, as the command packs them."""

import zipfile

PACK = """
import sys
from pathlib import Path
from model_archiver import ModelArchiver, ModelArchiverConfig, __version__
from model_archiver.model_archiver import ModelArchiver as again
from model_archiver.model_archiver_config import ModelArchiverConfig as config
from model_archiver.model_archiver_error import ModelArchiverError
from model_archiver.model_packaging import generate_model_archive

assert again is ModelArchiver
assert config is ModelArchiverConfig
options = ModelArchiverConfig(model_name="m", handler="h.py", version="1.0", export_path=Path("out"))
ModelArchiver.generate_model_archive(options)
try:
    generate_model_archive(options)
except ModelArchiverError as error:
    print(error)
options.force = True
generate_model_archive(config=ModelArchiverConfig.from_args(options))
print(__version__)
"""


def test_a_script_packs(outside):
    """The configuration has the command's options; an archive that exists is its own kind of error."""
    (outside.directory / "h.py").touch()
    (outside.directory / "out").mkdir()
    result = outside.python("-c", PACK)
    assert result.stdout == "out/m.mar already exists: give --force to overwrite it\n0.12.0\n", result.stderr
    assert "h.py" in zipfile.ZipFile(outside.directory / "out" / "m.mar").namelist()


def test_the_module_is_the_command(outside):
    """`python -m model_archiver.model_packaging` takes its words and gives its status."""
    (outside.directory / "h.py").touch()
    words = ("-m", "model_archiver.model_packaging", "--model-name", "m", "--version", "1", "--handler")
    assert outside.python(*words, "h.py").returncode == 0
    failed = outside.python(*words, "no.py", "--force")
    assert (failed.returncode, failed.stderr) == (1, "ERROR - --handler 'no.py': no such file\n")


STEPS = """
import json, sys, zipfile
from pathlib import Path
from model_archiver.manifest_components.manifest import Manifest, RuntimeType
from model_archiver.manifest_components.model import Model
from model_archiver.model_archiver_error import ModelArchiverError
from model_archiver.model_packaging_utils import ModelExportUtils as steps, archiving_options
from model_archiver.arg_parser import ArgParser

sys.argv[1:] = ["--model-name", "m", "--version", "2.0", "--handler", "h.py:go", "--extra-files", "more", "--config-file", "c.yaml"]
config = ArgParser.export_model_args_parser()
manifest = json.loads(steps.generate_manifest_json(config))
assert manifest["model"] == {"modelName": "m", "handler": "h.py:go", "modelVersion": "2.0", "configFile": "c.yaml"}
assert RuntimeType(manifest["runtime"]) is RuntimeType.PYTHON
steps.validate_inputs(config.model_name, config.export_path)
gathered = steps.copy_artifacts("m", config.runtime, handler=config.handler, extra_files="more", **{"requirements-file": None})
Path(gathered, "added.txt").touch()
for form, suffix in archiving_options.items():
    steps.archive("out", form, gathered, json.dumps(manifest), form)
    assert Path("out", form + suffix).exists()
steps.clean_temp_files([gathered])
assert not Path(gathered).exists()
print(sorted(zipfile.ZipFile("out/default.mar").namelist()))
for wrong in (
    lambda: steps.check_model_name_regex_or_exit("a/b"),
    lambda: steps.validate_inputs("m", "nowhere"),
    lambda: steps.copy_artifacts("m", "python", handler="no.py"),
    lambda: steps.archive(".", "mine", "more", "{}", "no-archive"),
    lambda: steps.find_unique(["a.pt", "b.pt"], ".pt"),
):
    try:
        wrong()
    except ModelArchiverError as error:
        print(error)
"""


def test_the_steps_of_packing(outside):
    """A script that takes them one by one may add to what is packed; each says what is wrong with its own part."""
    (outside.directory / "h.py").touch()
    (outside.directory / "c.yaml").touch()
    for path in ("out", "more/.git", "more/sub", "mine/precious"):
        (outside.directory / path).mkdir(parents=True)
    (outside.directory / "more/.git/left_out").touch()
    (outside.directory / "more/sub/kept").touch()
    result = outside.python("-c", STEPS)
    assert result.stdout.splitlines() == [
        "['MAR-INF/MANIFEST.json', 'added.txt', 'h.py', 'sub/kept']",
        "--model-name 'a/b': must be letters, digits, '_', '-' and '.', and start with a letter or digit",
        "--export-path 'nowhere': not a directory",
        "--handler 'no.py': no such file",
        "--force: mine is a directory that holds no model, and is not overwritten",
        "only one .pt file is expected, and there are 2: ['a.pt', 'b.pt']",
    ], result.stderr


TORCHSERVES_OWN = """
import json, sys
from unittest.mock import patch
from model_archiver.model_archiver_config import ModelArchiverConfig
import model_archiver.model_packaging as packaging

config = ModelArchiverConfig(model_name="m", handler="h.py", version="1", export_path="out")
with patch("model_archiver.model_packaging.ArgParser.export_model_args_parser", return_value=config):
    packaging.generate_model_archive()
with patch("model_archiver.model_packaging.package_model") as packed:
    packaging.generate_model_archive(config)
(given,), manifest = packed.call_args
assert given is config and json.loads(manifest["manifest"])["model"]["handler"] == "h.py"
"""


def test_parts_can_be_replaced_by_tests(outside):
    """Tests that put their own options, or steps, in place of a module's, meet what TorchServe's tests do."""
    (outside.directory / "h.py").touch()
    (outside.directory / "out").mkdir()
    result = outside.python("-c", TORCHSERVES_OWN)
    assert result.returncode == 0, result.stderr
    assert zipfile.is_zipfile(outside.directory / "out" / "m.mar")
