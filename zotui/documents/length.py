"""How much of a file's text goes along."""

LONGEST = 60_000  # characters of it
_SAYING = 100  # characters that are kept for saying what is left out


def shortened(text: str) -> str:
    """The beginning of a text, with a last line that says how much is left out and of how much."""
    if len(text) <= LONGEST:
        return text
    kept = LONGEST - _SAYING
    return f"{text[:kept]}\n[{len(text) - kept:,} of {len(text):,} characters are left out]"
