"""CopyObject, and boto3's managed copy of an object that needs parts."""

from __future__ import annotations

import datetime
import hashlib

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.refusal import refused

CONTENT = body("copied", 300_000)
METADATA = {"colour": "green"}


@pytest.fixture
def source(s3: BaseClient, bucket: str) -> dict[str, str]:
    """An object to copy."""
    s3.put_object(Bucket=bucket, Key="a/source", Body=CONTENT, Metadata=METADATA, ContentType="text/plain")
    return {"Bucket": bucket, "Key": "a/source"}


def test_a_copy_takes_bytes_and_metadata_along(s3: BaseClient, bucket: str, source: dict[str, str]) -> None:
    result = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)["CopyObjectResult"]
    assert result["ETag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'
    copy = s3.get_object(Bucket=bucket, Key="copy")
    assert copy["Body"].read() == CONTENT
    assert (copy["ETag"], copy["LastModified"]) == (result["ETag"], result["LastModified"].replace(microsecond=0))
    assert (copy["Metadata"], copy["ContentType"]) == (METADATA, "text/plain")


def test_metadata_sent_with_a_plain_copy_is_not_used(s3: BaseClient, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="COPY", Metadata={"colour": "red"})
    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == METADATA


def test_a_copy_may_replace_all_metadata(s3: BaseClient, bucket: str, source: dict[str, str]) -> None:
    new = {"Metadata": {"size": "xl"}, "ContentType": "image/png", "CacheControl": "no-store"}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE", **new)
    copy = s3.head_object(Bucket=bucket, Key="copy")
    assert {name: copy[name] for name in new} == new
    assert s3.head_object(**source)["Metadata"] == METADATA


def test_an_object_may_be_copied_onto_itself_with_new_metadata(s3: BaseClient, source: dict[str, str]) -> None:
    s3.copy_object(**source, CopySource=source, MetadataDirective="REPLACE", Metadata={"new": "yes"})
    read = s3.get_object(**source)
    assert (read["Body"].read(), read["Metadata"]) == (CONTENT, {"new": "yes"})


def test_copy_and_source_live_and_die_apart(s3: BaseClient, bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    s3.delete_object(**source)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == CONTENT
    s3.copy_object(Bucket=bucket, Key="second", CopySource={"Bucket": bucket, "Key": "copy"})
    s3.put_object(Bucket=bucket, Key="copy", Body=b"overwritten")
    assert s3.get_object(Bucket=bucket, Key="second")["Body"].read() == CONTENT


@pytest.mark.parametrize("key", ["a b+c%20d", "ünï/cödé ✓", "//double//slash", "q?x=1&y=2#f"])
def test_the_source_of_a_copy_may_have_any_name(s3: BaseClient, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"odd")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"odd"


def test_a_copy_crosses_buckets(s3: BaseClient, module_bucket: str, source: dict[str, str]) -> None:
    s3.copy_object(Bucket=module_bucket, Key="copy", CopySource=source)
    assert s3.get_object(Bucket=module_bucket, Key="copy")["Body"].read() == CONTENT


def test_a_copy_of_what_does_not_exist_says_what_is_missing(
    s3: BaseClient, bucket: str, bucket_name: str, source: dict[str, str]
) -> None:
    with refused(404, "NoSuchKey"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "missing"})
    with refused(404, "NoSuchBucket"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket_name + "-missing", "Key": "k"})
    with refused(404, "NoSuchBucket"):
        s3.copy_object(Bucket=bucket_name + "-missing", Key="copy", CopySource=source)


def test_a_copy_obeys_conditions_on_its_source(s3: BaseClient, bucket: str, source: dict[str, str]) -> None:
    head = s3.head_object(**source)
    earlier = head["LastModified"] - datetime.timedelta(minutes=1)
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": source}
    for failing in (
        {"CopySourceIfMatch": '"0123456789abcdef0123456789abcdef"'},
        {"CopySourceIfNoneMatch": head["ETag"]},
        {"CopySourceIfUnmodifiedSince": earlier},
        {"CopySourceIfModifiedSince": head["LastModified"]},
    ):
        with refused(412, "PreconditionFailed"):
            s3.copy_object(**copy, **failing)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="copy")
    s3.copy_object(**copy, CopySourceIfMatch=head["ETag"], CopySourceIfModifiedSince=earlier)
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(CONTENT)


def test_an_object_of_many_parts_is_copied_whole(s3: BaseClient, bucket: str, tmp_path) -> None:
    content = body("parts", 21 * MIB + 5)
    (tmp_path / "file").write_bytes(content)
    s3.upload_file(str(tmp_path / "file"), bucket, "source", ExtraArgs={"Metadata": METADATA})
    source = {"Bucket": bucket, "Key": "source"}

    s3.copy_object(Bucket=bucket, Key="in one request", CopySource=source)
    # The managed copy asks HEAD for the size and then sends UploadPartCopy with ranges.
    s3.copy(source, bucket, "in parts", Config=TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB))
    for key in ("in one request", "in parts"):
        copy = s3.get_object(Bucket=bucket, Key=key)
        assert copy["Body"].read() == content, key
        assert copy["Metadata"] == METADATA, key
    assert s3.head_object(Bucket=bucket, Key="in parts")["ETag"].endswith('-3"')
