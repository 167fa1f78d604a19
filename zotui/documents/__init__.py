"""Documents: files as what a model can read of them."""

from zotui.documents.length import LONGEST, shortened
from zotui.documents.pasted import attach_paths
from zotui.documents.read import LARGEST, document_text, read, read_bytes

__all__ = ["LARGEST", "LONGEST", "attach_paths", "document_text", "read", "read_bytes", "shortened"]
