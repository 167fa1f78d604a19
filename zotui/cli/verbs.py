"""``zotui``: the group of verbs."""

from importlib import import_module

import click

from zotui import __version__
from zotui.cli.family import Family
from zotui.errors import UsageError

# verb: (module in zotui.cli, what it does)
VERBS = {
    "ask": ("ask", "Put one request and stream the answer."),
    "chats": ("chats", "Conversations: list, search, branch, compare, export, summarise, delete."),
    "models": ("models", "Which models there are, what they cost, which one answers."),
    "keys": ("keys", "Keys of providers: set, list, remove, test."),
    "memory": ("memory", "Remember, recall, list, edit and forget."),
    "search": ("search", "Search everything: chats, memory, skills, runs, files, logs."),
    "run": ("run", "Run a command in the sandbox, as the agent would."),
    "commands": ("commands", "What goes on in the background: list, show, feed, stop."),
    "skills": ("skills", "List, choose and trust skills."),
    "schedule": ("schedule", "Automations: what happens by itself, when, and what became of it."),
    "rules": ("rules", "What shall hold for requests, always or on a condition."),
    "personas": ("personas", "Who the computer is in a conversation: prompt, model, tools."),
    "approvals": ("approvals", "Questions that wait for you."),
    "files": ("files", "Files kept in the database: put, get, list, remove."),
    "bin": ("bin", "What was deleted from the workspace: list, restore, empty."),
    "undo": ("undo", "Take back what the last turn did to files."),
    "redo": ("undo", "Do again what was undone last."),
    "timeline": ("undo", "What turns did to one file; its differences, its states."),
    "audit": ("audit", "What was allowed, refused, done and taken back; verify checks it."),
    "notices": ("notices", "What happened while you looked elsewhere."),
    "web": ("web", "The app in a web browser on this machine."),
    "serve": ("serve", "Run the background process in the foreground."),
    "stop": ("serve", "End the background process."),
    "status": ("serve", "The background process and its work."),
    "doctor": ("doctor", "A check-up: what works, what is missing, how to mend it."),
}


class Verbs(Family):
    """A family that knows its verbs' names and one-liners without importing them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command = getattr(import_module(f"zotui.cli.{VERBS[name][0]}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, words) for name, (_, words) in VERBS.items()])


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--home", metavar="PATH", help="The folder that holds everything (else $ZOTUI_HOME, else ~/.zotui).")
@click.option("--no-daemon", is_flag=True, help="Start no background process: do the work in this one.")
@click.option("--offline", is_flag=True, help="Ask no model that is not on this machine.")
@click.option("--no-mouse", is_flag=True, help="The app leaves the mouse to the terminal.")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.version_option(__version__, "--version", message="zotui %(version)s")
@click.pass_context
def zotui(
    context: click.Context, home: str | None, no_daemon: bool, offline: bool, no_mouse: bool, debug: bool
) -> None:
    """A personal AI computer in the terminal, in one SQLite file.

    Without a verb, zotui opens the full-screen app.
    """
    context.obj = {"home": home, "no_daemon": no_daemon, "offline": offline, "no_mouse": no_mouse, "debug": debug}
    if context.invoked_subcommand is None:
        import_module("zotui.cli.app").open_app(home, no_daemon=no_daemon, offline=offline, no_mouse=no_mouse)


def run(words: list[str]) -> int:
    """Run the verb that these words name; its exit code. Raises ZotuiError, KeyboardInterrupt."""
    try:
        code = zotui.main(args=words, prog_name="zotui", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        raise UsageError(error.format_message(), f"{context.command_path if context else 'zotui'} --help") from None
    return code if isinstance(code, int) else 0
