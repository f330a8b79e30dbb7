"""Conditions on what a write replaces, as boto3 and the aws command send them. R2's pages Extensions, Release-notes."""

from __future__ import annotations

import datetime
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from harness.commands import AwsCli, CommandFailed
from harness.extra_headers import with_headers
from harness.refusal import refused

OLD = b"old"
ETAG = f'"{hashlib.md5(OLD).hexdigest()}"'
OTHER = f'"{hashlib.md5(b"other").hexdigest()}"'
# Conditions, and whether they allow a write over the object with `ETAG` and over nothing.
CONDITIONS = [
    ({"IfMatch": ETAG}, True, False),
    ({"IfMatch": "*"}, True, False),
    ({"IfMatch": f"{OTHER}, {ETAG}"}, True, False),
    ({"IfMatch": OTHER}, False, False),
    ({"IfMatch": f"W/{ETAG}"}, False, False),
    ({"IfNoneMatch": "*"}, False, True),
    ({"IfNoneMatch": ETAG}, False, True),
    ({"IfNoneMatch": f"W/{ETAG}"}, False, True),
    ({"IfNoneMatch": OTHER}, True, True),
]


@pytest.mark.parametrize(("condition", "over_old", "over_nothing"), CONDITIONS)
def test_a_put_obeys_its_conditions(
    s3: BaseClient, bucket: str, condition: dict[str, str], over_old: bool, over_nothing: bool
) -> None:
    s3.put_object(Bucket=bucket, Key="old", Body=OLD)
    for key, allowed in (("old", over_old), ("none", over_nothing)):
        if allowed:
            s3.put_object(Bucket=bucket, Key=key, Body=b"new", **condition)
        else:
            with refused(412, "PreconditionFailed"):
                s3.put_object(Bucket=bucket, Key=key, Body=b"new", **condition)
    assert s3.get_object(Bucket=bucket, Key="old")["Body"].read() == (b"new" if over_old else OLD)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1 + over_nothing


@pytest.mark.parametrize(("condition", "over_old", "over_nothing"), CONDITIONS)
def test_an_upload_that_may_not_be_completed_is_aborted(
    s3: BaseClient, bucket: str, condition: dict[str, str], over_old: bool, over_nothing: bool
) -> None:
    s3.put_object(Bucket=bucket, Key="old", Body=OLD)
    for key, allowed in (("old", over_old), ("none", over_nothing)):
        upload = {"Bucket": bucket, "Key": key}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        etag = s3.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        if allowed:
            s3.complete_multipart_upload(**upload, MultipartUpload=parts, **condition)
            continue
        with refused(412, "PreconditionFailed"):
            s3.complete_multipart_upload(**upload, MultipartUpload=parts, **condition)
        # R2's release note of 2023-08-11.
        with refused(404, "NoSuchUpload"):
            s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_upload_in_parts_does_not_begin_where_it_may_not(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2022-05-27.
    s3.put_object(Bucket=bucket, Key="old", Body=OLD)
    client = with_headers(s3, "CreateMultipartUpload", {"If-None-Match": "*"})
    with refused(412, "PreconditionFailed"):
        client.create_multipart_upload(Bucket=bucket, Key="old")
    assert client.create_multipart_upload(Bucket=bucket, Key="new")["UploadId"]


def test_the_time_of_the_last_write_is_a_good_condition(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2022-07-30.
    s3.put_object(Bucket=bucket, Key="old", Body=OLD)
    modified = s3.head_object(Bucket=bucket, Key="old")["LastModified"]
    dates = {seconds: (modified + datetime.timedelta(seconds=seconds)) for seconds in (-1, 0)}
    for name, seconds, allowed in (
        ("If-Unmodified-Since", -1, False),
        ("If-Modified-Since", 0, False),
        ("If-Unmodified-Since", 0, True),
    ):
        date = dates[seconds].strftime("%a, %d %b %Y %H:%M:%S GMT")
        client = with_headers(s3, "PutObject", {name: date})
        if allowed:
            client.put_object(Bucket=bucket, Key="old", Body=b"new")
        else:
            with refused(412, "PreconditionFailed"):
                client.put_object(Bucket=bucket, Key="old", Body=b"new")


def test_a_copy_obeys_conditions_on_its_destination(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"new")
    s3.put_object(Bucket=bucket, Key="old", Body=OLD)
    copy = {"Bucket": bucket, "CopySource": {"Bucket": bucket, "Key": "source"}}
    for key, name, value, allowed in (
        ("old", "match", OTHER, False),
        ("old", "none-match", "*", False),
        ("old", "unmodified-since", "Thu, 01 Dec 1994 16:00:00 GMT", False),
        ("old", "modified-since", "Thu, 01 Dec 2033 16:00:00 GMT", False),
        ("none", "match", "*", False),
        ("old", "match", ETAG, True),
        ("none", "none-match", "*", True),
    ):
        client = with_headers(s3, "CopyObject", {f"cf-copy-destination-if-{name}": value})
        if allowed:
            client.copy_object(Key=key, **copy)
            assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"new"
        else:
            with refused(412, "PreconditionFailed"):
                client.copy_object(Key=key, **copy)


def test_of_many_writers_that_want_to_be_first_one_is(s3: BaseClient, bucket: str) -> None:
    def write(number: int) -> int | None:
        try:
            s3.put_object(Bucket=bucket, Key="leader", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as refusal:
            assert refusal.response["Error"]["Code"] == "PreconditionFailed"
            return None
        return number

    with ThreadPoolExecutor(10) as pool:
        winners = [number for number in pool.map(write, range(50)) if number is not None]
    assert len(winners) == 1
    assert s3.get_object(Bucket=bucket, Key="leader")["Body"].read() == str(winners[0]).encode()


def test_the_aws_commands_conditions(aws: AwsCli, s3: BaseClient, bucket: str) -> None:
    put = ("s3api", "put-object", "--bucket", bucket, "--key", "k")
    written = aws.json(*put, "--if-none-match", "*")
    assert written["ETag"] == s3.head_object(Bucket=bucket, Key="k")["ETag"]
    with pytest.raises(CommandFailed, match="PreconditionFailed"):
        aws(*put, "--if-none-match", "*")
