"""Uploads by HTML form, and uploads whose length nobody knows: what R2 refuses and S3's users ask for."""

from __future__ import annotations

import subprocess
import urllib.request
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body
from harness.commands import Node
from harness.refusal import refused


def post(form: dict, file: object, **others: object) -> requests.Response:
    """Sends a form as a browser does, without following a redirection."""
    others = {"files": {"file": file}, "timeout": 60, "allow_redirects": False} | others
    return requests.post(form["url"], data=form["fields"], **others)


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error document."""
    return answer.status_code, xml.fromstring(answer.content).findtext("Code")


def test_boto3s_form_takes_a_file(s3: BaseClient, bucket: str) -> None:
    for size in [0, 1, 40_000, 6 * MIB]:
        form = s3.generate_presigned_post(bucket, "folder/a b.bin")
        answer = post(form, ("ignored.bin", body(size, size)))
        assert (answer.status_code, answer.content) == (204, b"")
        stored = s3.get_object(Bucket=bucket, Key="folder/a b.bin")
        assert stored["Body"].read() == body(size, size)
        assert answer.headers["etag"] == stored["ETag"]


def test_boto3s_form_takes_fields_and_conditions(s3: BaseClient, bucket: str) -> None:
    fields = {"acl": "public-read", "Cache-Control": "no-cache", "x-amz-meta-colour": "grün"}
    fields |= {"success_action_status": "201"}
    conditions = [{name: value} for name, value in fields.items()]
    conditions += [["starts-with", "$Content-Type", "image/"], ["content-length-range", 1, 10]]
    form = s3.generate_presigned_post(bucket, "up/${filename}", fields, conditions)
    form["fields"]["Content-Type"] = "image/png"
    answer = post(form, ("dog.png", b"0123456789"))
    assert answer.status_code == 201
    document = xml.fromstring(answer.content)
    assert document.tag == "PostResponse"
    assert (document.findtext("Bucket"), document.findtext("Key")) == (bucket, "up/dog.png")
    stored = s3.head_object(Bucket=bucket, Key="up/dog.png")
    assert (stored["ContentType"], stored["CacheControl"]) == ("image/png", "no-cache")
    assert document.findtext("ETag") == stored["ETag"]
    assert requests.head(document.findtext("Location"), timeout=30).status_code == 401

    assert refusal(post(form, ("dog.png", b""))) == (400, "EntityTooSmall")
    assert refusal(post(form, ("dog.png", b"0123456789a"))) == (400, "EntityTooLarge")
    assert refusal(post(form, ("dog.png", body(6, 6 * MIB)))) == (400, "EntityTooLarge")
    form["fields"]["Content-Type"] = "text/html"
    assert refusal(post(form, ("dog.png", b"012"))) == (403, "AccessDenied")
    form["fields"].pop("acl")
    assert refusal(post(form, ("dog.png", b"012"))) == (403, "AccessDenied")


def test_a_form_sends_its_user_where_it_says(s3: BaseClient, bucket: str) -> None:
    target = {"success_action_redirect": "https://example.com/thanks"}
    form = s3.generate_presigned_post(bucket, "k", target, [target])
    answer = post(form, ("a.txt", b"hello"))
    assert answer.status_code == 303
    location = urlsplit(answer.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == target["success_action_redirect"]
    seen = parse_qs(location.query)
    assert seen == {"bucket": [bucket], "key": ["k"], "etag": [s3.head_object(Bucket=bucket, Key="k")["ETag"]]}


def test_a_form_that_was_tampered_with_stores_nothing(s3: BaseClient, bucket: str) -> None:
    whole = s3.generate_presigned_post(bucket, "k")
    for name, value, expected in [
        ("key", "other", (403, "AccessDenied")),
        ("x-amz-meta-extra", "1", (403, "AccessDenied")),
        ("policy", whole["fields"]["policy"][:-4] + "AAAA", (403, "SignatureDoesNotMatch")),
        ("x-amz-signature", "0" * 64, (403, "SignatureDoesNotMatch")),
    ]:
        form = {"url": whole["url"], "fields": whole["fields"] | {name: value}}
        assert refusal(post(form, ("a", b"hello"))) == expected
    expired = s3.generate_presigned_post(bucket, "k", ExpiresIn=-10)
    assert refusal(post(expired, ("a", b"hello"))) == (403, "AccessDenied")
    anonymous = {"url": whole["url"], "fields": {"key": "k"}}
    assert refusal(post(anonymous, ("a", b"hello"))) == (401, "Unauthorized")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_a_form_as_a_browser_writes_it(s3: BaseClient, bucket: str) -> None:
    form = s3.generate_presigned_post(bucket, "up/${filename}")
    boundary = "----WebKitFormBoundaryePkpFF7tjBAqx29L"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="grün.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nline\r\n--not the end\r\n"
    )
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="submit"\r\n\r\nUpload\r\n--{boundary}--\r\n')
    sent = "".join(parts).encode()
    request = urllib.request.Request(form["url"], sent, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 204
    assert s3.get_object(Bucket=bucket, Key="up/grün.txt")["Body"].read() == b"line\r\n--not the end"


def test_curl_fills_in_a_form(s3: BaseClient, bucket: str, curl: str, tmp_path: Path) -> None:
    form = s3.generate_presigned_post(bucket, "k")
    (tmp_path / "file.bin").write_bytes(body(6, 6 * MIB))
    fields = [f"-F{name}={value}" for name, value in form["fields"].items()]
    command = [curl, "--fail", "--silent", "--show-error", *fields, "-Ffile=@file.bin", form["url"]]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body(6, 6 * MIB)


def test_the_javascript_sdks_form_takes_a_file(node: Node, s3: BaseClient, bucket: str) -> None:
    form = node("presigned_post.mjs", BUCKET=bucket, KEY="up/${filename}")
    answer = post(form, ("a.txt", b"hello"))
    assert answer.status_code == 204, answer.text
    assert s3.get_object(Bucket=bucket, Key="up/a.txt")["Body"].read() == b"hello"
    assert refusal(post(form, ("a.txt", b"x" * 101))) == (400, "EntityTooLarge")


def test_curl_uploads_from_a_pipe(s3: BaseClient, bucket: str, curl: str) -> None:
    for size in [0, 5, 40_000, 6 * MIB]:
        url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "piped"})
        command = [curl, "--fail", "--silent", "--show-error", "--http1.1", "-T", "-", url]
        subprocess.run(command, input=body(size, size), check=True, timeout=60)
        assert s3.get_object(Bucket=bucket, Key="piped")["Body"].read() == body(size, size)


def test_a_generator_uploads_an_object_and_a_part(s3: BaseClient, bucket: str) -> None:
    pieces = [body(7, 70_001)] * 100
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.put(url, data=iter(pieces), timeout=60).status_code == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"".join(pieces)
    names = {"Bucket": bucket, "Key": "parts"}
    upload = names | {"UploadId": s3.create_multipart_upload(**names)["UploadId"]}
    url = s3.generate_presigned_url("upload_part", Params=upload | {"PartNumber": 1})
    etag = requests.put(url, data=iter(pieces), timeout=60).headers["etag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.head_object(**names)["ContentLength"] == 7_000_100
