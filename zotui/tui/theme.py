"""The house themes, beside the ones that Textual brings. All meet WCAG 2 contrast; a test computes it.

The colour-blind-safe ones take their hues from Okabe and Ito (https://jfly.uni-koeln.de/color/): blue for what went
well, yellow (by day, what is left of it when it is dark enough to read) for a warning and vermillion for an error keep
apart for every kind of colour vision, and no state is told by colour alone anyway.
"""

from dataclasses import replace

from textual.theme import Theme


def _theme(name: str, dark: bool, grounds: tuple[str, str, str], inks: dict[str, str]) -> Theme:
    """A theme of a background, a surface, a panel, and the colours of what is on them."""
    background, surface, panel = grounds
    return Theme(name=name, dark=dark, background=background, surface=surface, panel=panel, **inks)  # type: ignore[arg-type]


def _apart(theme: Theme) -> Theme:
    """A theme whose states are painted as they are: Textual would tint them towards each other."""
    states = {f"text-{name}": str(getattr(theme, name)) for name in ("success", "warning", "error")}
    return replace(theme, variables=states)


NIGHT = _theme(
    "zotui-night",
    True,
    ("#14161b", "#1a1d24", "#20242d"),
    {
        "primary": "#7aa2d6", "secondary": "#8f9bb3", "accent": "#8cc4a4", "warning": "#e0b070", "error": "#e08080",
        "success": "#8cc48c", "foreground": "#d6d9e0",
    },
)  # fmt: skip
DAY = _theme(
    "zotui-day",
    False,
    ("#fbfaf7", "#f3f1ec", "#eae7e0"),
    {
        "primary": "#2f5f9e", "secondary": "#566074", "accent": "#2d7350", "warning": "#8a5a00", "error": "#a83232",
        "success": "#2d7350", "foreground": "#20242d",
    },
)  # fmt: skip
CONTRAST_DARK = _theme(
    "zotui-contrast-dark",
    True,
    ("#000000", "#000000", "#101010"),
    {
        "primary": "#8ecbff", "secondary": "#d0d0d0", "accent": "#7dffb0", "warning": "#ffd75f", "error": "#ff9d9d",
        "success": "#8dff8d", "foreground": "#ffffff",
    },
)  # fmt: skip
CONTRAST_LIGHT = _theme(
    "zotui-contrast-light",
    False,
    ("#ffffff", "#ffffff", "#f4f4f4"),
    {
        "primary": "#003a80", "secondary": "#303030", "accent": "#004d26", "warning": "#5c3600", "error": "#7a0000",
        "success": "#004d00", "foreground": "#000000",
    },
)  # fmt: skip
SAFE_DARK = _apart(
    _theme(
        "zotui-safe-dark",
        True,
        ("#101418", "#161b20", "#1e242b"),
        {
            "primary": "#56b4e9", "secondary": "#a8b2bd", "accent": "#d9a5c7", "warning": "#f0e442", "error": "#e07b39",
            "success": "#56b4e9", "foreground": "#e2e6ea",
        },
    )
)  # fmt: skip
SAFE_LIGHT = _apart(
    _theme(
        "zotui-safe-light",
        False,
        ("#fcfcfa", "#f4f4f0", "#ebebe6"),
        {
            "primary": "#0069a5", "secondary": "#55606b", "accent": "#7a3a66", "warning": "#3f3000", "error": "#b04a00",
            "success": "#0069a5", "foreground": "#1c2126",
        },
    )
)  # fmt: skip
EMBER = _theme(
    "zotui-ember",
    True,
    ("#1b1512", "#221b17", "#2a221d"),
    {
        "primary": "#e0a878", "secondary": "#b5a494", "accent": "#d6b98c", "warning": "#e8c15a", "error": "#e88b74",
        "success": "#b5c98a", "foreground": "#e6dacd",
    },
)  # fmt: skip
PAPER = _theme(
    "zotui-paper",
    False,
    ("#f4ecd8", "#ece3cc", "#e3d9bf"),
    {
        "primary": "#7a3e12", "secondary": "#5f5440", "accent": "#2f5d3a", "warning": "#7a4a00", "error": "#8f2b22",
        "success": "#2f5d3a", "foreground": "#33291b",
    },
)  # fmt: skip

THEMES = (NIGHT, DAY, CONTRAST_DARK, CONTRAST_LIGHT, SAFE_DARK, SAFE_LIGHT, EMBER, PAPER)
AUTO = "auto"


def by_background(dark: bool) -> str:
    """The theme that follows a terminal's background."""
    return (NIGHT if dark else DAY).name


def is_of_high_contrast(theme: str) -> bool:
    """Whether a theme is for those who need more contrast than most."""
    return theme in (CONTRAST_DARK.name, CONTRAST_LIGHT.name)
