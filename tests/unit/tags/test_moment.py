"""Moment's format tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ecr_publish.tags.moment import formatted, iso

AT = datetime(2031, 3, 4, 5, 6, 7, 89_012, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("YYYYMMDD", "20310304"),
        ("YYYYMMDDHHmmss", "20310304050607"),
        ("YY.M.D", "31.3.4"),
        ("MMM MMMM Mo MM", "Mar March 3rd 03"),
        ("Do DD DDD DDDo DDDD", "4th 04 63 63rd 063"),
        ("d do dd ddd dddd e E", "2 2nd Tu Tue Tuesday 2 2"),
        ("w wo ww gg gggg", "10 10th 10 31 2031"),
        ("W Wo WW GG GGGG", "10 10th 10 31 2031"),
        ("Q Qo", "1 1st"),
        ("H HH h hh k kk", "5 05 5 05 5 05"),
        ("A a", "AM am"),
        ("m mm s ss", "6 06 7 07"),
        ("S SS SSS SSSS SSSSSS SSSSSSSSS", "0 08 089 0890 089012 089012000"),
        ("Z ZZ z", "+00:00 +0000 UTC"),
        ("X x", "1930367167 1930367167089"),
        ("Hmm Hmmss hmm", "506 50607 506"),
        ("[w]WW", "w10"),
        ("[year] YYYY", "year 2031"),
        (r"\YYYYY", "YYYYY"),
        ("LT", "5:06 AM"),
        ("L", "03/04/2031"),
        ("ll", "Mar 4, 2031"),
        ("YYYYYY YYYYY", "+002031 02031"),
        ("v.J_-", "v.J_-"),
        ("", ""),
    ],
)
def test_a_token_is_what_moment_makes_of_it(pattern: str, text: str):
    assert formatted(AT, pattern) == text


@pytest.mark.parametrize(
    ("hour", "text"), [(0, "12 AM 24"), (11, "11 AM 11"), (12, "12 PM 12"), (13, "1 PM 13"), (23, "11 PM 23")]
)
def test_hours_of_a_clock_with_twelve(hour: int, text: str):
    assert formatted(AT.replace(hour=hour), "h A k") == text


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (datetime(2026, 12, 31, tzinfo=UTC), "2026-W53 2027-1"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-W53 2027-1"),
        (datetime(2027, 1, 3, tzinfo=UTC), "2026-W53 2027-2"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-W1 2027-2"),
    ],
)
def test_weeks_at_the_turn_of_a_year(day: datetime, text: str):
    assert formatted(day, "GGGG-[W]W gggg-w") == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (13, "13th"), (22, "22nd")]
)
def test_ordinals(number: int, text: str):
    assert formatted(AT.replace(day=number), "Do") == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [("UTC", "2031-03-04T05:06:07Z"), ("Asia/Kolkata", "2031-03-04T10:36:07+05:30")],
)
def test_without_a_format_it_is_iso(zone: str, text: str):
    assert iso(AT.astimezone(ZoneInfo(zone))) == text


def test_summer_time_is_of_the_zone():
    july = AT.replace(month=7).astimezone(ZoneInfo("America/New_York"))
    assert formatted(july, "HH Z z") == "01 -04:00 EDT"
