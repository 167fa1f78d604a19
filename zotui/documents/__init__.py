"""Documents: files as what a model can read of them."""

from zotui.documents.pasted import attach_paths
from zotui.documents.read import LARGEST, LONGEST, read, read_bytes

__all__ = ["LARGEST", "LONGEST", "attach_paths", "read", "read_bytes"]
