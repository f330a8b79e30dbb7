"""Lifecycle rules in force, set by boto3, the aws command and wrangler: what is due at once goes by itself, and the rest
says when it will."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from harness.wrangler import Wrangler

# The server looks every five seconds; a busy machine may take longer.
PATIENCE_SECONDS = 120

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def wait_until(holds: Callable[[], bool]) -> None:
    """Looks until it holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "the server did not act"
        time.sleep(0.5)


def keys(s3: BaseClient, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def set_rules(s3: BaseClient, bucket: str, *rules: dict) -> None:
    named = [{"ID": f"rule {number}", "Status": "Enabled", **rule} for number, rule in enumerate(rules)]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})


def test_objects_below_a_prefix_are_removed_on_a_date(s3: BaseClient, bucket: str) -> None:
    for key in ("2019/a", "2019/b", "kept"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    set_rules(s3, bucket, {"Filter": {"Prefix": "2019/"}, "Expiration": {"Date": PAST}})
    wait_until(lambda: keys(s3, bucket) == ["kept"])
    try:
        s3.head_object(Bucket=bucket, Key="2019/a")
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    else:
        raise AssertionError("it is still there")


def test_objects_move_to_infrequent_access_and_stay_what_they_are(s3: BaseClient, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x" * 70_000, Metadata={"a": "1"})["ETag"]
    before = s3.head_object(Bucket=bucket, Key="a")
    rule = {"Filter": {"Prefix": ""}, "Transitions": [{"Date": PAST, "StorageClass": "STANDARD_IA"}]}
    set_rules(s3, bucket, rule)
    wait_until(lambda: s3.head_object(Bucket=bucket, Key="a").get("StorageClass") == "STANDARD_IA")
    after = s3.get_object(Bucket=bucket, Key="a")
    assert after["Body"].read() == b"x" * 70_000
    assert (after["ETag"], after["Metadata"]) == (etag, {"a": "1"})
    assert after["LastModified"] == before["LastModified"]


def test_answers_tell_when_an_object_will_be_removed(s3: BaseClient, bucket: str) -> None:
    set_rules(s3, bucket, {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}})
    start = datetime.now(tz=UTC)
    put = s3.put_object(Bucket=bucket, Key="logs/a", Body=b"x")
    copy = s3.copy_object(Bucket=bucket, Key="logs/b", CopySource={"Bucket": bucket, "Key": "logs/a"})
    for answer in (put, copy, s3.head_object(Bucket=bucket, Key="logs/a"), s3.get_object(Bucket=bucket, Key="logs/a")):
        told = re.fullmatch(r'expiry-date="(.+)", rule-id="rule%200"', answer["Expiration"])
        assert told, answer["Expiration"]
        date = datetime.strptime(told[1], "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC)
        assert timedelta(days=30) <= date - start < timedelta(days=30, minutes=5)
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other", Body=b"x")


def test_a_lock_keeps_what_a_rule_would_remove(s3: BaseClient, wrangler: Wrangler, bucket: str) -> None:
    for key in ("locked/a", "free/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    wrangler("r2", "bucket", "lock", "add", bucket, "lock", "locked/", "--retention-indefinite")
    wrangler("r2", "bucket", "lifecycle", "add", bucket, "all", "", "--expire-date", "2020-01-01", "--force")
    wait_until(lambda: keys(s3, bucket) == ["locked/a"])
    wrangler("r2", "bucket", "lock", "remove", bucket, "--name", "lock")
    wait_until(lambda: keys(s3, bucket) == [])


def test_wrangler_sees_the_effect_of_the_rule_it_added(wrangler: Wrangler, s3: BaseClient, bucket: str) -> None:
    for key in ("tmp/a", "kept"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    wrangler("r2", "bucket", "lifecycle", "add", bucket, "tmp", "tmp/", "--expire-date", "2020-01-01", "--force")
    wait_until(lambda: keys(s3, bucket) == ["kept"])
    assert "does not exist" in wrangler.refused(
        "r2", "object", "get", f"{bucket}/tmp/a", "--file", "down", "--remote"
    )
