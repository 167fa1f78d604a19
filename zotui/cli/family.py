"""A group of verbs that helps who mistypes one."""

import sys

import click


class Family(click.Group):
    """Without a verb it shows its help and is wrong usage; for an unknown one it names the nearest."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if not args and not self.invoke_without_command:
            print(context.get_help(), file=sys.stderr)
            context.exit(2)
        return super().parse_args(context, args)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, args)
        except click.NoSuchOption:
            raise
        except click.UsageError:
            from difflib import get_close_matches

            verbs, word = self.list_commands(context), args[0] if args else "--"
            near = get_close_matches(word.lower(), verbs, n=1) or [verb for verb in verbs if verb.startswith(word)][:1]
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(verbs)}"
            raise click.UsageError(f"no verb {word!r}: {meant}", context) from None
