"""Which of many paths a few letters mean."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import islice

from zotui.workspace.walking import Hit

LIKENESS = 65  # of 100, from which on something is taken for meant
WEIGHED = 200  # of what is alike, how many are compared by their whole path
BREAKS = "_-. "


class Listing:
    """Entries, made ready to be compared."""

    def __init__(self, entries: Sequence[Hit]) -> None:
        self.entries = entries

    @cached_property
    def shown(self) -> "Listing":
        """Those that are not hidden, nor in a hidden folder."""
        return Listing([one for one in self.entries if not (one.path.startswith(".") or "/." in one.path)])

    @cached_property
    def shortest(self) -> Sequence[Hit]:
        """The entries, the shortest paths first: of equals, that is the one that is meant."""
        return sorted(self.entries, key=lambda one: len(one.path))

    @cached_property
    def paths(self) -> Sequence[str]:
        """The paths of those in small letters."""
        return [entry.path.lower() for entry in self.shortest]

    @cached_property
    def names(self) -> Sequence[str]:
        """The last part of each."""
        return [path.rstrip("/").rpartition("/")[2] for path in self.paths]


def ranked(words: str, listing: "Listing | Sequence[Hit]", limit: int) -> list[Hit]:
    """The entries that the letters fit best: in the name before in the folders, at its beginning before within; then,
    while there is room, those that are written alike."""
    listing = listing if isinstance(listing, Listing) else Listing(listing)
    wanted = words.strip().lower()
    found = _holding(wanted, listing, limit)
    if len(found) < limit and len(wanted) > 1:
        alike = _alike(wanted, listing, limit + len(found))
        found = list(dict.fromkeys([*found, *alike]))[:limit]
    return [listing.shortest[at] for at in found]


def _holding(wanted: str, listing: Listing, limit: int) -> Sequence[int]:
    """Where the letters stand as they are, the best place first."""
    paths, names = listing.paths, listing.names
    inner = [sign + wanted for sign in BREAKS]
    below = f"/{wanted}"
    places: Sequence[Callable[[int], bool]] = (
        lambda at: names[at] == wanted,
        lambda at: names[at].startswith(wanted),
        lambda at: any(part in names[at] for part in inner),
        lambda at: wanted in names[at],
        lambda at: paths[at].startswith(wanted) or below in paths[at],
        lambda at: True,
    )
    left = [at for at, path in enumerate(paths) if wanted in path]
    found: dict[int, None] = {}
    for fits in places:
        more = (at for at in left if at not in found and fits(at))
        found |= dict.fromkeys(islice(more, limit - len(found)))
    return list(found)


def _alike(wanted: str, listing: Listing, limit: int) -> Sequence[int]:
    """Those whose names are written alike, the likest first; of a path, all of it counts."""
    from rapidfuzz import fuzz, process

    name = wanted.rstrip("/").rpartition("/")[2]
    found = process.extract(
        name,
        listing.names,
        scorer=fuzz.partial_ratio,
        limit=limit if name == wanted else WEIGHED,
        score_cutoff=LIKENESS,
    )
    if name != wanted:
        found.sort(key=lambda hit: -fuzz.ratio(wanted, listing.paths[hit[2]]))
    return [at for _, _, at in found[:limit]]
