"""The kernel's kills: told from its counter, each taken once."""

from servescope.fleet.oom import OomKills, parse_oom_kills

EVENTS = "low 0\nhigh 0\nmax 3\noom 1\noom_kill {}\noom_group_kill 0\n"


def test_a_kill_is_taken_once(tmp_path):
    """By the first who asks; kills from before the server are nobody's."""
    events = tmp_path / "memory.events"
    events.write_text(EVENTS.format(5))
    kills = OomKills((tmp_path / "missing", events))
    assert not kills.take()
    events.write_text(EVENTS.format(7))
    assert [kills.take() for _ in range(3)] == [True, True, False]


def test_the_first_file_that_is_there(tmp_path):
    """The container's own counter goes before the host's."""
    events, vmstat = tmp_path / "memory.events", tmp_path / "vmstat"
    events.write_text(EVENTS.format(0))
    vmstat.write_text("nr_free_pages 4\noom_kill 0\n")
    kills = OomKills((events, vmstat))
    vmstat.write_text("nr_free_pages 4\noom_kill 1\n")
    assert not kills.take()


def test_nowhere_to_look(tmp_path):
    """Without a counter a kill is a signal."""
    assert not OomKills((tmp_path / "missing",)).take()
    assert parse_oom_kills("oom_kill many\n") == 0
