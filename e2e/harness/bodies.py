"""Bytes to upload: different for every seed, the same in every run, and files of them that need no memory."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


def body(seed: int | str, size: int) -> bytes:
    """`size` bytes that do not repeat, so that a misplaced block never goes unseen."""
    return random.Random(seed).randbytes(size)


def write_file(path: Path, seed: int, size: int) -> str:
    """Writes such bytes to `path`, one MiB at a time, and returns their SHA-256 in hex."""
    source = random.Random(seed)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for offset in range(0, size, MIB):
            block = source.randbytes(min(MIB, size - offset))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
