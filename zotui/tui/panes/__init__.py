"""The panes of the desk."""
