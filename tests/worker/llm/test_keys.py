"""vLLM's own API key is not asked for."""

from argparse import Namespace

import pytest

from servescope.errors import ConfigurationError
from servescope.worker.llm.keys import VARIABLE, forget_key, refuse_key


def test_a_key_in_the_environment(capfd):
    """Is gone for vLLM, and its owner told by name, without the secret."""
    environ = {VARIABLE: "secret", "PATH": "/bin"}
    forget_key(environ)
    assert environ == {"PATH": "/bin"}
    said = capfd.readouterr().err
    assert said.startswith("VLLM_API_KEY is ignored")
    assert "secret" not in said


@pytest.mark.parametrize("environ", [{}, {VARIABLE: ""}])
def test_no_key(environ, capfd):
    """Nothing is said."""
    forget_key(environ)
    assert capfd.readouterr().err == ""


def test_a_key_on_vllms_command_line():
    """Is refused, for it would guard nothing."""
    with pytest.raises(ConfigurationError, match=r"--api-key.*key_file\.json") as error:
        refuse_key(Namespace(api_key=["secret"]))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("nothing", [None, []])
def test_no_key_on_the_command_line(nothing):
    """Passes."""
    refuse_key(Namespace(api_key=nothing))
