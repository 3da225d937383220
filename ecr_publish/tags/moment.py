"""Dates in Moment's format tokens (`YYYYMMDD-HHmmss`), in English, weeks as Moment's default locale counts them.

Source: momentjs.com/docs, "Displaying, Format". Text in [brackets] stands for itself, as does every other character.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import MappingProxyType

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
_LONG = MappingProxyType(
    {
        "LTS": "h:mm:ss A",
        "LT": "h:mm A",
        "LLLL": "dddd, MMMM D, YYYY h:mm A",
        "LLL": "MMMM D, YYYY h:mm A",
        "LL": "MMMM D, YYYY",
        "L": "MM/DD/YYYY",
        "llll": "ddd, MMM D, YYYY h:mm A",
        "lll": "MMM D, YYYY h:mm A",
        "ll": "MMM D, YYYY",
        "l": "M/D/YYYY",
    }
)
_ISO = "YYYY-MM-DDTHH:mm:ss"


def formatted(instant: datetime, pattern: str) -> str:
    """The aware `instant` (already in the zone that is meant) in Moment's tokens."""
    whole = _LONG_TOKEN.sub(lambda match: _LONG.get(match[0], match[0]), pattern)
    return _TOKEN.sub(lambda match: _text(instant, match[0]), whole)


def iso(instant: datetime) -> str:
    """What Moment gives without a format: `2020-01-10T00:30:00Z`, elsewhere `…+09:00`."""
    return formatted(instant, _ISO + ("Z" if _offset(instant) else "[Z]"))


def _text(instant: datetime, token: str) -> str:
    if token.startswith("["):
        return token[1:-1]
    if token.startswith("\\"):
        return token[1:]
    if token.startswith("S"):
        return f"{instant.microsecond:06d}000"[: len(token)]
    return _TOKENS[token](instant) if token in _TOKENS else token


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _offset(instant: datetime) -> timedelta:
    return instant.utcoffset() or timedelta()


def _zone(instant: datetime, between: str) -> str:
    minutes = round(_offset(instant).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{between}{abs(minutes) % 60:02d}"


def _twelve(instant: datetime) -> int:
    return instant.hour % 12 or 12


def _weekday(instant: date) -> int:
    """0 is Sunday."""
    return instant.isoweekday() % 7


def _day_of_year(instant: date) -> int:
    return instant.timetuple().tm_yday


def _week(instant: datetime) -> tuple[int, int]:
    """(year, week) where a week begins on Sunday and that of 1 January is the first."""
    saturday = instant.date() + timedelta(days=6 - _weekday(instant))
    return saturday.year, (_day_of_year(saturday) + 6) // 7


_TOKENS: MappingProxyType[str, Callable[[datetime], str]] = MappingProxyType(
    {
        "M": lambda at: str(at.month),
        "Mo": lambda at: _ordinal(at.month),
        "MM": lambda at: f"{at.month:02d}",
        "MMM": lambda at: _MONTHS[at.month - 1][:3],
        "MMMM": lambda at: _MONTHS[at.month - 1],
        "Q": lambda at: str((at.month + 2) // 3),
        "Qo": lambda at: _ordinal((at.month + 2) // 3),
        "D": lambda at: str(at.day),
        "Do": lambda at: _ordinal(at.day),
        "DD": lambda at: f"{at.day:02d}",
        "DDD": lambda at: str(_day_of_year(at)),
        "DDDo": lambda at: _ordinal(_day_of_year(at)),
        "DDDD": lambda at: f"{_day_of_year(at):03d}",
        "d": lambda at: str(_weekday(at)),
        "do": lambda at: _ordinal(_weekday(at)),
        "dd": lambda at: _DAYS[_weekday(at)][:2],
        "ddd": lambda at: _DAYS[_weekday(at)][:3],
        "dddd": lambda at: _DAYS[_weekday(at)],
        "e": lambda at: str(_weekday(at)),
        "E": lambda at: str(at.isoweekday()),
        "w": lambda at: str(_week(at)[1]),
        "wo": lambda at: _ordinal(_week(at)[1]),
        "ww": lambda at: f"{_week(at)[1]:02d}",
        "W": lambda at: str(at.isocalendar().week),
        "Wo": lambda at: _ordinal(at.isocalendar().week),
        "WW": lambda at: f"{at.isocalendar().week:02d}",
        "YY": lambda at: f"{at.year % 100:02d}",
        "YYYY": lambda at: f"{at.year:04d}",
        "YYYYY": lambda at: f"{at.year:05d}",
        "YYYYYY": lambda at: f"+{at.year:06d}",
        "y": lambda at: str(at.year),
        "yo": lambda at: _ordinal(at.year),
        "yy": lambda at: str(at.year),
        "yyy": lambda at: str(at.year),
        "yyyy": lambda at: f"{at.year:04d}",
        **dict.fromkeys(("N", "NN", "NNN", "NNNNN"), lambda at: "AD"),
        "NNNN": lambda at: "Anno Domini",
        "gg": lambda at: f"{_week(at)[0] % 100:02d}",
        "gggg": lambda at: f"{_week(at)[0]:04d}",
        "GG": lambda at: f"{at.isocalendar().year % 100:02d}",
        "GGGG": lambda at: f"{at.isocalendar().year:04d}",
        "A": lambda at: "AM" if at.hour < 12 else "PM",
        "a": lambda at: "am" if at.hour < 12 else "pm",
        "H": lambda at: str(at.hour),
        "HH": lambda at: f"{at.hour:02d}",
        "Hmm": lambda at: f"{at.hour}{at.minute:02d}",
        "Hmmss": lambda at: f"{at.hour}{at.minute:02d}{at.second:02d}",
        "h": lambda at: str(_twelve(at)),
        "hh": lambda at: f"{_twelve(at):02d}",
        "hmm": lambda at: f"{_twelve(at)}{at.minute:02d}",
        "hmmss": lambda at: f"{_twelve(at)}{at.minute:02d}{at.second:02d}",
        "k": lambda at: str(at.hour or 24),
        "kk": lambda at: f"{at.hour or 24:02d}",
        "m": lambda at: str(at.minute),
        "mm": lambda at: f"{at.minute:02d}",
        "s": lambda at: str(at.second),
        "ss": lambda at: f"{at.second:02d}",
        "Z": lambda at: _zone(at, ":"),
        "ZZ": lambda at: _zone(at, ""),
        "z": lambda at: at.tzname() or "",
        "zz": lambda at: at.tzname() or "",
        "X": lambda at: str(int(at.timestamp())),
        "x": lambda at: str(int(at.timestamp()) * 1000 + at.microsecond // 1000),
    }
)
_BRACKETS = r"\[[^\[]*\]"
_LONG_TOKEN = re.compile(rf"{_BRACKETS}|\\?(?:LTS|LT|LL?L?L?|l{{1,4}})")
# `YYYYMMDDHHmmss` is read from the left, the longest token first, as Moment does
_TOKEN = re.compile(rf"{_BRACKETS}|\\?(?:S{{1,9}}|{'|'.join(sorted(_TOKENS, key=len, reverse=True))}|.)", re.DOTALL)
