"""What a listing must contain, worked out the slow and obvious way from all the keys."""

from __future__ import annotations


def in_order(keys: list[str]) -> list[str]:
    """The order of listings: by the bytes of UTF-8."""
    return sorted(keys, key=str.encode)


def listed(keys: list[str], prefix: str = "", delimiter: str = "", start_after: str = "") -> list[tuple[str, str]]:
    """The entries of a whole listing in order, each `("key", name)` or `("prefix", name)`.

    A common prefix that `start_after` lies in counts as an entry already seen, as a marker made of it must.
    """
    entries: list[tuple[str, str]] = []
    for key in in_order(keys):
        if not key.startswith(prefix) or key.encode() <= start_after.encode():
            continue
        folder, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        entry = ("prefix", prefix + folder + found) if found else ("key", key)
        if found and start_after.startswith(entry[1]):
            continue
        if entry not in entries[-1:]:
            entries.append(entry)
    return entries
