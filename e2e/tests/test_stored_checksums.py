"""Checksums come back: what clients send is kept, and they verify with it what they read. Every expected value is
computed here, from the bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.checksums import checksum, digest
from harness.commands import AwsCli, Node
from harness.refusal import refused

ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
CONTENT = body("kept", 10_000)
# boto3's and lib-storage's own part sizes.
BOTO3_PART_BYTES = 8 * MIB
LIB_STORAGE_PART_BYTES = 5 * MIB


def of_parts(algorithm: str, parts: list[bytes]) -> tuple[str, str]:
    """The checksum of an object of these parts, and its type, as R2's table has it."""
    if algorithm == "CRC64NVME":
        return checksum(algorithm, b"".join(parts)), "FULL_OBJECT"
    composite = digest(algorithm, b"".join(digest(algorithm, part) for part in parts))
    return f"{base64.b64encode(composite).decode()}-{len(parts)}", "COMPOSITE"


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def shown(answer: dict[str, object]) -> tuple[dict[str, object], object]:
    """Every checksum of an answer by its algorithm, and the type."""
    values = {name: answer[f"Checksum{name}"] for name in ALGORITHMS if f"Checksum{name}" in answer}
    return values, answer.get("ChecksumType")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_is_answered_to_the_upload_and_to_reads(s3: BaseClient, bucket: str, algorithm: str) -> None:
    value = checksum(algorithm, CONTENT)
    expected = ({algorithm: value}, "FULL_OBJECT")
    put = s3.put_object(Bucket=bucket, Key="k", Body=CONTENT, **{f"Checksum{algorithm}": value})
    assert shown(put) == expected
    assert shown(s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected
    assert shown(s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == expected
    assert shown(s3.head_object(Bucket=bucket, Key="k")) == ({}, None)
    copy = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    assert shown(copy["CopyObjectResult"]) == expected
    assert shown(s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")) == expected
    for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


def test_boto3_unconfigured_keeps_a_crc32(s3: BaseClient, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=CONTENT)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert shown(head) == ({"CRC32": checksum("CRC32", CONTENT)}, "FULL_OBJECT")
    # It asks for checksums by itself and verifies what it reads.
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == CONTENT
    assert got["ChecksumCRC32"] == checksum("CRC32", CONTENT)


def test_boto3_unconfigured_uploads_parts_with_a_composite_crc32(
    s3: BaseClient, tls_s3: BaseClient, bucket: str, tmp_path: Path
) -> None:
    content = body("file", 2 * BOTO3_PART_BYTES + 1000)
    parts = cut(content, BOTO3_PART_BYTES)
    value, kind = of_parts("CRC32", parts)
    (tmp_path / "file").write_bytes(content)
    for client, key in ((s3, "header"), (tls_s3, "trailer")):
        client.upload_file(str(tmp_path / "file"), bucket, key)
        head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        assert shown(head) == ({"CRC32": value}, kind)
        for number, part in enumerate(parts, 1):
            got = client.get_object(Bucket=bucket, Key=key, PartNumber=number, ChecksumMode="ENABLED")
            assert got["ChecksumCRC32"] == checksum("CRC32", part)
            assert got["Body"].read() == part
        client.download_file(bucket, key, str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == content


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_parts_make_the_checksum_of_the_object(s3: BaseClient, bucket: str, algorithm: str) -> None:
    bodies = [body("first", 5 * MIB), body("last", 1000)]
    value, kind = of_parts(algorithm, bodies)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (begun["ChecksumAlgorithm"], begun["ChecksumType"]) == (algorithm, kind)
    names = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    sums = [{f"Checksum{algorithm}": checksum(algorithm, part)} for part in bodies]
    parts = []
    for number, (part, sent) in enumerate(zip(bodies, sums, strict=True), 1):
        answer = s3.upload_part(**names, PartNumber=number, Body=part, **sent)
        assert shown(answer)[0] == {algorithm: checksum(algorithm, part)}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **sent})
    listed = s3.list_parts(**names)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, kind)
    assert [shown(part)[0] for part in listed["Parts"]] == [{algorithm: checksum(algorithm, part)} for part in bodies]

    wrong = {f"Checksum{algorithm}": of_parts(algorithm, bodies[:1])[0]}
    with refused(400, "BadDigest"):
        s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts}, **wrong)
    right = {f"Checksum{algorithm}": value, "ChecksumType": kind, "MpuObjectSize": 5 * MIB + 1000}
    done = s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts}, **right)
    assert shown(done) == ({algorithm: value}, kind)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert shown(head) == ({algorithm: value}, kind)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"".join(bodies)


def test_the_aws_command_uploads_and_verifies_unconfigured(
    aws: AwsCli, s3: BaseClient, bucket: str, tmp_path: Path
) -> None:
    for name, content in (("small", CONTENT), ("large", body("aws", 9 * MIB))):
        (tmp_path / name).write_bytes(content)
        aws("s3", "cp", str(tmp_path / name), f"s3://{bucket}/{name}")
        aws("s3", "cp", f"s3://{bucket}/{name}", str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == content
        values, _ = shown(s3.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED"))
        parts = cut(content, BOTO3_PART_BYTES)
        for algorithm, value in values.items():
            assert value in (checksum(algorithm, content), of_parts(algorithm, parts)[0])
        assert values, "nothing was kept"


def test_the_javascript_sdk_sends_and_verifies_them_unconfigured(node: Node, s3: BaseClient, bucket: str) -> None:
    sizes = [10_000, 2 * LIB_STORAGE_PART_BYTES + 1000]
    results = node(
        "stored_checksums.mjs", BUCKET=bucket, ALGORITHMS=json.dumps([None, *ALGORITHMS]), SIZES=json.dumps(sizes)
    )
    assert len(results) == 2 * (len(ALGORITHMS) + 1)
    for result in results:
        key, algorithm = result["key"], result["algorithm"] or "CRC32"
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        parts = cut(content, LIB_STORAGE_PART_BYTES)
        expected = (checksum(algorithm, content), "FULL_OBJECT") if len(parts) == 1 else of_parts(algorithm, parts)
        assert (result["head"][f"Checksum{algorithm}"], result["head"]["ChecksumType"]) == expected, key
        assert result["done"][f"Checksum{algorithm}"] == expected[0], key
        assert result["same"], key
