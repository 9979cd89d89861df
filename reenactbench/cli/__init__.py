"""The command line. Nothing here imports torch, OpenCV or insightface before a command needs them."""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from reenactbench.ending import end_in_time
from reenactbench.errors import ReenactbenchError
from reenactbench.files import refusal
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.progress import say
from reenactbench.registry import DOCTOR, cause

INTERRUPTED = 130
BAD_INPUT = 2

_debug = False


class Group(TyperGroup):
    """Turns our errors into one sentence and status 2, and Ctrl-C into status 130."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # whoever read the output wants no more of it
            raise
        except (ReenactbenchError, OSError) as error:
            _end(f"error: {refusal(error) if isinstance(error, OSError) else error}")
            raise typer.Exit(BAD_INPUT) from None
        except (ImportError, AttributeError) as error:
            if not _broken_package(error):
                raise
            _end(f"error: {cause(error)}{DOCTOR}")
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            _end("interrupted")
            raise typer.Exit(INTERRUPTED) from None


def _end(sentence: str) -> None:
    if _debug:
        traceback.print_exc()
    else:
        say(sentence)


def _broken_package(error: Exception) -> bool:
    """Whether a package of others cannot be imported, or is an empty folder where its modules were."""
    if isinstance(error, ImportError):
        return not (error.name or "").startswith("reenactbench")
    return bool(re.match(r"(partially initialized )?module '(?!reenactbench)", str(error)))


def _flushed(status: int) -> int:
    """The status, or that of bad input where what was printed cannot be written, as to a full disk."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: standard output: {refusal(error)}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more
        return BAD_INPUT
    return status


def build_app(plugins: Plugins) -> typer.Typer:
    app = typer.Typer(
        cls=Group,
        name="reenactbench",
        help="Benchmark face reenactment methods: one protocol, named metrics, one report.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def options(
        ctx: typer.Context,
        version: bool = typer.Option(False, "--version", help="Show the version and exit.", is_eager=True),
        plugin: list[Path] = typer.Option(  # noqa: B008 - typer's way; read by main() before
            [], "--plugin", help="Load one more plugin from this .py or .toml file; may stand anywhere on the line."
        ),
        debug: bool = typer.Option(False, "--debug", help="Show tracebacks; may stand anywhere on the line."),
    ) -> None:
        ctx.obj = plugins

    plugins.add_commands(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Without arguments this is the program, which ends afterwards."""
    status = _run(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None:
        end_in_time(status)
    return status


def _run(words: list[str]) -> int:
    global _debug
    words, files = take_option(words, "--plugin")
    _debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an arrow that a terminal cannot show is no reason to fail
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # our own sentences say what cannot be read
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if words == ["--version"]:
        from reenactbench import __version__

        print(__version__)
        return 0
    absent = [file for file in files if not Path(file).is_file()]
    if absent:
        say(f"error: --plugin {absent[0]}: there is no such file")
        return BAD_INPUT
    try:
        build_app(load_plugins(Path(file) for file in files))(words, prog_name="reenactbench")
    except KeyboardInterrupt:  # while plugins are loaded
        return INTERRUPTED
    except SystemExit as status:
        return _flushed(status.code if isinstance(status.code, int) else int(status.code is not None))
    return _flushed(0)


def take_option(words: Sequence[str], option: str) -> tuple[list[str], list[str]]:
    """The words without `OPTION VALUE` and `OPTION=VALUE`, and the values."""
    left, values = [], []
    rest = iter(words)
    for word in rest:
        if word == option:
            values.append(next(rest, ""))
        elif word.startswith(f"{option}="):
            values.append(word.partition("=")[2])
        else:
            left.append(word)
    return left, values
