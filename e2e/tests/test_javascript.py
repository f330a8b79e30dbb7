"""The JavaScript clients, run by node: each script of `js/` prints what it saw, and the tests judge it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import requests
from botocore.client import BaseClient

from harness.bodies import MIB
from harness.commands import Node
from harness.listing_model import in_order

# All of XML's own characters, and what an XML writer or reader might trim, join or decode once too often.
ODD_KEYS = [
    "plain",
    " a b ",
    "a+b%20c",
    "<&>\"'&amp;",
    "]]>",
    "/lead//double/",
    "ü ✓ 🙂",
    "日本語",
    "(a)!'*~",
    "q?x=1&y#f",
]
REFUSALS = {
    "missingKey": {"name": "NoSuchKey", "status": 404},
    "missingHead": {"name": "NotFound", "status": 404},
    "notModified": {"status": 304},
    "failedMatch": {"name": "PreconditionFailed", "status": 412},
    "notEmpty": {"name": "BucketNotEmpty", "status": 409},
    "missingBucket": {"name": "NoSuchBucket", "status": 404},
}


def test_the_sdks_everyday_operations(node: Node, bucket_name: str) -> None:
    seen = node("operations.mjs", BUCKET=bucket_name, KEYS=json.dumps(ODD_KEYS))
    assert seen["region"] == "auto"
    assert seen["listed"] == in_order(ODD_KEYS)
    assert seen["bodies"] == [f"body of {key}" for key in ODD_KEYS]
    assert seen["sameETag"]
    assert seen["head"] == {
        "ContentType": "text/x-digits",
        "CacheControl": "no-cache",
        "Metadata": {"colour": "green"},
        "ContentLength": 10,
    }
    assert seen["range"] == {"body": "789", "ContentRange": "bytes 7-9/10"}
    assert seen["copy"] == "0123456789"
    # An answer without a body has no code; what the SDK makes of it is its own affair.
    del seen["refusals"]["notModified"]["name"]
    assert seen["refusals"] == REFUSALS
    assert seen["deleted"] == len(ODD_KEYS) + 1
    assert seen["afterDeletion"]["status"] == 404


def test_a_streams_checksum_comes_in_a_trailer(node: Node, bucket: str) -> None:
    algorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
    sizes = [1, 65_536, 300_001]
    results = node("stream_trailers.mjs", BUCKET=bucket, ALGORITHMS=json.dumps(algorithms), SIZES=json.dumps(sizes))
    assert len(results) == len(algorithms) * len(sizes)
    for result in results:
        headers = result["headers"]
        algorithm = result["Key"].partition("/")[0].lower()
        assert headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER", result
        assert headers["x-amz-trailer"] == f"x-amz-checksum-{algorithm}", result
        assert headers["x-amz-decoded-content-length"] == str(result["size"]), result
        assert "content-length" not in headers, result
        assert result["same"], result
        assert result["coding"] is None, "the coding of the transfer was stored as the object's"


def test_a_stream_of_unknown_length_is_uploaded(node: Node, bucket: str) -> None:
    sizes = [0, 1_000, 5 * MIB, 5 * MIB + 1, 23 * MIB + 7]
    results = node("upload_stream.mjs", BUCKET=bucket, SIZES=json.dumps(sizes))
    for size, result in zip(sizes, results, strict=True):
        assert result["size"] == size
        assert result["same"], result
        assert result["sameETag"], result
        assert result["contentType"] == "video/mp4", result
    assert results[-1]["etag"].endswith('-5"')


def test_presigned_links_work_for_whoever_holds_them(node: Node, s3: BaseClient, bucket: str) -> None:
    key = "a b/dog+1.png"
    links = node("presign.mjs", BUCKET=bucket, KEY=key)
    assert parse_qs(urlsplit(links["get"]).query)["X-Amz-Expires"] == ["3600"]

    assert requests.put(links["put"], data=b"dog", timeout=30).status_code == 200
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"dog"
    assert requests.get(links["get"], timeout=30).content == b"dog"
    assert requests.head(links["head"], timeout=30).headers["content-length"] == "3"

    wrong = requests.put(links["putPng"], data=b"page", headers={"Content-Type": "text/html"}, timeout=30)
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text) == (403, True)
    right = requests.put(links["putPng"], data=b"png", headers={"Content-Type": "image/png"}, timeout=30)
    assert right.status_code == 200
    assert requests.get(links["get"], timeout=30).content == b"png"

    assert requests.delete(links["remove"], timeout=30).status_code == 204
    assert requests.get(links["get"], timeout=30).status_code == 404


def test_aws4fetch_stores_and_reads(node: Node, bucket_name: str) -> None:
    # aws4fetch reads a plus in a path as a space before it signs, so a plus has to be sent as %2B, as it is here.
    seen = node("aws4fetch.mjs", BUCKET=bucket_name, KEYS=json.dumps(ODD_KEYS))
    assert seen["created"] == 200
    assert seen["bodies"] == [[200, f"body of {key}"] for key in ODD_KEYS]
    assert seen["put"] == 200
    assert seen["got"] == {"same": True, "type": "application/x-binary", "colour": "green", "sameETag": True}
    assert (seen["copied"], seen["deleted"]) == (200, 204)
    assert seen["missing"] == [404, True]
    assert seen["stranger"] == 403
