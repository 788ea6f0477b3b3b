"""`import workflow_archiver`: workflows packed by scripts, as the command packs them."""

import json
import zipfile

PACK = """
import sys
from workflow_archiver import __version__
from workflow_archiver.arg_parser import ArgParser
from workflow_archiver.workflow_archiver_error import WorkflowArchiverError
from workflow_archiver.workflow_packaging import generate_workflow_archive, package_workflow
from workflow_archiver.workflow_packaging_utils import WorkflowExportUtils as steps

sys.argv[1:] = ["--workflow-name", "w", "--spec-file", "dag.yaml", "--handler", "in/h.py", "--export-path", "out"]
generate_workflow_archive()
args = ArgParser.workflow_archiver_args_parser().parse_args()
for name, value in {"handler": "no.py", "spec_file": "no.yaml", "workflow_name": "w/w", "export_path": "nowhere"}.items():
    given, args.force = getattr(args, name), name != "export_path"
    setattr(args, name, value)
    try:
        package_workflow(args, steps.generate_manifest_json(args))
    except WorkflowArchiverError as error:
        print(error)
    setattr(args, name, given)
args.force = False
try:
    package_workflow(args, "{}")
except WorkflowArchiverError as error:
    print(error)
print(__version__)
"""


def test_a_script_packs(outside):
    """The steps are the command's; each says what is wrong with an option."""
    for path in ("in", "out"):
        (outside.directory / path).mkdir()
    (outside.directory / "in" / "h.py").touch()
    (outside.directory / "dag.yaml").write_text("models: {}\n")
    result = outside.python("-c", PACK)
    assert result.stdout.splitlines() == [
        "--handler 'no.py': no such file",
        "--spec-file 'no.yaml': no such file",
        "--workflow-name 'w/w': must be letters, digits, '_', '-' and '.', and start with a letter or digit",
        "--export-path 'nowhere': not a directory",
        "out/w.war already exists: give --force to overwrite it",
        "0.12.0",
    ], result.stderr
    archive = zipfile.ZipFile(outside.directory / "out" / "w.war")
    assert sorted(archive.namelist()) == ["WAR-INF/MANIFEST.json", "dag.yaml", "h.py"]
    manifest = json.loads(archive.read("WAR-INF/MANIFEST.json"))
    assert manifest["workflow"] == {"workflowName": "w", "specFile": "dag.yaml", "handler": "h.py"}
    assert manifest["archiverVersion"] == "0.12.0"


def test_the_module_is_the_command(outside):
    """`python -m workflow_archiver.workflow_packaging` takes its words and gives its status."""
    words = ("-m", "workflow_archiver.workflow_packaging", "--workflow-name", "w", "--spec-file")
    failed = outside.python(*words, "no.yaml")
    assert (failed.returncode, failed.stderr) == (1, "ERROR - --spec-file 'no.yaml': no such file\n")
