"""Values that know where they are from."""

from servescope.operate.kubernetes.figures import figure, lines, mebibytes, plain, seconds


def test_what_was_given_goes_before_what_was_measured():
    """And that before the default; 0 is a value."""
    assert figure("f", 1.0, plain).origin == "stated default"
    assert figure("f", 1.0, plain, measured=2.0).value == 2.0
    assert figure("f", 1.0, plain, measured=2.0, given=0.0).value == 0.0
    assert figure("f", 1.0, plain, measured=2.0, given=3.0).origin == "given"


def test_lines_name_models_where_they_differ():
    """What is said of all models names none; a long name is cut."""
    figures = [figure("f", 1.0, plain, of=name) for name in ("a", "b")]
    assert lines(figures) == ["f: 1 (stated default)"]
    figures.append(figure("f", 1.0, plain, measured=2.0, of="x" * 200))
    assert lines(figures) == ["f of a, b: 1 (stated default)", f"f of {'x' * 60}…: 2 (measured)"]
    assert lines([figure("s", 1.0, plain), *figures[:2]], with_origin=False) == ["s: 1", "f: 1"]


def test_values_are_shown_in_units():
    """Never less memory than there is."""
    assert mebibytes(1024**2 + 1) == "2 MiB"
    assert [seconds(value) for value in (0.25, 9.0, 12.5, 120.0)] == ["0.2 s", "9 s", "12 s", "120 s"]
