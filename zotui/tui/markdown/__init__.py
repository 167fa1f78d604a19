"""Streaming Markdown to painted lines: ``Pieces`` cuts the text, ``paint`` paints a piece at a width."""

from zotui.tui.markdown.paint import height, markdown_lines, paint
from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Piece
from zotui.tui.markdown.pieces import Pieces
from zotui.tui.markdown.words import Line, plain

__all__ = ["Line", "Palette", "Piece", "Pieces", "height", "markdown_lines", "paint", "plain"]
