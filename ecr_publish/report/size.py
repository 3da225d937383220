"""Sizes and durations in the words of people."""

from __future__ import annotations

from datetime import timedelta


def human(byte_count: int) -> str:
    """`812 B`, `1.4 kB`, `23.0 MB`: powers of 1000, as registries count."""
    if byte_count < 1000:
        return f"{byte_count} B"
    amount = float(byte_count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"


def lasted(span: timedelta) -> str:
    """`0.4s`, `12s`, `3m05s`, `26h00m`."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
