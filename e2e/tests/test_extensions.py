"""What R2 adds to S3: R2's pages Extensions and Unicode interoperability, and its release notes."""

from __future__ import annotations

import email.charset
import email.header
import json
from collections.abc import Callable

import pytest
from botocore.client import BaseClient

from harness.bodies import MIB
from harness.commands import AwsCli
from harness.extra_headers import with_headers
from harness.refusal import refused
from harness.server import CairnServer

TEXTS = ["café", "日本語のメタデータ", "🙂 at the start", "plain and ünïcödé " * 20]


def decoded(value: str) -> str:
    """The text that encoded words stand for, by Python's own decoder."""
    return str(email.header.make_header(email.header.decode_header(value)))


def words(text: str, encoding: str) -> str:
    """The text in encoded words, by Python's own encoder: `Q` or `B`."""
    charset = email.charset.Charset("utf-8")
    charset.header_encoding = {"Q": email.charset.QP, "B": email.charset.BASE64}[encoding]
    return email.header.Header(text, charset).encode(linesep="").replace("\n", "")


@pytest.mark.parametrize("encoding", ["Q", "B"])
@pytest.mark.parametrize("text", TEXTS)
def test_metadata_with_unicode_travels_in_encoded_words(s3: BaseClient, bucket: str, text: str, encoding: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"text": words(text, encoding)})
    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert answer["Metadata"]["text"].isascii()
        assert decoded(answer["Metadata"]["text"]) == text
    # A client that sends back what it was given changes nothing.
    given = s3.head_object(Bucket=bucket, Key="k")["Metadata"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=given)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == given


def test_words_of_ascii_are_decoded_for_good_and_broken_ones_stay(s3: BaseClient, bucket: str) -> None:
    metadata = {"ascii": "=?utf-8?Q?plain_text?=", "broken": "=?utf-8?Q?=ZZ?=", "other": "=?utf-8?"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata | {"ascii": "plain text"}


def test_the_limit_of_metadata_counts_decoded_values(s3: BaseClient, bucket: str) -> None:
    # 8,192 bytes of names and values; encoded they are more than 10,000.
    fits, does_not = words("é" * 4094, "B"), words("é" * 4095, "B")
    assert len(fits) > 10_000
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"name": fits})
    with refused(400, "MetadataTooLarge"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"name": does_not})


def test_an_upload_may_make_its_bucket(s3: BaseClient, bucket_name: str) -> None:
    missing = {"cf-create-bucket-if-missing": "true"}
    for name, operation, method in (
        (f"{bucket_name}-1", "PutObject", "put_object"),
        (f"{bucket_name}-2", "CreateMultipartUpload", "create_multipart_upload"),
    ):
        with refused(404, "NoSuchBucket"):
            getattr(s3, method)(Bucket=name, Key="k")
        getattr(with_headers(s3, operation, missing), method)(Bucket=name, Key="k")
        assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "auto"


def test_a_copy_may_merge_metadata(s3: BaseClient, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=b"", ContentType="a/b", ContentLanguage="de", Metadata={"a": "1", "b": "2"})
    changes = {"ContentType": "c/d", "Metadata": {"b": "3", "c": "4"}}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="MERGE", **changes)
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert (head["ContentType"], head["ContentLanguage"]) == ("c/d", "de")
    assert head["Metadata"] == {"a": "1", "b": "3", "c": "4"}
    # MERGE changes an object in place.
    s3.copy_object(**source, CopySource=source, MetadataDirective="MERGE", Metadata={"d": "5"})
    assert s3.head_object(**source)["Metadata"] == {"a": "1", "b": "2", "d": "5"}


def test_buckets_are_paged_and_searched_by_header(
    fresh_cairn: CairnServer, make_client: Callable[..., BaseClient]
) -> None:
    client = make_client(fresh_cairn)
    names = [f"team-{number:02}" for number in range(7)]
    for name in ["other", *names]:
        client.create_bucket(Bucket=name)
    seen, pages, token = [], 0, {}
    while True:
        headers = {"cf-prefix": "team-", "cf-max-keys": "3", **token}
        answer = with_headers(client, "ListBuckets", headers).list_buckets()
        seen += [bucket["Name"] for bucket in answer["Buckets"]]
        pages += 1
        answered = answer["ResponseMetadata"]["HTTPHeaders"]
        if answered.get("cf-is-truncated") != "true":
            break
        token = {"cf-continuation-token": answered["cf-next-continuation-token"]}
    assert (seen, pages) == (names, 3)
    after = with_headers(client, "ListBuckets", {"cf-start-after": "team-04"}).list_buckets()
    assert [bucket["Name"] for bucket in after["Buckets"]] == names[5:]


def test_writes_name_their_version(s3: BaseClient, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "k"}
    version = s3.put_object(**source, Body=b"body")["VersionId"]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopySourceVersionId"] == version
    assert copied["VersionId"] not in ("", version)


CONTENT_TYPES = [
    (b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png"),
    (b"\xff\xd8\xff\xe0" + bytes(MIB), "image/jpeg"),
    (b"%PDF-1.7\n" + bytes(100), "application/pdf"),
    (b"<!DOCTYPE html><title>page</title>", "text/html"),
    (b'{"key": "value"}', "text/plain"),
    (bytes(range(256)), "application/octet-stream"),
    (b"", "application/octet-stream"),
]


@pytest.mark.parametrize(("content", "content_type"), CONTENT_TYPES)
def test_the_content_type_of_an_upload_without_one_is_inferred(
    s3: BaseClient, bucket: str, content: bytes, content_type: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == content_type
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    s3.put_object(Bucket=bucket, Key="k", Body=content, ContentType="x/y")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "x/y"


def test_names_that_unicode_holds_equal_are_one_object(s3: BaseClient, bucket: str) -> None:
    composed, decomposed = "H\u00e9llo", "He\u0301llo"
    for key, content in ((composed, b"1"), (decomposed, b"2")):
        s3.put_object(Bucket=bucket, Key=key, Body=content)
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
        for either in (composed, decomposed):
            assert s3.get_object(Bucket=bucket, Key=either)["Body"].read() == content
    s3.delete_object(Bucket=bucket, Key=composed)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("region", ["wnam", "enam", "weur", "eeur", "apac", "auto", "us-east-1"])
def test_the_regions_of_r2s_boto3_page(
    cairn: CairnServer, make_client: Callable[..., BaseClient], bucket: str, region: str
) -> None:
    client = make_client(cairn, region_name=region)
    client.put_object(Bucket=bucket, Key="k", Body=b"body")
    assert client.get_object(Bucket=bucket, Key="k")["Body"].read() == b"body"


def test_the_aws_command_sees_encoded_metadata(aws: AwsCli, bucket: str) -> None:
    metadata = json.dumps({"text": "=?utf-8?Q?caf=C3=A9?="})
    aws("s3api", "put-object", "--bucket", bucket, "--key", "k", "--metadata", metadata)
    head = aws.json("s3api", "head-object", "--bucket", bucket, "--key", "k")
    assert head["Metadata"] == {"text": "=?UTF-8?B?Y2Fmw6k=?="}
