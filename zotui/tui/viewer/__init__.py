"""The viewer of files: each kind as what it is, by pages."""

from zotui.tui.viewer.viewer import Viewer

__all__ = ["Viewer"]
