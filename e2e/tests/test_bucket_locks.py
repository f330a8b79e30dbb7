"""Bucket locks as wrangler sets them, and what boto3 then may not do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.client import BaseClient

from harness.refusal import refused
from harness.wrangler import Wrangler

LOCK = ("r2", "bucket", "lock")


@contextmanager
def locked() -> Iterator[None]:
    """The block must be refused because of a lock rule."""
    with refused(403, "ObjectLockedByBucketPolicy"):
        yield


def rules_file(path: Path, *rules: dict) -> Path:
    path.write_text(json.dumps({"rules": rules}))
    return path


def content(s3: BaseClient, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_nothing_boto3_does_changes_what_a_rule_keeps(wrangler: Wrangler, s3: BaseClient, bucket: str) -> None:
    for key in ("kept/a", "kept/b", "free"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"old", Metadata={"a": "1"})
    begun = {"Bucket": bucket, "Key": "kept/a"}
    upload = s3.create_multipart_upload(**begun)["UploadId"]
    part = s3.upload_part(**begun, UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    wrangler(*LOCK, "add", bucket, "keep", "kept/", "--retention-indefinite")

    with locked():
        s3.put_object(Bucket=bucket, Key="kept/a", Body=b"new")
    with locked():
        s3.delete_object(Bucket=bucket, Key="kept/a")
    with locked():
        s3.copy_object(Bucket=bucket, Key="kept/a", CopySource=f"/{bucket}/free")
    with locked():
        s3.copy_object(Bucket=bucket, Key="kept/a", CopySource=f"/{bucket}/kept/a", StorageClass="STANDARD_IA")
    with locked():
        replaced = {"MetadataDirective": "REPLACE", "Metadata": {"a": "2"}}
        s3.copy_object(Bucket=bucket, Key="kept/a", CopySource=f"/{bucket}/kept/a", **replaced)
    with locked():
        s3.complete_multipart_upload(**begun, UploadId=upload, MultipartUpload=parts)
    several = [{"Key": key} for key in ("kept/a", "free", "kept/nothing", "kept/b")]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": several})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == ["free", "kept/nothing"]
    failed = {entry["Key"]: (entry["Code"], bool(entry["Message"])) for entry in answer["Errors"]}
    assert failed == {key: ("ObjectLockedByBucketPolicy", True) for key in ("kept/a", "kept/b")}

    found = s3.get_object(Bucket=bucket, Key="kept/a")
    assert (found["Body"].read(), found["Metadata"]) == (b"old", {"a": "1"})
    s3.put_object(Bucket=bucket, Key="kept/new", Body=b"may be written once")
    with locked():
        s3.put_object(Bucket=bucket, Key="kept/new", Body=b"twice")

    wrangler(*LOCK, "remove", bucket, "--name", "keep")
    s3.complete_multipart_upload(**begun, UploadId=upload, MultipartUpload=parts)
    assert content(s3, bucket, "kept/a") == b"part"
    for key in ("kept/a", "kept/b", "kept/new"):
        s3.delete_object(Bucket=bucket, Key=key)


def test_rules_that_wrangler_adds_removes_and_sets_hold_at_once(
    wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path
) -> None:
    keys = ("days/a", "date/a", "past/a", "off/a")
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"old")

    def kept() -> list[str]:
        """Which of the objects cannot be replaced; the others are written anew."""
        answers = []
        for key in keys:
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=b"old")
            except s3.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "ObjectLockedByBucketPolicy"
                answers.append(key)
        return answers

    assert kept() == []
    wrangler(*LOCK, "add", bucket, "days", "days/", "--retention-days", "1")
    assert kept() == ["days/a"]
    wrangler(*LOCK, "add", bucket, "date", "date/", "--retention-date", "2999-01-01")
    wrangler(*LOCK, "add", bucket, "past", "past/", "--retention-date", "2001-01-01")
    assert kept() == ["days/a", "date/a"]
    wrangler(*LOCK, "remove", bucket, "--name", "days")
    assert kept() == ["date/a"]
    everything = {"id": "all", "enabled": True, "condition": {"type": "Age", "maxAgeSeconds": 3600}}
    off = {"id": "off", "enabled": False, "prefix": "off/", "condition": {"type": "Indefinite"}}
    wrangler(*LOCK, "set", bucket, "--file", rules_file(tmp_path / "rules.json", everything, off))
    assert kept() == list(keys)
    wrangler(*LOCK, "set", bucket, "--file", rules_file(tmp_path / "rules.json", off))
    assert kept() == []


def test_wrangler_shows_why_an_object_stays(wrangler: Wrangler, s3: BaseClient, bucket: str, tmp_path: Path) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    wrangler(*LOCK, "add", bucket, "keep", "", "--retention-days", "30")
    source = tmp_path / "new.txt"
    source.write_text("new")
    for command in (["put", f"{bucket}/k", "--file", str(source)], ["delete", f"{bucket}/k"]):
        printed = wrangler.refused("r2", "object", *command, "--remote")
        assert "403" in printed or "10069" in printed, printed
    assert content(s3, bucket, "k") == b"old"
    assert "[code: 10008]" in wrangler.refused("r2", "bucket", "delete", bucket)
