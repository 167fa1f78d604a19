"""Units and time zones, exact: fractions for units, the zone database for times."""

import re
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo, available_timezones

# What one of each is in the first unit of its kind. Names are of any case, unless two differ by case alone.
KINDS: dict[str, dict[str, str]] = {
    "length": {
        "m metre meter metres meters": "1",
        "km kilometre kilometer kilometres kilometers": "1000",
        "cm centimetre centimeter centimetres centimeters": "0.01",
        "mm millimetre millimeter millimetres millimeters": "0.001",
        "in inch inches": "0.0254",
        "ft foot feet": "0.3048",
        "yd yard yards": "0.9144",
        "mi mile miles": "1609.344",
        "nmi": "1852",
    },
    "weight": {
        "g gram grams": "1",
        "kg kilo kilos kilogram kilograms": "1000",
        "mg milligram milligrams": "0.001",
        "t tonne tonnes": "1000000",
        "lb lbs pound pounds": "453.59237",
        "oz ounce ounces": "28.349523125",
        "stone st": "6350.29318",
    },
    "volume": {
        "l litre liter litres liters": "1",
        "ml millilitre milliliter millilitres milliliters": "0.001",
        "cl": "0.01",
        "dl": "0.1",
        "m3 m³": "1000",
        "tsp teaspoon teaspoons": "0.00492892159375",
        "tbsp tablespoon tablespoons": "0.01478676478125",
        "floz": "0.0295735295625",
        "cup cups": "0.2365882365",
        "pint pints pt": "0.473176473",
        "quart quarts qt": "0.946352946",
        "gal gallon gallons": "3.785411784",
    },
    "area": {
        "m2 m²": "1",
        "km2 km²": "1000000",
        "ha hectare hectares": "10000",
        "ft2 sqft": "0.09290304",
        "acre acres": "4046.8564224",
        "mi2": "2589988.110336",
    },
    "speed": {
        "m/s": "1",
        "km/h kmh kph": "5/18",
        "mph": "0.44704",
        "kn knot knots": "463/900",
        "ft/s": "0.3048",
    },
    "time": {
        "s sec second seconds": "1",
        "ms millisecond milliseconds": "0.001",
        "min minute minutes": "60",
        "h hour hours": "3600",
        "d day days": "86400",
        "week weeks": "604800",
    },
    "energy": {"J joule joules": "1", "kJ": "1000", "kcal": "4184", "cal": "4.184", "Wh": "3600", "kWh": "3600000"},
    "pressure": {"Pa": "1", "kPa": "1000", "hPa mbar": "100", "bar": "100000", "atm": "101325"},
    "data": {
        "B byte bytes": "8",
        "bit bits": "1",
        **{f"{p}B": str(8 * 1000**n) for n, p in enumerate(("k", "M", "G", "T", "P"), 1)},
        **{f"{p}iB": str(8 * 1024**n) for n, p in enumerate(("K", "M", "G", "T", "P"), 1)},
        **{f"{p}bit {p}b": str(1000**n) for n, p in enumerate(("k", "M", "G", "T"), 1)},
    },
}
# scale and offset to kelvin
TEMPERATURES = {
    "k": (Fraction(1), Fraction(0)),
    "c": (Fraction(1), Fraction("273.15")),
    "f": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
# a distance for a volume, or a volume for a distance: km per litre, or litres per 100 km
FUEL = {"l/100km": None, "km/l": Fraction(1), "mpg": Fraction("1.609344") / Fraction("3.785411784")}
UNITS = {
    name: (kind, Fraction(size))
    for kind, units in KINDS.items()
    for names, size in units.items()
    for name in names.split()
}
FOLDED: dict[str, set[str]] = {}
for _name in UNITS:
    FOLDED.setdefault(_name.casefold(), set()).add(_name)

ASKED = re.compile(r"\s*(?P<number>[-+]?[\d.,_/]+)\s*(?P<source>\S.*?)\s+(?:in|to|as|into)\s+(?P<target>.+?)\s*\??\s*")
TIMED = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d\d-\d\d)[T\s]+)?(?P<hour>\d{1,2})(?=:|\s*[ap]m\b)(?::(?P<minute>\d\d))?\s*(?P<half>am|pm)?\s+"
    r"(?:in\s+)?(?P<source>[A-Za-z_][\w/+ -]*?)\s+(?:in|to)\s+(?P<target>[A-Za-z_][\w/+ -]*?)\s*\??\s*",
    re.IGNORECASE,
)
NOW = re.compile(r"\s*now\s+(?:in|to)\s+(.+?)\s*\??\s*", re.IGNORECASE)


def run(request: str) -> str:
    """Convert as asked: "5 ft in cm", "70 f to c", "3pm Oslo in Tokyo", "now in Tokyo".

    Returns one line. Raises ValueError for what it cannot read and for units and places it does not know.
    """
    if len(request) > 200:
        raise ValueError('the request is too long; ask as in "5 ft in cm"')
    if asked := NOW.fullmatch(request):
        zone = _zone(asked[1])
        return f"{datetime.now(zone):%Y-%m-%d %H:%M %Z} in {zone.key}"
    if asked := ASKED.fullmatch(request):
        source, target = _unit(asked["source"]), _unit(asked["target"])
        if source and target:
            return _units(asked["number"], source, target)
    if timed := TIMED.fullmatch(request):
        return _time(timed)
    if asked:
        unknown = asked["target"] if _unit(asked["source"]) else asked["source"]
        raise ValueError(
            f"{_shown(unknown)} is no unit that convert knows; units look like cm, lb, cups, km/h, GiB, l/100km"
        )
    raise ValueError('ask as in "5 ft in cm" or "3pm Oslo in Tokyo"')


def _unit(name: str) -> str | None:
    name = re.sub(r"^(degrees?|deg|°)\s*", "", name.strip(), flags=re.IGNORECASE)
    name = {"celsius": "c", "fahrenheit": "f", "kelvin": "k", "fl oz": "floz"}.get(name.casefold(), name)
    folded = name.casefold()
    if folded in TEMPERATURES or folded in FUEL:
        return folded
    if name in UNITS:
        return name
    same = FOLDED.get(folded, set())
    return next(iter(same)) if len(same) == 1 else None


def _units(number: str, source: str, target: str) -> str:
    amount = _number(number)
    if source in TEMPERATURES and target in TEMPERATURES:
        (scale, offset), (to_scale, to_offset) = TEMPERATURES[source], TEMPERATURES[target]
        kelvin = amount * scale + offset
        if kelvin < 0:
            raise ValueError(f"{number} {source} is below absolute zero")
        result = (kelvin - to_offset) / to_scale
    elif source in FUEL and target in FUEL:
        if amount <= 0:
            raise ValueError("a fuel economy is more than 0")
        in_km, out_km = FUEL[source], FUEL[target]
        economy = 100 / amount if in_km is None else amount * in_km
        result = 100 / economy if out_km is None else economy / out_km
    else:
        kinds = [
            UNITS[name][0] if name in UNITS else "fuel" if name in FUEL else "temperature" for name in (source, target)
        ]
        if kinds[0] != kinds[1]:
            raise ValueError(f"{source} is a {kinds[0]} and {target} a {kinds[1]}; they do not convert")
        result = amount * UNITS[source][1] / UNITS[target][1]
    shown, exact = _decimal(result)
    return f"{number} {source} {'=' if exact else '≈'} {shown} {target}"


def _number(text: str) -> Fraction:
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    try:
        return Fraction(plain.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{_shown(text)} is no number; write 1.5 or 3/4") from None


def _decimal(value: Fraction) -> tuple[str, bool]:
    """The value as a decimal, and whether that is all of it: no more than ten digits after the first that counts."""
    places = 10
    while value and abs(value) * 10**places < 10**6 and places < 40:
        places += 1
    whole = round(value * 10**places)
    digits = f"{abs(whole):0{places + 1}d}"
    shown = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return ("-" if whole < 0 else "") + shown, Fraction(whole, 10**places) == value


def _time(timed: re.Match[str]) -> str:
    source, target = _zone(timed["source"]), _zone(timed["target"])
    hour, minute = int(timed["hour"]), int(timed["minute"] or 0)
    if half := (timed["half"] or "").lower():
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour}{half} is no time; hours with am and pm are 1 to 12")
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        day = datetime.fromisoformat(timed["date"]) if timed["date"] else datetime.now(source)
        there = day.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=source)
        other = there.astimezone(target)
        back = there.astimezone(UTC).astimezone(source)
    except (ValueError, OverflowError):
        raise ValueError("that is no date and time; write 2026-07-01 15:30") from None
    line = f"{there:%Y-%m-%d %H:%M} {source.key} = {other:%Y-%m-%d %H:%M %Z} {target.key}"
    if back.replace(tzinfo=None) != there.replace(tzinfo=None):
        return line + " (clocks skip that time there)"
    if there.utcoffset() != there.replace(fold=1).utcoffset():
        return line + " (clocks show that time twice there; this is the first)"
    return line


def _zone(name: str) -> ZoneInfo:
    wanted = name.strip().replace(" ", "_").casefold()
    zones = sorted(available_timezones())
    if not zones:
        raise ValueError("this machine has no time zone database; install tzdata")
    exact = [zone for zone in zones if zone.casefold() == wanted]
    ends = [zone for zone in zones if zone.rpartition("/")[2].casefold() == wanted and not zone.startswith("posix")]
    if not (found := exact or ends):
        near = [zone for zone in zones if len(wanted) > 2 and wanted in zone.casefold()][:3]
        raise ValueError(
            f"{_shown(name)} is no place of the zone database; "
            + (f"near: {', '.join(near)}" if near else "try a city like Tokyo")
        )
    return ZoneInfo(found[0])


def _shown(text: str) -> str:
    return repr("".join(letter if letter.isprintable() else " " for letter in text)[:40])
