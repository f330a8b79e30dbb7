"""Storage classes as boto3 and the aws command name and change them."""

from __future__ import annotations

import pytest
from botocore.client import BaseClient

from harness.commands import AwsCli
from harness.refusal import refused


def shown(s3: BaseClient, bucket: str, key: str) -> str:
    """The class in lists; HEAD leaves the standard one out, as with S3."""
    listed = next(entry for entry in s3.list_objects_v2(Bucket=bucket)["Contents"] if entry["Key"] == key)
    head = s3.head_object(Bucket=bucket, Key=key).get("StorageClass", "STANDARD")
    assert head == listed["StorageClass"]
    return head


@pytest.mark.parametrize("storage_class", ["STANDARD", "STANDARD_IA"])
def test_an_object_has_the_class_it_was_uploaded_with(s3: BaseClient, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="put", Body=b"body", StorageClass=storage_class)
    assert shown(s3, bucket, "put") == storage_class

    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", StorageClass=storage_class)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"body")
    assert s3.list_parts(Bucket=bucket, Key="parts", UploadId=upload)["StorageClass"] == storage_class
    assert [entry["StorageClass"] for entry in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [storage_class]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, MultipartUpload=parts)
    assert shown(s3, bucket, "parts") == storage_class


def test_a_copy_onto_itself_changes_the_class_only(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ContentType="text/a", Metadata={"a": "1"})
    for storage_class in ("STANDARD_IA", "STANDARD"):
        s3.copy_object(Bucket=bucket, Key="k", CopySource=f"/{bucket}/k", StorageClass=storage_class)
        assert shown(s3, bucket, "k") == storage_class
        found = s3.get_object(Bucket=bucket, Key="k")
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"body", "text/a", {"a": "1"})


def test_the_example_of_the_storage_classes_page_works(s3: BaseClient, bucket: str, aws: AwsCli) -> None:
    s3.put_object(Bucket=bucket, Key="path/to/object.txt", Body=b"body")
    key = "path/to/object.txt"
    source = f"/{bucket}/{key}"
    arguments = ["--bucket", bucket, "--key", key, "--copy-source", source, "--storage-class", "STANDARD_IA"]
    aws("s3api", "copy-object", *arguments)
    assert shown(s3, bucket, key) == "STANDARD_IA"


def test_other_classes_are_refused(s3: BaseClient, bucket: str) -> None:
    with refused(501, "NotImplemented"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="GLACIER")
    with refused(400, "InvalidStorageClass"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="FAST")
