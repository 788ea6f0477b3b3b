"""The demo's alerts as a table."""

from rich.console import Console

from servescope.cli.demo.alerts_table import alerts_table
from servescope.cli.demo.track import Track, followed


def test_an_alert_shows_both_programs_states_and_its_way():
    """Each state of its way on a line, beside its name and severity, in 80 columns."""
    labels = {"alertname": "ServescopeLatencyBudgetBurns", "window": "1h", "severity": "page"}
    track = followed(Track({"alertname": labels["alertname"], "window": "1h"}), [], [], 0.2)
    fires = {"labels": labels, "annotations": {}, "state": "firing"}
    track = followed(track, [fires], [{"labels": labels, "status": {"state": "active"}}], 12.9)
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(alerts_table([track]))
    rows = [" ".join(line.split()) for line in capture.get().splitlines()]
    assert "ServescopeLatencyBudgetBurns (1h) firing active 0 s inactive" in rows
    assert "page 13 s firing" in rows


def test_states_of_an_alerts_way_have_their_colours():
    """Those that they have in the other columns."""
    track = Track({"alertname": "ServescopeSlow"}, "firing", "active", way=(("pending", 9.0), ("firing", 19.0)))
    (way,) = alerts_table([track]).columns[-1].cells
    assert {way.plain[span.start : span.end]: span.style for span in way.spans if span.style} == {
        "pending": "yellow",
        "firing": "bold red",
    }
