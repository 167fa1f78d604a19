"""Streaming Markdown to painted lines: ``Pieces`` cuts the text, ``paint`` paints a piece at a width."""

from zotui.tui.markdown.blocks import Block, Blocks, blocks_of
from zotui.tui.markdown.code import coloured
from zotui.tui.markdown.diff import diff_of
from zotui.tui.markdown.growth import left_open
from zotui.tui.markdown.links import Link, links_in
from zotui.tui.markdown.paint import height, margin, markdown_lines, paint
from zotui.tui.markdown.palette import Palette
from zotui.tui.markdown.piece import Code, Piece
from zotui.tui.markdown.pieces import Pieces
from zotui.tui.markdown.words import Line, joint_of, plain

__all__ = [
    "Block",
    "Blocks",
    "Code",
    "Line",
    "Link",
    "Palette",
    "Piece",
    "Pieces",
    "blocks_of",
    "coloured",
    "diff_of",
    "height",
    "joint_of",
    "left_open",
    "links_in",
    "margin",
    "markdown_lines",
    "paint",
    "plain",
]
