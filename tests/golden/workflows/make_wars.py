"""Packs the recorded workflows, and the model that some have, into STORE: python make_wars.py STORE"""

import json
import pathlib
import sys
import zipfile

HERE = pathlib.Path(__file__).parent
MODEL = "  m:\n    url: upper.mar\n"
SPECS = {
    "seq": f"models:\n  min-workers: 1\n  max-workers: 1\n{MODEL}dag:\n  same: [m]\n  m: [join]\n",
    "fork": f"models:\n  batch-size: 2\n  max-batch-delay: 77\n{MODEL}dag:\n  same: [m, number]\n  m: [join]\n  number: [join]\n",
    "leaves": "models: {}\ndag:\n  same: [one]\n  one: []\n",
    "teapot": "models: {}\ndag:\n  same: [teapot]\n",
    "none": "models: {}\ndag:\n  none: [join]\n",
    "fails": "models:\n  retry-attempts: 0\ndag:\n  same: [fails]\n",
    "cycle": "models: {}\ndag:\n  same: [one]\n  one: [join]\n  join: [one]\n",
    "self": "models: {}\ndag:\n  same: [same]\n",
    "roots": "models: {}\ndag:\n  same: [join]\n  one: [join]\n",
    "twice": "models: {}\ndag:\n  same: [one, one]\n",
    "nosuch": "models: {}\ndag:\n  same: [nosuch]\n",
    "absent": "models:\n  m:\n    url: absent.mar\ndag:\n  same: [m]\n",
}


def pack(store: pathlib.Path) -> None:
    model = {"modelName": "upper", "modelVersion": "1.0", "handler": "upper.py"}
    with zipfile.ZipFile(store / "upper.mar", "w") as mar:
        manifest = {"createdOn": "24/11/2026 00:00:00", "runtime": "python", "model": model, "archiverVersion": "0.12.0"}
        mar.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
        mar.write(HERE / "upper.py", "upper.py")
    for name, spec in SPECS.items():
        workflow = {"workflowName": name, "specFile": "spec.yaml", "handler": "functions.py"}
        manifest = {"createdOn": "24/11/2026 00:00:00", "workflow": workflow, "archiverVersion": "0.2.15"}
        with zipfile.ZipFile(store / f"{name}.war", "w") as war:
            war.writestr("WAR-INF/MANIFEST.json", json.dumps(manifest))
            war.writestr("spec.yaml", spec)
            war.write(HERE / "functions.py", "functions.py")


if __name__ == "__main__":
    store = pathlib.Path(sys.argv[1])
    store.mkdir(parents=True, exist_ok=True)
    pack(store)
