"""A worker's environment: the server's less the blacklist, and a PYTHONPATH in TorchServe's order."""

import os
import re
from pathlib import Path

import pytest

import servescope
from servescope.fleet.launch import worker_environment

SERVER = str(Path(servescope.__file__).parents[1])


def paths(environment):
    return environment["PYTHONPATH"].split(os.pathsep)


def test_python_path_order():
    """The handler's directory, what was inherited, the model's, then the server's own package."""
    found = worker_environment({"PYTHONPATH": "/mine", "HOME": "/h"}, None, "/model", "sub/handler.py:run", venv=False)
    assert paths(found) == ["/model/sub", "/mine", "/model", SERVER]
    assert found["HOME"] == "/h"


def test_no_path_twice_and_none_empty():
    """A handler at the top, and nothing inherited: an empty entry would mean the working directory."""
    assert paths(worker_environment({}, None, "/model", "handler.py", venv=False)) == ["/model", SERVER]


def test_blacklist_matches_whole_names():
    """`blacklist_env_vars` is a full match, and takes PYTHONPATH too where it is asked to."""
    inherited = {"SECRET": "1", "SECRET_2": "2", "MY_SECRET": "3", "PYTHONPATH": "/mine"}
    found = worker_environment(inherited, re.compile("SECRET.*|PYTHONPATH"), "/model", "h.py", venv=False)
    assert sorted(found) == ["MY_SECRET", "PYTHONPATH"]
    assert "/mine" not in paths(found)
    assert inherited["SECRET"] == "1"


@pytest.mark.parametrize(
    ("own", "expected"),
    [("/checkout/src", ["/model", "/checkout/src"]), ("/usr/lib/python3.13/site-packages", ["/model"])],
)
def test_a_virtual_environment_has_none_of_the_servers_packages_before_its_own(own, expected):
    """Of the server's path only a checkout is there: its site-packages would hide what the model has installed."""
    assert paths(worker_environment({}, None, "/model", "h.py", venv=True, own=own)) == expected
    assert paths(worker_environment({}, None, "/model", "h.py", venv=False, own=own)) == ["/model", own]
