"""Sizes and durations for people."""

from __future__ import annotations

from datetime import timedelta


def human(byte_count: int) -> str:
    """`1.5 MB`: decimal units, as registries and disks count."""
    size, unit = float(byte_count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def lasted(duration: timedelta) -> str:
    """`0.4s`, `12s`, `3m05s`, `2h00m`."""
    seconds = duration.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"
