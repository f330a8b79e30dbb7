"""SSE-C: objects encrypted with a customer's own key, by boto3, the aws command and rclone."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.client import BaseClient

from harness.bodies import MIB, body, file_sha256, write_file
from harness.commands import AwsCli, CommandFailed, Rclone
from harness.refusal import refused

KEY = b"32 bytes that only we have here."
OTHER = b"32 bytes that we have not at all"
PARTS = TransferConfig(multipart_threshold=6 * MIB, multipart_chunksize=6 * MIB)


def encoded(key: bytes) -> str:
    """A key as its header has it."""
    return base64.b64encode(key).decode()


def md5(key: bytes) -> str:
    """What answers show of a key."""
    return base64.b64encode(hashlib.md5(key).digest()).decode()


def own(key: bytes = KEY) -> dict[str, object]:
    """The parameters of the object's key; boto3 adds the MD5 and the base64."""
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def of_source(key: bytes = KEY) -> dict[str, object]:
    """The parameters of the key of a copy's source."""
    return {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}


def confirmed(answer: dict) -> tuple[str | None, str | None]:
    """What an answer says of the key."""
    return answer.get("SSECustomerAlgorithm"), answer.get("SSECustomerKeyMD5")


def test_an_object_is_read_with_its_key_only(s3: BaseClient, bucket: str) -> None:
    content = body("secret", 300_000)
    names = {"Bucket": bucket, "Key": "k"}
    put = s3.put_object(**names, Body=content, Metadata={"colour": "green"}, **own())
    assert confirmed(put) == ("AES256", md5(KEY))
    assert put["ETag"] != f'"{hashlib.md5(content).hexdigest()}"'
    read = s3.get_object(**names, **own())
    assert (read["Body"].read(), read["ETag"], confirmed(read)) == (content, put["ETag"], confirmed(put))
    assert s3.get_object(**names, **own(), Range="bytes=65530-65550")["Body"].read() == content[65530:65551]
    head = s3.head_object(**names, **own())
    assert (head["Metadata"], confirmed(head)) == ({"colour": "green"}, confirmed(put))
    with refused(400, "InvalidRequest"):
        s3.get_object(**names)
    with refused(403, "AccessDenied"):
        s3.get_object(**names, **own(OTHER))
    with refused(400, "400"):
        s3.head_object(**names)
    with refused(403, "403"):
        s3.head_object(**names, **own(OTHER))
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [(entry["Key"], entry["Size"], entry["ETag"]) for entry in listed] == [("k", 300_000, put["ETag"])]
    s3.delete_object(**names)


@pytest.mark.parametrize(
    "changed",
    [
        {"SSECustomerAlgorithm": "AES256"},
        {"SSECustomerKeyMD5": md5(KEY)},
        # Where the MD5 is given, boto3 adds nothing.
        {"SSECustomerKey": encoded(KEY), "SSECustomerKeyMD5": md5(KEY)},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": encoded(KEY), "SSECustomerKeyMD5": md5(OTHER)},
        own(b"short"),
    ],
    ids=["no key", "no key and no algorithm", "no algorithm", "the MD5 of another", "short"],
)
def test_what_is_no_key_stores_nothing(s3: BaseClient, bucket: str, changed: dict[str, object]) -> None:
    with refused(400, "InvalidArgument"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **changed)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_managed_transfers_go_up_and_down_in_parts(s3: BaseClient, bucket: str) -> None:
    content = body("large secret", 20 * MIB)
    s3.upload_fileobj(io.BytesIO(content), bucket, "k", ExtraArgs=own(), Config=PARTS)
    down = io.BytesIO()
    s3.download_fileobj(bucket, "k", down, ExtraArgs=own(), Config=PARTS)
    assert down.getvalue() == content
    third = s3.get_object(Bucket=bucket, Key="k", PartNumber=3, **own())
    assert (third["Body"].read(), third["PartsCount"]) == (content[12 * MIB : 18 * MIB], 4)
    with refused(400, "InvalidRequest"):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=3)


def test_every_part_needs_the_key_of_its_upload(s3: BaseClient, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", **own())
    assert confirmed(upload) == ("AES256", md5(KEY))
    names = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    with refused(400, "InvalidRequest"):
        s3.upload_part(**names, PartNumber=1, Body=b"part")
    with refused(400, "InvalidRequest"):
        s3.upload_part(**names, PartNumber=1, Body=b"part", **own(OTHER))
    part = s3.upload_part(**names, PartNumber=1, Body=b"part", **own())
    assert confirmed(part) == ("AES256", md5(KEY))
    s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert s3.get_object(Bucket=bucket, Key="k", **own())["Body"].read() == b"part"


@pytest.mark.parametrize("size", [100, MIB, 13 * MIB], ids=["inline", "file", "parts"])
@pytest.mark.parametrize("old", [None, KEY], ids=["open", "locked"])
@pytest.mark.parametrize("new", [None, KEY, OTHER], ids=["to open", "to one", "to another"])
def test_copies_between_keys(s3: BaseClient, bucket: str, size: int, old: bytes | None, new: bytes | None) -> None:
    content = body("copied", size)
    source, target = (own(old) if old else {}), (own(new) if new else {})
    s3.upload_fileobj(io.BytesIO(content), bucket, "source", ExtraArgs=source, Config=PARTS)
    opened = of_source(old) if old else {}
    copy = s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/source", **opened, **target)
    assert confirmed(copy) == (("AES256", md5(new)) if new else (None, None))
    s3.delete_object(Bucket=bucket, Key="source")
    assert s3.get_object(Bucket=bucket, Key="k", **target)["Body"].read() == content
    if new:
        with refused(400, "InvalidRequest"):
            s3.get_object(Bucket=bucket, Key="k")
    else:
        with refused(400, "InvalidRequest"):
            s3.get_object(Bucket=bucket, Key="k", **own())


def test_a_managed_copy_goes_from_key_to_key_in_parts(s3: BaseClient, bucket: str) -> None:
    content = body("managed", 20 * MIB)
    s3.upload_fileobj(io.BytesIO(content), bucket, "source", ExtraArgs=own(), Config=PARTS)
    extra = of_source() | own(OTHER)
    s3.copy({"Bucket": bucket, "Key": "source"}, bucket, "k", ExtraArgs=extra, Config=PARTS)
    assert s3.get_object(Bucket=bucket, Key="k", **own(OTHER))["Body"].read() == content


def test_a_presigned_link_opens_nothing_without_the_key(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"shared", **own())
    plain = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(plain, timeout=30).status_code == 400
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k", **own()})
    prefix = "x-amz-server-side-encryption-customer-"
    headers = {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": encoded(KEY),
        f"{prefix}key-MD5": md5(KEY),
    }
    assert headers[f"{prefix}key"] not in signed
    answer = requests.get(signed, headers=headers, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"shared")
    assert requests.get(signed, timeout=30).status_code == 403
    # Headers that the link was not signed for.
    assert requests.get(plain, headers=headers, timeout=30).status_code == 403


def test_the_aws_command_copies_with_keys(aws: AwsCli, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "other").write_bytes(OTHER)
    up = write_file(tmp_path / "up", 40, 20 * MIB)
    target, key = f"s3://{bucket}/k", f"fileb://{tmp_path}/key"
    aws("s3", "cp", tmp_path / "up", target, "--sse-c", "AES256", "--sse-c-key", key)
    with pytest.raises(CommandFailed):
        aws("s3", "cp", target, tmp_path / "down")
    rekeyed = f"s3://{bucket}/rekeyed"
    source = ["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", key]
    other = ["--sse-c", "AES256", "--sse-c-key", f"fileb://{tmp_path}/other"]
    aws("s3", "cp", target, rekeyed, *source, *other)
    aws("s3", "cp", rekeyed, tmp_path / "down", *other)
    assert file_sha256(tmp_path / "down") == up


def test_rclone_with_a_customer_key(rclone: Rclone, bucket: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    write_file(tree / "large.bin", 41, 20 * MIB)
    (tree / "small.txt").write_bytes(b"small")
    remote = f"r2:{bucket}"
    key = ["--s3-sse-customer-algorithm=AES256", f"--s3-sse-customer-key={KEY.decode()}"]
    rclone("copy", tree, remote, "--s3-upload-cutoff=10M", "--s3-chunk-size=5M", *key)
    rclone("check", "--download", tree, remote, *key)
    # The times of modification come back, so a second copy finds nothing to do.
    assert "Copied" not in rclone.report("copy", tree, remote, *key)
    rclone("copyto", f"{remote}/small.txt", f"{remote}/copy.txt", *key)
    assert rclone("cat", f"{remote}/copy.txt", *key) == "small"
    with pytest.raises(CommandFailed):
        rclone("cat", f"{remote}/small.txt")
