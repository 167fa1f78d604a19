"""The mirror of memories as Markdown."""
