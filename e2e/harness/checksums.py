"""The checksums botocore leaves to a compiled helper, computed here from their definitions."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib

CRC32C_REFLECTED_POLYNOMIAL = 0x82F63B78
CRC64NVME_REFLECTED_POLYNOMIAL = 0x9A6C9329AC4BC9B5


@functools.cache
def reflected_table(polynomial: int) -> list[int]:
    """What each byte does to the register."""

    def entry(register: int) -> int:
        for _ in range(8):
            register = (register >> 1) ^ (polynomial if register & 1 else 0)
        return register

    return [entry(byte) for byte in range(256)]


def reflected_crc(data: bytes, polynomial: int, bits: int) -> bytes:
    """A reflected CRC with all bits set before and inverted after, as every CRC of S3 is; big-endian."""
    table = reflected_table(polynomial)
    everything = (1 << bits) - 1
    register = everything
    for byte in data:
        register = (register >> 8) ^ table[(register ^ byte) & 0xFF]
    return (register ^ everything).to_bytes(bits // 8, "big")


def digest(algorithm: str, data: bytes) -> bytes:
    """The checksum of `data` under one of the names S3 gives its algorithms."""
    match algorithm:
        case "CRC32":
            return zlib.crc32(data).to_bytes(4, "big")
        case "CRC32C":
            return reflected_crc(data, CRC32C_REFLECTED_POLYNOMIAL, 32)
        case "CRC64NVME":
            return reflected_crc(data, CRC64NVME_REFLECTED_POLYNOMIAL, 64)
        case "SHA1":
            return hashlib.sha1(data).digest()
        case "SHA256":
            return hashlib.sha256(data).digest()
    raise ValueError(f"not a checksum of S3: {algorithm}")


def checksum(algorithm: str, data: bytes) -> str:
    """The checksum as it stands in a header: Base64."""
    return base64.b64encode(digest(algorithm, data)).decode()
