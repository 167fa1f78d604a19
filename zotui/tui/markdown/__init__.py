"""Streaming Markdown to painted lines: ``Pieces`` cuts the text, ``paint`` paints a piece at a width."""

from zotui.tui.markdown.blocks import Block, blocks_of
from zotui.tui.markdown.diff import diff_lines, diff_of
from zotui.tui.markdown.paint import height, markdown_lines, paint
from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Piece
from zotui.tui.markdown.pieces import Pieces
from zotui.tui.markdown.words import Line, plain

__all__ = [
    "Block",
    "Line",
    "Palette",
    "Piece",
    "Pieces",
    "blocks_of",
    "diff_lines",
    "diff_of",
    "height",
    "markdown_lines",
    "paint",
    "plain",
]
