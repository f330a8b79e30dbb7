"""Buckets as boto3 makes, finds and deletes them."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from botocore.client import BaseClient

from harness.refusal import refused
from harness.server import CairnServer


def test_a_bucket_is_created_found_listed_and_deleted(s3: BaseClient, bucket_name: str) -> None:
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    created = s3.create_bucket(Bucket=bucket_name)
    assert created["Location"].strip("/").endswith(bucket_name)

    assert s3.head_bucket(Bucket=bucket_name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    # The first page may be full of other tests' buckets.
    listed = {entry["Name"]: entry["CreationDate"] for entry in s3.list_buckets(Prefix=bucket_name)["Buckets"]}
    assert before <= listed[bucket_name] <= datetime.datetime.now(datetime.UTC)

    assert s3.delete_bucket(Bucket=bucket_name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.list_buckets(Prefix=bucket_name)["Buckets"] == []
    with refused(404, "404"):
        s3.head_bucket(Bucket=bucket_name)


def test_a_list_of_buckets_names_the_account_as_their_owner(s3: BaseClient, cairn: CairnServer) -> None:
    assert s3.list_buckets()["Owner"]["ID"] == cairn.account_id


def test_buckets_are_listed_in_the_order_of_their_names(
    fresh_cairn: CairnServer, make_client: Callable[..., BaseClient]
) -> None:
    client = make_client(fresh_cairn)
    assert client.list_buckets()["Buckets"] == []
    for name in ("pear", "apple-2", "quince", "apple"):
        client.create_bucket(Bucket=name)
    assert [entry["Name"] for entry in client.list_buckets()["Buckets"]] == ["apple", "apple-2", "pear", "quince"]


def test_a_paginator_shows_all_buckets(fresh_cairn: CairnServer, make_client: Callable[..., BaseClient]) -> None:
    client = make_client(fresh_cairn)
    names = [f"page-{number}" for number in range(5)]
    for name in names:
        client.create_bucket(Bucket=name)
    pages = list(client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}))
    assert [[entry["Name"] for entry in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]


def test_a_buckets_region_is_auto(s3: BaseClient, bucket: str) -> None:
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "auto"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "auto"


@pytest.mark.parametrize("location", ["auto", "us-east-1", "", "weur", "WNAM"])
def test_a_bucket_is_created_where_r2_knows_the_location(s3: BaseClient, bucket_name: str, location: str) -> None:
    s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": location})
    assert s3.head_bucket(Bucket=bucket_name)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_bucket_is_not_created_in_a_location_r2_does_not_have(s3: BaseClient, bucket_name: str) -> None:
    with refused(400, "InvalidLocationConstraint"):
        s3.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "moon-1"})
    with refused(404, "404"):
        s3.head_bucket(Bucket=bucket_name)


def test_a_bucket_that_exists_is_not_created_again(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="kept", Body=b"kept")
    # The code AWS has for it, which rclone looks for: it creates the bucket before each upload of a single file.
    with refused(409, "BucketAlreadyOwnedByYou"):
        s3.create_bucket(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"kept"


def test_a_bucket_with_objects_is_not_deleted(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="last", Body=b"")
    with refused(409, "BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="last")
    s3.delete_bucket(Bucket=bucket)


def test_a_bucket_created_again_is_empty(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="of the first bucket", Body=b"old")
    s3.delete_object(Bucket=bucket, Key="of the first bucket")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Upper", "under_score", "do.ts", "-start", "end-"])
def test_a_name_off_the_rules_makes_no_bucket(s3: BaseClient, name: str) -> None:
    with refused(400, "InvalidBucketName"):
        s3.create_bucket(Bucket=name)


@pytest.mark.parametrize("name", ["abc", "a" * 63, "0-9", "a--b"])
def test_a_name_within_the_rules_makes_a_bucket(s3: BaseClient, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


def test_operations_on_a_bucket_that_does_not_exist_say_so(s3: BaseClient, bucket_name: str) -> None:
    with refused(404, "NoSuchBucket"):
        s3.list_objects_v2(Bucket=bucket_name)
    with refused(404, "NoSuchBucket"):
        s3.put_object(Bucket=bucket_name, Key="k", Body=b"body")
    with refused(404, "NoSuchBucket"):
        s3.get_object(Bucket=bucket_name, Key="k")
    with refused(404, "NoSuchBucket"):
        s3.delete_bucket(Bucket=bucket_name)
    with refused(404, "NoSuchBucket"):
        s3.get_bucket_location(Bucket=bucket_name)
    with refused(404, "NoSuchBucket"):
        s3.create_multipart_upload(Bucket=bucket_name, Key="k")
    with refused(404, "NoSuchBucket"):
        s3.delete_objects(Bucket=bucket_name, Delete={"Objects": [{"Key": "k"}]})
