"""Which bodies are forms, by their types."""

from servescope.web.http.forms.form import is_form


def test_which_types_are_forms():
    """In any case; multipart only with a boundary."""
    assert is_form(b"Application/X-WWW-Form-Urlencoded; charset=utf-8")
    assert is_form(b"multipart/form-data; Boundary=x")
    assert not is_form(b"multipart/form-data")
    assert not is_form(b"application/json")
