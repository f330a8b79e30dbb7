"""The same tour of the everyday operations with every other SDK; what they see must be the same to the letter."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import requests
from botocore.client import BaseClient

from conftest import E2E_DIRECTORY
from harness.bodies import MIB, write_file
from harness.commands import isolated_environment
from harness.listing_model import in_order
from harness.sdks import Sdk, all_sdks
from harness.server import CairnServer

KEYS = [
    "plain",
    " a b ",
    "a+b%20c",
    "<&>\"'&amp;",
    "]]>",
    "ü ✓ 🙂",
    "日本語",
    "(a)!'*~",
    "q?x=1&y#f",
]
DIGITS = {"type": "text/x-digits", "cache": "no-cache", "length": 10, "metadata": {"colour": "green"}}
REFUSALS = {
    "missingKey": {"code": "NoSuchKey", "status": 404},
    "failedMatch": {"code": "PreconditionFailed", "status": 412},
    "notEmpty": {"code": "BucketNotEmpty", "status": 409},
    "missingBucket": {"code": "NoSuchBucket", "status": 404},
}
# What an answer without a body is called differs from SDK to SDK.
BODILESS_REFUSALS = {"missingHead": 404, "notModified": 304}
LEFT = ["copy", "described", "large", "replaced", "tree/leaf", "tree/left/leaf", "tree/right/leaf"]


@pytest.mark.parametrize("sdk", all_sdks(E2E_DIRECTORY), ids=lambda sdk: sdk.name.replace(" ", "-"))
def test_an_sdk_takes_the_tour(sdk: Sdk, cairn: CairnServer, s3: BaseClient, bucket_name: str, tmp_path: Path) -> None:
    linked = "link to ü+1.txt"
    sha256 = write_file(tmp_path / "large", 12, 12 * MIB + 345)
    seen = sdk.tour(
        cairn,
        isolated_environment(tmp_path),
        BUCKET=bucket_name,
        KEYS=json.dumps(KEYS),
        FILE=str(tmp_path / "large"),
        LINKED=linked,
    )
    links = seen.pop("links")
    refusals = seen.pop("refusals")
    assert {name: refusals.pop(name)["status"] for name in BODILESS_REFUSALS} == BODILESS_REFUSALS
    assert refusals == REFUSALS
    assert seen == {
        "bodies": [f"body of {key}" for key in KEYS],
        "listed": {"keys": in_order(KEYS), "prefixes": [], "pages": 3},
        "tree": {"keys": ["tree/leaf"], "prefixes": ["tree/left/", "tree/right/"], "pages": 1},
        "etag": f'"{hashlib.md5(b"0123456789").hexdigest()}"',
        "head": DIGITS,
        "range": {"body": "789", "range": "bytes 7-9/10"},
        "copy": {"body": "0123456789", "head": DIGITS},
        "replaced": {"type": "text/x-other", "cache": None, "length": 10, "metadata": {"colour": "red"}},
        "large": {"etag": multipart_etag(tmp_path / "large"), "sha256": sha256},
        "deleted": len(KEYS) + 1,
        "left": LEFT,
    }
    assert requests.put(links["put"], data=b"from the link", timeout=30).status_code == 200
    assert s3.get_object(Bucket=bucket_name, Key=linked)["Body"].read() == b"from the link"
    assert requests.get(links["get"], timeout=30).content == b"from the link"


def multipart_etag(file: Path) -> str:
    """The ETag of a file that was uploaded in parts of 5 MiB."""
    content = file.read_bytes()
    parts = [hashlib.md5(content[start : start + 5 * MIB]).digest() for start in range(0, len(content), 5 * MIB)]
    return f'"{hashlib.md5(b"".join(parts)).hexdigest()}-{len(parts)}"'
