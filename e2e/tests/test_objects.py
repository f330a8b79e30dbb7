"""Objects as boto3 writes, reads, copies and deletes them, in one request each."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from botocore.client import BaseClient

from harness.bodies import KIB, MIB, body
from harness.refusal import refused

# Around the sizes where a store changes its way of keeping bytes: none, one, pages, chunks, logs or files.
SIZES = [0, 1, 4 * KIB, 16 * KIB + 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB + 1, MIB, 8 * MIB + 3]


@pytest.mark.parametrize("size", SIZES)
def test_an_object_is_read_as_it_was_written(s3: BaseClient, bucket: str, size: int) -> None:
    content = body(size, size)
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert s3.put_object(Bucket=bucket, Key="k", Body=content)["ETag"] == etag

    read = s3.get_object(Bucket=bucket, Key="k")
    assert read["Body"].read() == content
    assert (read["ContentLength"], read["ETag"], read["AcceptRanges"]) == (size, etag, "bytes")
    assert "ContentRange" not in read

    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentLength"], head["ETag"], head["LastModified"]) == (size, etag, read["LastModified"])
    age = datetime.datetime.now(datetime.UTC) - head["LastModified"]
    assert datetime.timedelta(seconds=-1) < age < datetime.timedelta(minutes=5)


def test_every_answer_carries_a_request_id_of_its_own(s3: BaseClient, bucket: str) -> None:
    answers = [
        s3.put_object(Bucket=bucket, Key="k", Body=b"body"),
        s3.get_object(Bucket=bucket, Key="k"),
        s3.head_object(Bucket=bucket, Key="k"),
        s3.list_objects_v2(Bucket=bucket),
        s3.delete_object(Bucket=bucket, Key="k"),
    ]
    ids = [answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"] for answer in answers]
    assert len(set(ids)) == len(answers), ids


def test_a_second_write_replaces_the_whole_object(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=body(1, MIB), Metadata={"of": "first"}, ContentLanguage="de")
    s3.put_object(Bucket=bucket, Key="k", Body=b"second", Metadata={"by": "second"})
    read = s3.get_object(Bucket=bucket, Key="k")
    assert read["Body"].read() == b"second"
    assert read["Metadata"] == {"by": "second"}
    assert "ContentLanguage" not in read
    assert [entry["Size"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [6]


def test_a_deleted_object_is_gone_and_may_be_deleted_again(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_metadata_comes_back_as_it_was_sent(s3: BaseClient, bucket: str) -> None:
    expires = datetime.datetime(2031, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    system = {
        "ContentType": "text/html; charset=utf-8",
        "CacheControl": "max-age=60, public",
        "ContentDisposition": 'attachment; filename="a b.html"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "en, de",
    }
    user = {"one": "1", "with-dash": "a, b;c=d", "spaces": "in the middle", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", Expires=expires, Metadata=user, **system)

    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: answer.get(name) for name in system} == system
        assert answer["Metadata"] == user
        assert answer["ExpiresString"] == "Mon, 03 Feb 2031 04:05:06 GMT"


def test_the_coding_of_the_transfer_does_not_become_metadata(tls_s3: BaseClient, s3: BaseClient, bucket: str) -> None:
    # Over TLS boto3 sends `Content-Encoding: aws-chunked`, which speaks of the request and not of the object.
    tls_s3.put_object(Bucket=bucket, Key="plain", Body=b"body")
    tls_s3.put_object(Bucket=bucket, Key="gzip", Body=b"body", ContentEncoding="gzip")
    assert "ContentEncoding" not in s3.head_object(Bucket=bucket, Key="plain")
    assert s3.head_object(Bucket=bucket, Key="gzip")["ContentEncoding"] == "gzip"


def test_metadata_past_its_limit_stores_nothing(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="within", Body=b"", Metadata={"a": "x" * 4000, "b": "y" * 4000})
    with refused(400, "MetadataTooLarge"):
        s3.put_object(Bucket=bucket, Key="past", Body=b"", Metadata={"a": "x" * 4500, "b": "y" * 4500})
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="past")


def test_a_key_may_have_1024_bytes_and_no_more(s3: BaseClient, bucket: str) -> None:
    longest = "é" * 512
    s3.put_object(Bucket=bucket, Key=longest, Body=b"body")
    assert s3.get_object(Bucket=bucket, Key=longest)["Body"].read() == b"body"
    with refused(400, "InvalidObjectName"):
        s3.put_object(Bucket=bucket, Key=longest + "x", Body=b"body")


RANGED = body("ranged", 200 * KIB)
LAST = len(RANGED) - 1
RANGES = [
    ("bytes=0-0", 0, 0),
    ("bytes=0-99", 0, 99),
    ("bytes=100-100000", 100, 100_000),
    ("bytes=65535-65536", 65_535, 65_536),
    ("bytes=0-", 0, LAST),
    ("bytes=204799-", LAST, LAST),
    ("bytes=131072-", 131_072, LAST),
    ("bytes=-1", LAST, LAST),
    ("bytes=-70000", LAST - 69_999, LAST),
    ("bytes=-999999", 0, LAST),
    ("bytes=204000-999999", 204_000, LAST),
]


@pytest.fixture(scope="module")
def ranged(s3: BaseClient, module_bucket: str) -> dict[str, str]:
    """The object whose ranges are read."""
    s3.put_object(Bucket=module_bucket, Key="ranged", Body=RANGED)
    return {"Bucket": module_bucket, "Key": "ranged"}


@pytest.mark.parametrize(("header", "first", "last"), RANGES)
def test_a_range_gives_its_bytes_and_says_which(
    s3: BaseClient, ranged: dict[str, str], header: str, first: int, last: int
) -> None:
    answer = s3.get_object(**ranged, Range=header)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {first}-{last}/{len(RANGED)}"
    assert answer["ContentLength"] == last - first + 1
    assert answer["Body"].read() == RANGED[first : last + 1]


@pytest.mark.parametrize("header", ["bytes=204800-", "bytes=300000-400000", "bytes=-0"])
def test_a_range_past_the_end_is_refused(s3: BaseClient, ranged: dict[str, str], header: str) -> None:
    with refused(416, "InvalidRange"):
        s3.get_object(**ranged, Range=header)


def test_an_empty_object_has_no_range(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    with refused(416, "InvalidRange"):
        s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-0")


def test_a_range_has_no_effect_on_head(s3: BaseClient, ranged: dict[str, str]) -> None:
    head = s3.head_object(**ranged, Range="bytes=0-9")
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert head["ContentLength"] == len(RANGED)


def test_part_1_of_an_object_without_parts_is_the_object(s3: BaseClient, ranged: dict[str, str]) -> None:
    assert s3.get_object(**ranged, PartNumber=1)["Body"].read() == RANGED
    assert s3.head_object(**ranged, PartNumber=1)["ContentLength"] == len(RANGED)


ETAG = f'"{hashlib.md5(RANGED).hexdigest()}"'
OTHER = f'"{hashlib.md5(b"other").hexdigest()}"'
# Seconds from the object's own time of modification.
BEFORE, SAME, AFTER = -60, 0, 60
CONDITIONS = [
    ({"IfMatch": ETAG}, 200),
    ({"IfMatch": OTHER}, 412),
    ({"IfMatch": "*"}, 200),
    ({"IfMatch": f"{OTHER}, {ETAG}"}, 200),
    ({"IfMatch": ETAG.strip('"')}, 200),
    ({"IfNoneMatch": ETAG}, 304),
    ({"IfNoneMatch": f"W/{ETAG}"}, 304),
    ({"IfNoneMatch": f"{OTHER}, {ETAG}"}, 304),
    ({"IfNoneMatch": "*"}, 304),
    ({"IfNoneMatch": OTHER}, 200),
    ({"IfModifiedSince": BEFORE}, 200),
    ({"IfModifiedSince": SAME}, 304),
    ({"IfUnmodifiedSince": BEFORE}, 412),
    ({"IfUnmodifiedSince": SAME}, 200),
    ({"IfUnmodifiedSince": AFTER}, 200),
    # An ETag decides before a date does (RFC 9110, section 13.2.2; AWS's page of GetObject names both cases).
    ({"IfMatch": ETAG, "IfUnmodifiedSince": BEFORE}, 200),
    ({"IfNoneMatch": ETAG, "IfModifiedSince": BEFORE}, 304),
    ({"IfNoneMatch": OTHER, "IfModifiedSince": SAME}, 200),
    ({"IfMatch": OTHER, "IfNoneMatch": ETAG}, 412),
]


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
@pytest.mark.parametrize(("conditions", "status"), CONDITIONS)
def test_a_read_obeys_its_conditions(
    s3: BaseClient, ranged: dict[str, str], operation: str, conditions: dict[str, str | int], status: int
) -> None:
    modified = s3.head_object(**ranged)["LastModified"]
    sent = {
        name: value if isinstance(value, str) else modified + datetime.timedelta(seconds=value)
        for name, value in conditions.items()
    }
    read = getattr(s3, operation)
    if status == 200:
        answer = read(**ranged, **sent)
        assert answer["ETag"] == ETAG
    else:
        code = "PreconditionFailed" if (status, operation) == (412, "get_object") else str(status)
        with refused(status, code):
            read(**ranged, **sent)


def test_a_refused_condition_decides_before_the_range(s3: BaseClient, ranged: dict[str, str]) -> None:
    with refused(412, "PreconditionFailed"):
        s3.get_object(**ranged, IfMatch=OTHER, Range="bytes=0-9")
    assert s3.get_object(**ranged, IfMatch=ETAG, Range="bytes=0-9")["Body"].read() == RANGED[:10]
