"""The demo's parts, where they can go wrong; tests/integration/commands/test_demo_once.py runs the whole."""

import os
import re
import shlex
import signal
import socket
import sys

import pytest

from servescope.cli.demo.digits import DemoError, HeldOut, example_folder, held_out, run_step
from servescope.cli.demo.server import _end_as_with_ctrl_c, first_port


@pytest.fixture
def taken():
    """A port that is in use, above two that may be free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_ports_that_are_taken_are_named(taken, offset):
    """Whichever of the three it is."""
    asked = taken - offset
    with pytest.raises(DemoError, match=f"--port-base {asked}: ports {asked} to {asked + 2}"):
        first_port(asked)


def test_without_a_wish_free_ports_are_found():
    """Three in a row, each of which can be bound."""
    first = first_port(None)
    for port in range(first, first + 3):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def test_held_out_images_carry_their_digit(tmp_path):
    """By number, whatever else lies in the folder."""
    for name in ("0010-is-3.png", "0002-is-7.png", "notes.txt"):
        (tmp_path / name).touch()
    assert held_out(tmp_path) == [HeldOut(tmp_path / "0002-is-7.png", 7), HeldOut(tmp_path / "0010-is-3.png", 3)]


def test_a_step_that_fails_shows_what_it_said():
    """The step's name, its exit status and its output."""
    with pytest.raises(DemoError, match=r"(?s)training failed with status 3\..*no images"):
        run_step("training", [sys.executable, "-c", "print('no images'); raise SystemExit(3)"])


def test_a_missing_package_comes_with_the_way_to_install_it():
    """Whoever installed without the demo's extra reads what to do, from whatever folder, for this very environment."""
    command = f"`{shlex.quote(sys.executable)} -m pip install --editable {shlex.quote(f'{example_folder().parents[1]}[demo]')}`"
    with pytest.raises(DemoError, match=re.escape(command)):
        run_step("training", [sys.executable, "-c", "import absent_package_of_the_demo"])


def test_the_example_is_found_from_the_package():
    """In a checkout, beside `src`."""
    assert {"train.py", "handler.py", "model-config.yaml"} <= {path.name for path in example_folder().iterdir()}


@pytest.fixture
def handlers():
    """Puts the handlers of both signals back."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ends_are_like_ctrl_c(handlers, number):
    """A demo that is terminated, or whose terminal is closed, ends by the same way."""
    signal.signal(number, signal.SIG_DFL)  # these tests may themselves be run by nohup
    _end_as_with_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def test_nohup_is_respected(handlers):
    """A terminal that is closed does not end it then."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _end_as_with_ctrl_c()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
