"""The house theme, calm on dark and light, beside the ones that Textual brings."""

from textual.theme import Theme

NIGHT = Theme(
    name="zotui-night",
    primary="#7aa2d6",
    secondary="#8f9bb3",
    accent="#8cc4a4",
    warning="#e0b070",
    error="#e08080",
    success="#8cc48c",
    foreground="#d6d9e0",
    background="#14161b",
    surface="#1a1d24",
    panel="#20242d",
    dark=True,
)

DAY = Theme(
    name="zotui-day",
    primary="#2f5f9e",
    secondary="#5f6b80",
    accent="#2d7350",
    warning="#8a5a00",
    error="#a83232",
    success="#2d7350",
    foreground="#20242d",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#eae7e0",
    dark=False,
)

THEMES = (NIGHT, DAY)
