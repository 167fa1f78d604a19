"""A table of text, read once from its first row to its last: what memory it takes does not grow with the file."""

import csv
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

KEPT = 1000  # different values counted for one column, and groups
POINTS = 5000  # drawn in one plot, chosen evenly by chance
DELIMITERS = ",;\t|"
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}
CONDITION = re.compile(r"\s*(.+?)\s*(>=|<=|!=|=|>|<|~)\s*(.*?)\s*")
MISSING = {"", "na", "n/a", "nan", "null", "none", "-"}


class Column:
    """What is known of one column so far."""

    def __init__(self) -> None:
        self.missing = self.numbers = self.texts = self.dates = 0
        self.low, self.high, self.mean, self.squares = math.inf, -math.inf, 0.0, 0.0
        self.top: Counter[str] = Counter()
        self.more = False

    def add(self, text: str) -> None:
        """Count one value in."""
        if text.strip().lower() in MISSING:
            self.missing += 1
            return
        if (number := _number(text)) is not None:
            self.numbers += 1
            self.low, self.high = min(self.low, number), max(self.high, number)
            step = number - self.mean
            self.mean += step / self.numbers
            self.squares += step * (number - self.mean)
        else:
            self.texts += 1
            self.dates += bool(re.match(r"\d{4}-\d\d-\d\d", text))
        value = text[:60]
        if value in self.top or len(self.top) < KEPT:
            self.top[value] += 1
        else:
            self.more = True

    def line(self) -> str:
        """Its type, what is missing, and its numbers or most frequent values."""
        missing = f", {self.missing} missing" if self.missing else ""
        if not self.numbers and not self.texts:
            return "empty"
        if self.numbers and not self.texts:
            spread = math.sqrt(self.squares / (self.numbers - 1)) if self.numbers > 1 else 0.0
            return f"number{missing}; min {self.low:g}, mean {self.mean:g}, max {self.high:g}, deviation {spread:g}"
        kind = "date" if self.dates == self.texts and not self.numbers else "mixed" if self.numbers else "text"
        top = ", ".join(f"{_plain(value)} ({count})" for value, count in self.top.most_common(3))
        return f"{kind}{missing}; {f'more than {KEPT}' if self.more else len(self.top)} different; top {top}"


def run(
    file: str, where: str = "", group: str = "", value: str = "", x: str = "", plot: str = "", width: int = 60
) -> str:
    """Describe a CSV file; with ``group``, its groups; with ``plot`` (histogram, line, scatter), a picture.

    ``where`` keeps rows ("price > 10 and city = Oslo"), ``value`` and ``x`` are columns of numbers, ``width`` is in
    columns of the terminal. Raises ValueError for a file, column or condition that cannot be read.
    """
    if plot not in ("", "histogram", "line", "scatter"):
        raise ValueError("plot is histogram, line or scatter")
    if (plot and not value) or (plot == "scatter" and not x):
        raise ValueError(f"a {plot} needs value" + (" and x" if plot == "scatter" else "") + ", names of columns")
    csv.field_size_limit(16 * 1024 * 1024)
    path = Path(file)
    try:
        encoding, delimiter = _sniffed(path)
        with path.open(encoding=encoding, errors="replace", newline="") as lines:
            rows = csv.reader((line.replace("\0", "") for line in lines), delimiter=delimiter)
            names = [name.strip() for name in next(rows, [])]
            if not names:
                raise ValueError(f"{file} is empty")
            kept = _kept(rows, names, where)
            if plot:
                return _plotted(kept, plot, _at(names, value), _at(names, x) if x else -1, max(20, min(width, 200)))
            if group:
                return _grouped(kept, _at(names, group), _at(names, value) if value else -1)
            return _described(kept, names, f"{encoding}, delimiter {delimiter!r}")
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}; name a file of the workspace") from None
    except csv.Error as error:
        raise ValueError(f"{file} is no CSV: {error}") from None


def _sniffed(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        head = file.read(65536)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        try:
            head[: head.rfind(b"\n") + 1 or None].decode()
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "cp1252"
    lines = [re.sub(r'"[^"]*"', "", line) for line in head.decode(encoding, "replace").splitlines()[:20] if line]

    def fit(delimiter: str) -> tuple[bool, int]:
        counts = [line.count(delimiter) for line in lines[:-1] or lines]
        return bool(counts) and min(counts) == max(counts) > 0, min(counts, default=0)

    return encoding, max(DELIMITERS, key=fit)


def _kept(rows: Iterator[list[str]], names: list[str], where: str) -> Iterator[list[str]]:
    tests = []
    for part in re.split(r"\s+and\s+", where) if where.strip() else []:
        if not (found := CONDITION.fullmatch(part)):
            raise ValueError(f"{part!r} is no condition; write price > 10, city = Oslo or name ~ ann")
        if found[2] in OPERATORS and _number(found[3]) is None:
            raise ValueError(f"{found[3]!r} in where is no number")
        tests.append((_at(names, found[1]), found[2], found[3].strip("'\"")))
    wide = len(names)
    return (
        row
        for row in ((row + [""] * (wide - len(row))) for row in rows if row)
        if all(_holds(row[at], how, what) for at, how, what in tests)
    )


def _holds(text: str, how: str, wanted: str) -> bool:
    if how == "~":
        return wanted.lower() in text.lower()
    number, other = _number(text), _number(wanted)
    if how in ("=", "!="):
        same = text.strip() == wanted or (number is not None and number == other)
        return same == (how == "=")
    return number is not None and other is not None and OPERATORS[how](number, other)


def _at(names: list[str], name: str) -> int:
    folded = [known.lower() for known in names]
    if name.strip().lower() not in folded:
        raise ValueError(f"no column {name.strip()!r}; there are {', '.join(map(_plain, names[:30]))}")
    return folded.index(name.strip().lower())


def _described(rows: Iterator[list[str]], names: list[str], how: str) -> str:
    columns = [Column() for _ in names]
    count = odd = 0
    for row in rows:
        count += 1
        odd += len(row) > len(names)
        for column, text in zip(columns, row, strict=False):
            column.add(text)
    lines = [
        f"{count} rows, {len(names)} columns ({how})" + (f"; {odd} rows have more fields than columns" if odd else "")
    ]
    lines += [
        f"{_plain(name) or '(no name)'}: {column.line()}"
        for name, column in list(zip(names, columns, strict=True))[:100]
    ]
    return "\n".join(lines + (["(the first 100 columns)"] if len(names) > 100 else []))


def _grouped(rows: Iterator[list[str]], by: int, value: int) -> str:
    groups: dict[str, Column] = {}
    counts: Counter[str] = Counter()
    left = 0
    for row in rows:
        key = row[by][:60]
        if key not in groups and len(groups) >= KEPT:
            left += 1
            continue
        counts[key] += 1
        column = groups.setdefault(key, Column())
        if value >= 0 and (number := _number(row[value])) is not None:
            column.numbers += 1
            column.mean += (number - column.mean) / column.numbers
    lines = [f"{len(groups)} groups" + (f"; {left} rows of further groups left out" if left else "")]
    for key, count in counts.most_common(40):
        group = groups[key]
        mean = f", mean {group.mean:g}, sum {group.mean * group.numbers:g}" if group.numbers else ""
        lines.append(f"{_plain(key) or '(empty)'}: {count}{mean}")
    return "\n".join(lines)


def _plotted(rows: Iterator[list[str]], plot: str, value: int, x: int, width: int) -> str:
    chosen: list[tuple[float, float]] = []
    chance, seen = random.Random(0), 0
    for at, row in enumerate(rows, 1):
        y, across = _number(row[value]), float(at) if plot != "scatter" else _number(row[x])
        if y is None or across is None:
            continue
        seen += 1
        if len(chosen) < POINTS:
            chosen.append((across, y))
        elif (place := chance.randrange(seen)) < POINTS:
            chosen[place] = (across, y)
    if not chosen:
        raise ValueError("no numbers to draw; look at the columns first, without plot")
    left = f" ({POINTS} of {seen} drawn)" if seen > POINTS else ""
    return (_bars([y for _, y in chosen], width) if plot == "histogram" else _dots(chosen, width)) + left


def _bars(values: list[float], width: int) -> str:
    low, high = min(values), max(values)
    bins = min(12, max(1, len(set(values))))
    step = (high - low) / bins or 1.0
    counts = Counter(min(bins - 1, int((value - low) / step)) for value in values)
    most = max(counts.values())
    room = max(5, width - 20)
    return "\n".join(
        f"{low + at * step:>10.4g} {'█' * math.ceil(room * counts[at] / most)} {counts[at]}" for at in range(bins)
    )


def _dots(points: list[tuple[float, float]], width: int) -> str:
    columns, lines = width - 11, 12
    (left, right), (low, high) = ((min(side), max(side)) for side in zip(*points, strict=True))
    cells = [[0] * columns for _ in range(lines)]
    for x, y in points:
        across = round((x - left) / ((right - left) or 1) * (columns * 2 - 1))
        down = round((high - y) / ((high - low) or 1) * (lines * 4 - 1))
        bit = ((0, 1, 2, 6), (3, 4, 5, 7))[across % 2][down % 4]  # the dots of braille, by column and row
        cells[down // 4][across // 2] |= 1 << bit
    labels = {0: f"{high:.4g}", lines - 1: f"{low:.4g}"}
    drawn = [
        f"{labels.get(at, ''):>10} " + "".join(chr(0x2800 + cell) for cell in line) for at, line in enumerate(cells)
    ]
    return "\n".join([*drawn, f"{'':>11}{left:<.4g}{right:>{max(1, columns - len(f'{left:.4g}'))}.4g}"])


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:60]
