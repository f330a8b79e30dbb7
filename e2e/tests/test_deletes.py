"""DeleteObjects: odd names, limits, and the twenty thousand objects others take minutes for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from botocore.config import Config

from harness.bulk import put_many
from harness.refusal import refused
from harness.server import CairnServer
from harness.signed_requests import Signer

MANY = 20_000
PAGE = 1_000
# One that hangs fails. How long pages take is measured by `bench`, not here: this machine may be busy.
PAGE_SECONDS_MAX = 60


def delete(s3: BaseClient, bucket: str, keys: list[str], **options: bool) -> dict:
    return s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], **options})


def test_each_object_is_reported_whether_it_existed_or_not(s3: BaseClient, bucket: str) -> None:
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = delete(s3, bucket, ["a", "b", "never existed"])
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == ["a", "b", "never existed"]
    assert "Errors" not in answer
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_quiet_delete_reports_only_failures(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    answer = delete(s3, bucket, ["a"], Quiet=True)
    assert "Deleted" not in answer
    assert "Errors" not in answer
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_keys_are_taken_exactly_as_they_are_named(s3: BaseClient, bucket: str) -> None:
    # R2's release note of 2022-08-17: keys were trimmed here once, and the wrong objects deleted.
    named = [" lead", "trail ", "a<b>&\"c'", "a+b%2Fc", "tab\tnew\nline", "ü ✓ 🙂", "//", "a/../b", "&amp;"]
    near = ["lead", "trail", "a<b>", "a b/c", "tab new line", "u", "/", "b", "&"]
    for key in [*named, *near]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = delete(s3, bucket, named)
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == sorted(named)
    assert sorted(entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]) == sorted(near)


def test_more_than_a_thousand_keys_are_refused_and_nothing_is_deleted(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="0", Body=b"")
    with refused(400, "MalformedXML"):
        delete(s3, bucket, [str(number) for number in range(PAGE + 1)])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@pytest.mark.timeout(900)
def test_twenty_thousand_objects_are_listed_and_deleted_by_pages(
    cairn: CairnServer, signer: Signer, make_client: Callable[..., BaseClient], bucket: str
) -> None:
    keys = [f"logs/{number % 7}/{number:05}" for number in range(MANY)]
    put_many(signer, cairn.endpoint, bucket, {key: key.encode() for key in keys})
    # A page that takes longer than this ends the connection and the test.
    s3 = make_client(cairn, config=Config(read_timeout=PAGE_SECONDS_MAX))

    listed = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        listed += [entry["Key"] for entry in page["Contents"]]
    assert listed == sorted(keys)

    for start in range(0, MANY, PAGE):
        answer = delete(s3, bucket, listed[start : start + PAGE])
        assert len(answer["Deleted"]) == PAGE
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    s3.delete_bucket(Bucket=bucket)
