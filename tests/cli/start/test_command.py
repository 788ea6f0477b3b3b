"""torchserve's options, read as torchserve reads them."""

from pathlib import Path

import pytest

from servescope.cli.start.command import parser, start, start_options

EVERYTHING = [
    "--ts-config", "a.properties", "--model-store", "store", "--models", "a.mar", "b=b.mar", "--ncs", "--foreground",
    "--enable-model-api", "--disable-token-auth", "--log-config", "log4j2.xml", "--workflow-store", "flows",
    "--plugins-path", "plugins", "--cpp-log-config", "cpp.yaml",
]  # fmt: skip


def read(*words):
    return start_options(parser().parse_args(words))


def test_every_option_arrives():
    """None of torchserve's options is lost on the way to the configuration."""
    options = read(*EVERYTHING)
    assert options.ts_config == Path("a.properties")
    assert options.model_store == Path("store")
    assert options.models == ("a.mar", "b=b.mar")
    assert options.no_config_snapshots
    assert options.foreground
    assert options.enable_model_api
    assert options.disable_token_auth
    assert options.log_config == Path("log4j2.xml")
    assert options.workflow_store == Path("flows")
    assert options.plugins_path == "plugins"
    assert options.cpp_log_config == Path("cpp.yaml")


def test_nothing_given_is_nothing_set():
    """So that the configuration file's values hold."""
    options = read()
    assert options.ts_config is None
    assert options.model_store is None
    assert options.models == ()
    assert not options.enable_model_api
    assert not options.disable_token_auth
    assert not options.no_config_snapshots


@pytest.mark.parametrize(
    ("short", "field"), [("--dt", "disable_token_auth"), ("--no-config-snapshots", "no_config_snapshots")]
)
def test_torchserves_other_spellings(short, field):
    """The aliases that scripts use."""
    assert getattr(read(short), field)


def test_ppath_is_plugins_path():
    """Both are torchserve's."""
    assert read("--ppath", "jars").plugins_path == "jars"


@pytest.mark.parametrize(
    "words",
    [
        ["--model-stor", "x"],
        ["--foreground", "--detach"],
        ["--ts-config"],
        ["stray"],
        ["--ncs=yes"],
        ["--detach", "--wait", "abc"],
    ],
)
def test_what_makes_no_sense_is_status_2(words, capsys):
    """Abbreviations, contradictions, missing values and strays are refused, by name."""
    with pytest.raises(SystemExit) as end:
        parser().parse_args(words)
    assert end.value.code == 2
    assert words[-1].split("=")[0].removeprefix("x") in capsys.readouterr().err


def test_help_comes_from_the_same_parser():
    """It shows torchserve's options."""
    text = parser().format_help()
    for option in ("--ts-config", "--model-store", "--models", "--ncs", "--detach", "--dt", "--ppath"):
        assert option in text


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "", "5s"])
def test_a_wait_that_is_none_is_refused_by_name(value, capsys):
    """Seconds from 0 on, and no other words."""
    with pytest.raises(SystemExit) as end:
        parser().parse_args(["--detach", f"--wait={value}"])
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert "--wait" in said
    assert repr(value) in said


def test_nobody_waits_in_the_foreground(tmp_path, capsys):
    """--wait without --detach would be for nothing."""
    with pytest.raises(SystemExit) as end:
        start(["--wait", "5"], {}, tmp_path)
    assert end.value.code == 2
    assert "--wait: only with --detach" in capsys.readouterr().err
