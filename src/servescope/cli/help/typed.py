"""Commands whose signatures Typer reads: in, a function and its examples; out, a command whose help is a `Page`.

`cli.main` runs them. Typer and pydantic, on which it stands, take a twentieth of a second to import; nothing else of this
package needs them.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperOption

from servescope.cli.help.page import (
    HELP_OPTIONS,
    HELP_ROW,
    Page,
    Row,
    Section,
    render,
    terminal_columns,
    with_default,
)

_EXAMPLES = "__examples__"
_Function = TypeVar("_Function", bound=Callable[..., None])
_Parameter = TyperArgument | TyperOption


def examples(*lines: str) -> Callable[[_Function], _Function]:
    """Give a command the examples that stand at the end of its help, and that run as they are printed."""

    def decorate(function: _Function) -> _Function:
        setattr(function, _EXAMPLES, lines)
        return function

    return decorate


class Typed(TyperCommand):
    """A command with this project's help instead of Typer's."""

    examples: tuple[str, ...] = ()

    def page(self, command: str) -> Page:
        """The page; `command` is how the command is called, such as `servescope models list`."""
        arguments = [one for one in self.params if isinstance(one, TyperArgument)]
        options = [one for one in self.params if isinstance(one, TyperOption) and not one.hidden]
        needed = [_term(one, one.opts[:1]) for one in options if one.required]
        usage = " ".join((command, *map(_metavar, arguments), *needed, "[OPTIONS]"))
        sections = [Section("Arguments", tuple(map(_argument_row, arguments)))] if arguments else []
        sections.append(Section("Options", (*map(_option_row, options), HELP_ROW)))
        return Page(usage, self.help or "", tuple(sections), self.examples)

    # The contexts are click's own in one release of Typer and a copy of them in the next.
    def get_help(self, ctx: Any) -> str:
        """See click."""
        return render(self.page(ctx.command_path), terminal_columns()).rstrip("\n")

    def get_usage(self, ctx: Any) -> str:
        """See click; it begins the refusal of a command line that makes no sense."""
        return f"Usage: {self.page(ctx.command_path).usage}"


def typed(function: Callable[..., None]) -> Typed:
    """The command that Typer makes of a function's signature and docstring."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    # The long one first, for it is named where a command line is refused.
    app.command(cls=Typed, context_settings={"help_option_names": HELP_OPTIONS[::-1]})(function)
    command = typer.main.get_command(app)
    assert isinstance(command, Typed)
    command.examples = getattr(function, _EXAMPLES, ())
    return command


def _metavar(one: _Parameter) -> str:
    return one.metavar or ""


def _term(one: _Parameter, names: Sequence[str]) -> str:
    value = "" if isinstance(one, TyperOption) and one.is_flag else f" {_metavar(one)}"
    return ", ".join(names) + value


def _argument_row(one: TyperArgument) -> Row:
    return Row(_metavar(one), _text(one))


def _option_row(one: TyperOption) -> Row:
    # Short names first, as everywhere else.
    names = sorted([*one.opts, *one.secondary_opts], key=lambda name: name.startswith("--"))
    return Row(_term(one, names), _text(one))


def _text(one: _Parameter) -> str:
    return with_default(one.help or "", one.default if one.show_default else None)
