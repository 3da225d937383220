"""The command line: commands are loaded when they are called; errors become text and an exit code here only."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from ecr_publish import __version__
from ecr_publish.cli.readers import tell
from ecr_publish.errors import ConfigErrors, PublishError
from ecr_publish.report.text import passage

# name -> (module, one line of help): the help is here so that `--help` need not import every command
COMMANDS = {
    "init": ("ecr_publish.cli.init", "Write ecr-publish.yaml, and a file for the CI, from what a project has."),
    "check": ("ecr_publish.cli.check", "Validate ecr-publish.yaml: all errors at once, with their positions."),
    "plan": ("ecr_publish.cli.plan", "Show what `run` would do, per image and environment."),
    "run": ("ecr_publish.cli.run", "Build, tag, push, wait for scans and promote, as the file says."),
    "rehearse": ("ecr_publish.cli.rehearse", "The whole run on this machine against an embedded ECR."),
    "build": ("ecr_publish.cli.build", "Only build, and leave a result file for the next job."),
    "tag": ("ecr_publish.cli.tag", "Only show the tags that the rules give here."),
    "login": ("ecr_publish.cli.login", "Only check who we are at each target."),
    "push": ("ecr_publish.cli.push", "Only push what `build` left."),
    "scan-wait": ("ecr_publish.cli.scan_wait", "Only wait for the scans of what was published; `promote` judges them."),
    "promote": ("ecr_publish.cli.promote", "Only promote, by result files or by --tag or --digest."),
    "local": ("ecr_publish.cli.local", "Serve the embedded ECR for any client."),
    "origin": ("ecr_publish.cli.origin", "Show what was understood of this CI or git tree."),
    "matrix": ("ecr_publish.cli.matrix", "Print one job per image, for a CI to fan out over."),
    "plugins": ("ecr_publish.cli.plugins", "List the plugins, and what each contributes."),
    "schema": ("ecr_publish.cli.schema", "Print the JSON Schema of a file."),
    "explain": ("ecr_publish.cli.explain", "Explain an error code or an exit code."),
}


class Commands(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take its `command`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command named for a misspelt one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ecr-publish")
def cli() -> None:
    """Build, tag, push, scan and promote container images on Amazon ECR."""


# New objects before the garbage collector looks for cycles among them (700 by itself). A command begins by making
# nearly as many that stay (modules, classes, models): looking through them again and again finds nothing.
COLLECTED_AFTER = 100_000


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the documented code. No traceback reaches a user."""
    gc.set_threshold(COLLECTED_AFTER)
    # pydantic would read what every installed distribution says of itself, to find those that want to see our file
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = run(arguments)
    gc.freeze()  # the process ends: the collections of the interpreter's end need not go through all of it once more
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code; every error has been printed."""
    try:
        result = cli.main(args=arguments, prog_name="ecr-publish", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        with suppress(OSError):  # nobody reads it
            error.show()
        return _failed("usage", 2)
    except (KeyboardInterrupt, click.Abort):
        return _failed("interrupted", 130)
    except ConfigErrors as errors:
        for each in errors.errors:
            show(each)
        _hand_over(errors)
        return _failed(f"{len(errors.errors)} error{'s' if len(errors.errors) > 1 else ''} in the file", 2)
    except PublishError as error:
        show(error)
        _hand_over(error)
        return _failed(error.code, error.exit_code)
    except OSError as error:
        tell(f"error: {error.filename or 'this machine'}: {error.strerror or error}")
        tell("  hint: check the path, its permissions, and the space left there")
        return _failed("machine", 1)
    except Exception as error:  # noqa: BLE001 - the border: a fault of ours becomes a short report
        return _crashed(error)
    return result if isinstance(result, int) else 0


def show(error: PublishError) -> None:
    """Print one error as `where: what` and a hint."""
    tell(passage(f"error: {error.where}: {error.what}\n  hint: {error.hint}"))


def _hand_over(error: PublishError) -> None:
    """Tell the CI, if this is one; its own faults are told, and change nothing."""
    from ecr_publish.cli.handover import handover

    for fault in handover().refused((error,), error.exit_code):
        show(fault)


def _failed(reason: str, code: int) -> int:
    tell(f"ecr-publish: failed: {reason} (exit {code})")
    return code


def _crashed(error: Exception) -> int:
    tell(f"error: a fault of ours: {type(error).__name__}: {error}")
    tell(f"  hint: please report it with {crash_log(error)}; it should hold no secret, but look first")
    return _failed("internal", 1)


def crash_log(error: BaseException) -> str:
    """The path of a file that says where in our code a fault happened: for a report, never for the screen."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="ecr-publish-", suffix=".log", delete=False) as log:
        log.write(f"ecr-publish {__version__}, Python {sys.version}\n")
        log.write("".join(traceback.format_exception(error)))
    return log.name
