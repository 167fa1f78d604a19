"""How much a command may use of this machine."""

from typing import Annotated

from msgspec import Meta, Struct

MB = 1_000_000
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Megabytes = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """``[sandbox] limits``. Memory is that of all processes together and of each alone; ``disk_mb`` what may be written
    in one run, ``file_mb`` into one file, ``tmp_mb`` into each of /tmp, /dev/shm and the home within."""

    memory_mb: Megabytes = 4_000
    processes: Count = 512
    open_files: Count = 4_096
    file_mb: Megabytes = 2_000
    disk_mb: Megabytes = 4_000
    tmp_mb: Megabytes = 1_000
    output_mb: Megabytes = 200
