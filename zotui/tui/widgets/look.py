"""The colours of a transcript, from the theme of the app."""

from rich.style import Style
from textual.widget import Widget

from zotui.tui.markdown import Palette

_NAMES = ("muted", "accent", "heading", "link", "line", "code", "block", "you", "zo", "busy", "bad", "added", "removed")
CLASSES = {f"transcript--{name}" for name in _NAMES}
LOOKS = """
    overflow: hidden auto;
    scrollbar-gutter: stable;
    scrollbar-size-vertical: 1;
    scrollbar-background: transparent;
    scrollbar-background-hover: transparent;
    scrollbar-background-active: transparent;
    scrollbar-color: $foreground 15%;
    scrollbar-color-hover: $foreground 30%;
    scrollbar-color-active: $foreground 40%;
    & > .transcript--muted { color: $text-muted; }
    & > .transcript--accent { color: $text-accent; }
    & > .transcript--heading { color: $text-primary; text-style: bold; }
    & > .transcript--link { color: $text-primary; text-style: underline; }
    & > .transcript--line { color: $foreground 30%; }
    & > .transcript--code { color: $text-accent; }
    & > .transcript--block { background: $foreground 5%; }
    & > .transcript--you { color: $text-accent; text-style: bold; }
    & > .transcript--zo { color: $text-primary; text-style: bold; }
    & > .transcript--busy { color: $text-warning; }
    & > .transcript--bad { color: $text-error; text-style: bold; }
    & > .transcript--added { color: $text-success; }
    & > .transcript--removed { color: $text-error; }
    &:ansi > .transcript--muted, &:ansi > .transcript--line { text-style: dim; }
"""
"""What a widget that paints text says of itself in its CSS: its scroll bar, its colours."""
CSS = f"Transcript {{ {LOOKS} }}"


def palette_of(widget: Widget) -> Palette:
    """The palette that the component classes of a widget give in the theme of its app."""
    base = widget.rich_style
    styles = {}
    for name in _NAMES:
        style = widget.get_component_rich_style(f"transcript--{name}")
        styles[name] = Style(
            color=None if name == "block" else style.color,
            bgcolor=style.bgcolor if style.bgcolor != base.bgcolor else None,
            bold=style.bold or None,
            dim=style.dim or None,
            underline=style.underline or None,
        )
    syntax = "github-dark" if widget.app.current_theme.dark else "friendly"
    return Palette(text=base, syntax="" if widget.app.native_ansi_color else syntax, **styles)
