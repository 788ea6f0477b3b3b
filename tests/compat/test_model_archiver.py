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
