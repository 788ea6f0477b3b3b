"""`servescope prometheus`: what it writes, what it keeps, what it refuses."""

import re

import pytest
import yaml

from servescope.cli.main import run


def test_it_writes_a_folder(tmp_path, capsys):
    """Everything on one line; a second time nothing changes."""
    folder = tmp_path / "prometheus"
    assert run(["prometheus", str(folder)]) == 0
    assert "14 files written, 0 as they were" in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {"prometheus.yml", "alertmanager.yml", "thresholds.yml", "rules"}
    assert run(["prometheus", str(folder)]) == 0
    assert "0 files written, 13 as they were" in capsys.readouterr().out


def test_nothing_is_overwritten(tmp_path, capsys):
    """Without --force the command fails and names the files; with it they are new."""
    assert run(["prometheus", str(tmp_path)]) == 0
    assert run(["prometheus", str(tmp_path), "--target", "a:1", "--target", "b:2"]) == 1
    # The first server is in the links of all alerts, for those that are about no single one.
    topics = ("autoscaler", "gpu", "host", "llm", "models", "queues", "requests", "server", "slo", "workers")
    others = ", ".join(f"rules/{topic}.yml" for topic in topics)
    assert f"has prometheus.yml, {others} already: give --force" in capsys.readouterr().err
    assert run(["prometheus", str(tmp_path), "--target", "a:1", "--target", "b:2", "--force"]) == 0
    job = yaml.safe_load((tmp_path / "prometheus.yml").read_text())["scrape_configs"][0]
    assert job["static_configs"] == [{"targets": ["a:1", "b:2"]}]


def test_thresholds_of_the_folder_are_kept(tmp_path):
    """An operator's thresholds.yml is read where none other is given, and never written over."""
    assert run(["prometheus", str(tmp_path)]) == 0
    mine = "# mine\ndisk_ratio: 0.5\n"
    (tmp_path / "thresholds.yml").write_text(mine)
    assert run(["prometheus", str(tmp_path), "--force"]) == 0
    assert "> 0.5\n" in (tmp_path / "rules/host.yml").read_text()
    assert (tmp_path / "thresholds.yml").read_text() == mine
    (tmp_path / "other.yml").write_text("disk_ratio: 0.75\n")
    assert run(["prometheus", str(tmp_path), "--force", "--thresholds", str(tmp_path / "other.yml")]) == 0
    assert "> 0.75\n" in (tmp_path / "rules/host.yml").read_text()
    assert (tmp_path / "thresholds.yml").read_text() == mine


def test_what_an_operator_filled_in_is_kept(tmp_path, capsys):
    """New thresholds, as the documentation says to take them, leave receivers and targets as they are."""
    targets = ["--target", "a:1", "--target", "b:2"]
    assert run(["prometheus", str(tmp_path), *targets]) == 0
    receivers = (tmp_path / "alertmanager.yml").read_text().replace("# webhook_configs", "webhook_configs")
    (tmp_path / "alertmanager.yml").write_text(receivers)
    scraped = (tmp_path / "prometheus.yml").read_text()
    (tmp_path / "thresholds.yml").write_text("disk_ratio: 0.5\n")
    capsys.readouterr()
    assert run(["prometheus", str(tmp_path), "--force"]) == 0
    assert "kept as yours: alertmanager.yml, prometheus.yml." in capsys.readouterr().out
    assert (tmp_path / "alertmanager.yml").read_text() == receivers
    assert (tmp_path / "prometheus.yml").read_text() == scraped
    assert "> 0.5\n" in (tmp_path / "rules/host.yml").read_text()
    assert run(["prometheus", str(tmp_path), "--force", "--target", "c:3"]) == 0
    assert '"c:3"' in (tmp_path / "prometheus.yml").read_text()
    assert (tmp_path / "alertmanager.yml").read_text() == receivers


@pytest.mark.parametrize("text", [b"", b"- route", b"route", b"[", b"\xff", b"2001-99-99"])
def test_what_is_no_configuration_is_written_over(tmp_path, text):
    """With --force, and with it alone."""
    for name in ("alertmanager.yml", "prometheus.yml"):
        (tmp_path / name).write_bytes(text)
    assert run(["prometheus", str(tmp_path)]) == 1
    assert (tmp_path / "prometheus.yml").read_bytes() == text
    assert run(["prometheus", str(tmp_path), "--force"]) == 0
    assert "scrape_configs" in (tmp_path / "prometheus.yml").read_text()
    assert "receivers" in (tmp_path / "alertmanager.yml").read_text()


def links(folder):
    """Where two alerts link to: one of a server, and one of a model on all of them."""
    texts = [(folder / "rules" / name).read_text() for name in ("workers.yml", "requests.yml")]
    return [re.search(r"runbook_url: (.*)#", text)[1].strip("'") for text in texts]


def test_where_alerts_link_to(tmp_path):
    """To the server that it is about, or the first one, also one that is configured already; or wherever is said."""

    def both(first, scheme="http"):
        own = f"{{{{ if $labels.instance }}}}{{{{ $labels.instance }}}}{{{{ else }}}}{first}{{{{ end }}}}"
        return [f"{scheme}://{own}/runbook", f"{scheme}://{first}/runbook"]

    assert run(["prometheus", str(tmp_path)]) == 0
    assert links(tmp_path) == both("127.0.0.1:8082")
    for options, first in (
        (["--target", "a:1", "--target", "b:2"], "a:1"),
        ([], "a:1"),
        (["--http-sd", "http://models-1:8082/sd"], "models-1:8082"),
        ([], "models-1:8082"),
        (["--http-sd", "https://reader:secret@[::1]:8082/sd"], "[::1]:8082"),
        (["--file-sd", "targets/*.yml"], "127.0.0.1:8082"),
    ):
        assert run(["prometheus", str(tmp_path), "--force", *options]) == 0
        assert links(tmp_path) == both(first)
    told = ["--force", "--target", "a:1", "--runbook-url"]
    assert run(["prometheus", str(tmp_path), *told, "https://wiki.example.org/run"]) == 0
    assert links(tmp_path) == ["https://wiki.example.org/run"] * 2
    assert run(["prometheus", str(tmp_path), *told, "https://{instance}/runbook"]) == 0
    assert links(tmp_path) == both("a:1", "https")


@pytest.mark.parametrize(
    ("configs", "first"),
    [
        ([{"job_name": "node", "static_configs": [{"targets": ["node:9100"]}]},
          {"job_name": "servescope", "static_configs": [{"targets": []}, {"targets": ["b:2"]}]}], "b:2"),
        ([{"job_name": "renamed", "static_configs": [{"targets": ["c"]}]}], "c"),
        ([{"job_name": "servescope", "static_configs": 3, "http_sd_configs": [7, {"url": "http://d:4/sd"}]}], "d:4"),
        ([{"job_name": "servescope", "static_configs": [{"targets": ["{{ evil }}", "a b", "http://e:5/x"]}]}], "e:5"),
        ([{"job_name": "servescope", "static_configs": [{"targets": [{"a": 1}]}]}], "127.0.0.1:8082"),
        ([3], "127.0.0.1:8082"),
        ([], "127.0.0.1:8082"),
    ],
)  # fmt: skip
def test_the_first_server_of_a_configuration_that_is_kept(tmp_path, configs, first):
    """The job's own, whatever else is scraped, and never what could not be linked to."""
    assert run(["prometheus", str(tmp_path)]) == 0
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": configs}))
    assert run(["prometheus", str(tmp_path), "--force"]) == 0
    assert links(tmp_path)[1] == f"http://{first}/runbook"


def test_the_template(capsys, tmp_path):
    """--print-thresholds needs no folder, and what it prints can be given back."""
    assert run(["prometheus", "--print-thresholds"]) == 0
    (tmp_path / "t.yml").write_text(capsys.readouterr().out)
    assert run(["prometheus", str(tmp_path / "out"), "--thresholds", str(tmp_path / "t.yml")]) == 0
    assert (tmp_path / "out/thresholds.yml").read_text() == (tmp_path / "t.yml").read_text()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--target", "nowhere"], "--target 'nowhere'"),
        (["--file-sd", "x.txt"], "--file-sd 'x.txt'"),
        (["--http-sd", "x"], "--http-sd 'x'"),
        (["--thresholds", "none.yml"], "none.yml cannot be read"),
        (
            ["--runbook-url", "docs/runbook.md"],
            "--runbook-url: runbook_url='docs/runbook.md' is no http:// or https:// URL",
        ),
    ],
)
def test_bad_options(tmp_path, capsys, options, named):
    """One line that names the option and its value, status 1, and no file."""
    assert run(["prometheus", str(tmp_path / "out"), *options]) == 1
    error = capsys.readouterr().err
    assert named in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
