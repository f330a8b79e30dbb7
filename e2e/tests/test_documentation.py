"""R2's own pages, run as they are written but for endpoint and credentials; see `pages/README.md`.

Each test has a server of its own, so that the buckets are those the page names.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.client import BaseClient

from harness.bodies import MIB, body, file_sha256, write_file
from harness.commands import AwsCli, CommandFailed, Rclone, isolated_environment, run
from harness.localhost import resolve_localhost_names
from harness.pages import links, newer, node, older, page, placeholders, python, shell, shown_tree
from harness.refusal import refused
from harness.sdks import need_program
from harness.server import CairnServer

MakeClient = Callable[..., BaseClient]
DOG = body("dog", 50_000)


@pytest.fixture
def s3(fresh_cairn: CairnServer, make_client: MakeClient) -> BaseClient:
    """boto3 for this test's own server: to prepare what a page takes for granted, and to look at what it did."""
    return make_client(fresh_cairn)


def test_getting_started_with_python(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket")
    shell(page("getting_started_file.sh"), tmp_path, isolated_environment(tmp_path))
    assert python(page("getting_started.py", newer(fresh_cairn)), tmp_path) == page("getting_started_py.txt")
    assert (tmp_path / "downloaded.txt").read_text() == "Hello, R2!\n"


def test_getting_started_with_javascript(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket")
    printed = node(page("getting_started.mjs", newer(fresh_cairn)), tmp_path, fresh_cairn)
    assert printed == page("getting_started_mjs.txt")


# The page leaves to the reader what to upload.
FILE_CONTENT = f"import io\nfile_content = bytes.fromhex('{DOG[:1000].hex()}')\n"


def test_boto3_client_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket")
    s3.put_object(Bucket="my-bucket", Key="dog.png", Body=b"an older dog")
    script = page("boto3_client.py", newer(fresh_cairn))
    # Looks at the object before it is overwritten, and between upload and deletion.
    looks = "\nassert object_information['ContentLength'] == 12, object_information\n"
    upload = "s3.upload_fileobj(io.BytesIO(file_content), 'my-bucket', 'dog.png')\n"
    assert upload in script
    between = f"{upload}assert s3.get_object(Bucket='my-bucket', Key='dog.png')['Body'].read() == file_content\n"
    python(FILE_CONTENT + script.replace(upload, between) + looks, tmp_path)
    assert s3.list_objects_v2(Bucket="my-bucket")["KeyCount"] == 0


def test_boto3_client_page_of_2025(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket-name")
    s3.put_object(Bucket="my-bucket-name", Key="cat.png", Body=b"an older cat")
    names = {"<location>": "auto", "<R2_BUCKET_NAME>": "'my-bucket-name'", "<FILE_KEY_NAME>": "'cat.png'"}
    python(FILE_CONTENT + page("boto3_client_older.txt", older(fresh_cairn) | names), tmp_path)
    assert s3.list_objects_v2(Bucket="my-bucket-name")["KeyCount"] == 0


@pytest.mark.parametrize("year", ["2025", "2026"])
def test_boto3_resource_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path, year: str) -> None:
    for name in ("user-uploads", "my-bucket-name"):
        s3.create_bucket(Bucket=name)
    s3.put_object(Bucket="my-bucket-name", Key="cat.png", Body=b"cat")
    script = (
        page("boto3_resource.py", newer(fresh_cairn))
        if year == "2026"
        else page("boto3_resource_without_region.py", older(fresh_cairn))
    )
    use = """
print('Buckets:', *[bucket.name for bucket in s3.buckets.all()])
print('Objects:', *[entry.key for entry in s3.Bucket('my-bucket-name').objects.all()])
"""
    assert python(script + use, tmp_path) == "Buckets: my-bucket-name user-uploads\nObjects: cat.png\n"


def test_boto3_presigned_page(fresh_cairn: CairnServer, s3: BaseClient, curl: str, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="my-bucket")
    get_url, put_url = links(python(page("boto3_presigned.py", newer(fresh_cairn)), tmp_path))
    (tmp_path / "dog.png").write_bytes(DOG)
    upload = page("boto3_presigned_curl.sh").replace("\\\n", " ")
    url = "https://<ACCOUNT_ID>.r2.cloudflarestorage.com/my-bucket/dog.png?X-Amz-Algorithm=..."
    assert url in upload
    command = [curl, "--fail", *shlex.split(upload.replace(url, put_url))[1:]]
    run(command, isolated_environment(tmp_path), tmp_path)
    assert requests.get(get_url, timeout=30).content == DOG

    # "The upload will fail if the client sends a different Content-Type header."
    refused = requests.put(put_url, data=b"page", headers={"Content-Type": "text/html"}, timeout=30)
    assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
    assert s3.head_object(Bucket="my-bucket", Key="dog.png")["ContentType"] == "image/png"


def test_aws_cli_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="sdk-example")
    s3.put_object(Bucket="sdk-example", Key="ferriswasm.png", Body=DOG)
    environment = isolated_environment(tmp_path)
    environment["PATH"] = f"{Path(AwsCli.program()).parent}{os.pathsep}{environment['PATH']}"
    endpoint = {"https://<accountid>.r2.cloudflarestorage.com": fresh_cairn.endpoint}

    credentials = older(fresh_cairn)
    del credentials["https://<accountid>.r2.cloudflarestorage.com"]
    dialogue = page("aws_configure_answers.txt", credentials).splitlines()
    answers = "".join(line.split(": ", 1)[1] + "\n" for line in dialogue)
    configured = subprocess.run(
        shlex.split(page("aws_configure.sh")),
        env=environment,
        input=answers,
        capture_output=True,
        text=True,
        check=True,
    )
    assert configured.stdout == "".join(line.split(": ", 1)[0] + ": " for line in dialogue)

    buckets, objects = json_values(shell(page("aws_list.sh", endpoint), tmp_path, environment))
    assert [bucket["Name"] for bucket in buckets["Buckets"]] == ["sdk-example"]
    assert buckets["Owner"] == {"DisplayName": fresh_cairn.account_id, "ID": fresh_cairn.account_id}
    (listed,) = objects["Contents"]
    assert {"Key", "LastModified", "ETag", "Size", "StorageClass"} <= set(listed)
    assert (listed["Key"], listed["Size"], listed["StorageClass"]) == ("ferriswasm.png", len(DOG), "STANDARD")

    # The page shows the command twice, once with a prompt before it.
    presign = page("aws_presign.sh", endpoint | {"$ aws": "aws"})
    for link in links(shell(presign, tmp_path, environment)):
        assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
        assert requests.get(link, timeout=30).content == DOG


def json_values(printed: str) -> list[dict]:
    """The JSON values printed one after the other."""
    values, rest = [], printed.lstrip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        values.append(value)
        rest = rest[end:].lstrip()
    return values


JS_ENDPOINT = "https://${ACCOUNT_ID}.r2.cloudflarestorage.com"


def prepare_my_bucket(s3: BaseClient) -> None:
    """The buckets and objects the JavaScript pages list."""
    for name in ("user-uploads", "my-bucket-name"):
        s3.create_bucket(Bucket=name)
    for key in ("cat.png", "todos.txt"):
        s3.put_object(Bucket="my-bucket-name", Key=key, Body=key.encode())


def upload_form_with_curl(curl: str, link: str, directory: Path) -> None:
    """The upload both JavaScript pages show: `curl -X PUT <link> -F "data=@dog.png"`."""
    (directory / "dog.png").write_bytes(DOG)
    command = [curl, "--fail", "--silent", "--show-error", "-X", "PUT", link, "-F", "data=@dog.png"]
    run(command, isolated_environment(directory), directory)


def test_aws_sdk_js_v3_page(fresh_cairn: CairnServer, s3: BaseClient, curl: str, tmp_path: Path) -> None:
    prepare_my_bucket(s3)
    script = page("aws_sdk_js_v3.mjs", {JS_ENDPOINT: fresh_cairn.endpoint}) + page("aws_sdk_js_v3_presigned.mjs")
    printed = node(script, tmp_path, fresh_cairn)
    assert re.findall(r"\bName: '([^']+)', CreationDate|\bName: '([^']+)',\n\s+CreationDate", printed)
    for expected in ("'user-uploads'", "'my-bucket-name'", fresh_cairn.account_id, "IsTruncated: false", "KeyCount: 2"):
        assert expected in printed
    assert re.findall(r"\bKey: '([^']+)'", printed) == ["cat.png", "todos.txt"]
    assert re.findall(r"StorageClass: '([^']+)'", printed) == ["STANDARD", "STANDARD"]

    get_link, put_link = links(printed)
    upload_form_with_curl(curl, put_link, tmp_path)
    # `-F` wraps the file in a form; R2 stores the body of a PUT as it comes.
    assert DOG in requests.get(get_link, timeout=30).content


# The older SDK puts the bucket into the host name, even before an address; see `harness/localhost.py` for such names.
LOOK_UP_LOCALHOST = """
import dns from "node:dns";
const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);
"""


def test_aws_sdk_js_page(
    fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_my_bucket(s3)
    resolve_localhost_names(monkeypatch)
    names = {
        "https://${accountid}.r2.cloudflarestorage.com": fresh_cairn.endpoint.replace("127.0.0.1", "localhost"),
        "${access_key_id}": fresh_cairn.credentials.access_key_id,
        "${access_key_secret}": fresh_cairn.credentials.secret_access_key,
    }
    presigned = page("aws_sdk_js_presigned.mjs")
    printed = node(LOOK_UP_LOCALHOST + page("aws_sdk_js.mjs", names) + presigned, tmp_path, fresh_cairn)
    assert re.findall(r"\bName: '([^']+)'", printed) == ["my-bucket-name", "user-uploads", "my-bucket-name"]
    for expected in (fresh_cairn.account_id, "IsTruncated: false", "MaxKeys: 1000", "CommonPrefixes: []"):
        assert expected in printed
    assert re.findall(r"\bKey: '([^']+)'", printed) == ["cat.png", "todos.txt"]

    get_link, put_link = links(printed)
    assert requests.put(put_link, data=DOG, timeout=30).status_code == 200
    assert requests.get(get_link, timeout=30).content == DOG


def test_aws_sdk_ruby_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    need_program("ruby")
    prepare_my_bucket(s3)
    s3.create_bucket(Bucket="your-bucket")
    for number in range(21):
        s3.put_object(Bucket="your-bucket", Key=f"object-{number:02}", Body=b"")
    names = {
        "https://#{cloudflare_account_id}.r2.cloudflarestorage.com": fresh_cairn.endpoint,
        "#{access_key_id}": fresh_cairn.credentials.access_key_id,
        "#{secret_access_key}": fresh_cairn.credentials.secret_access_key,
    }
    (tmp_path / "example.rb").write_text(page("aws_sdk_ruby.rb", names))
    printed = run(["ruby", "example.rb"], isolated_environment(tmp_path), tmp_path)
    buckets, objects = printed.splitlines()
    assert re.findall(r':name=>"([^"]+)"', buckets) == ["my-bucket-name", "user-uploads", "your-bucket"]
    assert fresh_cairn.account_id in buckets
    assert re.findall(r':key=>"([^"]+)"', objects) == [f"object-{number:02}" for number in range(20)]
    assert ":is_truncated=>true" in objects


# aws4fetch knows R2 by its host name. Under any other name it must be told the two options that the page's second
# block passes anyway; with them the rest of the block runs as it stands.
AWS4FETCH_OPTIONS = {"new AwsClient({\n": 'new AwsClient({\n  service: "s3",\n  region: "auto",\n'}


def test_aws4fetch_page(fresh_cairn: CairnServer, s3: BaseClient, curl: str, tmp_path: Path) -> None:
    prepare_my_bucket(s3)
    endpoint = {JS_ENDPOINT: fresh_cairn.endpoint}
    printed = node(page("aws4fetch.mjs", endpoint | AWS4FETCH_OPTIONS), tmp_path, fresh_cairn)
    for expected in ("<Name>user-uploads</Name>", "<Name>my-bucket-name</Name>", f"<ID>{fresh_cairn.account_id}</ID>"):
        assert expected in printed
    assert re.findall(r"<Key>([^<]+)</Key>", printed) == ["cat.png", "todos.txt"]
    for expected in ("<IsTruncated>false</IsTruncated>", "<MaxKeys>1000</MaxKeys>", "<KeyCount>2</KeyCount>"):
        assert expected in printed

    get_link, put_link = links(node(page("aws4fetch_presigned.mjs", endpoint), tmp_path, fresh_cairn))
    upload_form_with_curl(curl, put_link, tmp_path)
    assert DOG in requests.get(get_link, timeout=30).content


def test_rclone_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    rclone = Rclone.configured(fresh_cairn, tmp_path)
    assert_is_the_configuration_of_the_page(fresh_cairn, rclone)
    for bucket, keys in {"user-uploads": ["foobar.png"], "my-bucket-name": ["cat.png", "todos.txt"]}.items():
        s3.create_bucket(Bucket=bucket)
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    for stanza in page("rclone_tree.sh").split("\n\n\n"):
        assert shown_tree(shell(stanza, tmp_path, rclone.environment)) == shown_tree(stanza)

    (tmp_path / "dog.txt").write_text("dog")
    upload, download = page("rclone_copy.sh").split("\n\n\n")
    assert shown_tree(shell(upload, tmp_path, rclone.environment)) == shown_tree(upload)
    (tmp_path / "dog.txt").unlink()
    shell(download, tmp_path, rclone.environment)
    assert (tmp_path / "dog.txt").read_text() == "dog"

    (link,) = links(shell(page("rclone_link.sh"), tmp_path, rclone.environment))
    assert parse_qs(urlsplit(link).query)["X-Amz-Expires"] == ["3600"]
    assert requests.get(link, timeout=30).content == b"cat.png"


def assert_is_the_configuration_of_the_page(server: CairnServer, rclone: Rclone) -> None:
    """The fixture of all rclone tests configures what the page says."""
    endpoint = "https://<accountid>.r2.cloudflarestorage.com"
    expected = page("rclone.conf", placeholders(server, endpoint, "abc123", "xyz456"))
    assert Path(rclone.environment["RCLONE_CONFIG"]).read_text() == expected


def test_rclone_page_on_part_sizes(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    rclone = Rclone.configured(fresh_cairn, tmp_path)
    s3.create_bucket(Bucket="user-uploads")
    digest = write_file(tmp_path / "long-video.mp4", 110, 110 * MIB)
    shell(page("rclone_long_video.sh"), tmp_path, rclone.environment)
    assert s3.head_object(Bucket="user-uploads", Key="long-video.mp4")["ETag"].endswith('-2"')
    s3.download_file("user-uploads", "long-video.mp4", str(tmp_path / "back"))
    assert file_sha256(tmp_path / "back") == digest


def test_upload_objects_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    rclone = Rclone.configured(fresh_cairn, tmp_path)
    s3.create_bucket(Bucket="my-bucket")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in-folder.txt").write_text("in folder")
    (tmp_path / "file.txt").write_text("file")
    names = {"/path/to/local": str(tmp_path), "bucket_name": "my-bucket"}
    shell(page("upload_objects.sh", names), tmp_path, rclone.environment)
    listed = shell(page("upload_objects_ls.sh", {"bucket_name": "my-bucket"}), tmp_path, rclone.environment)
    assert sorted(line.split() for line in listed.splitlines()) == [["4", "file.txt"], ["9", "in-folder.txt"]]


def test_presigned_urls_page(
    fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.create_bucket(Bucket="uploads")
    credentials = fresh_cairn.credentials
    port = urlsplit(fresh_cairn.endpoint).port
    worker = page(
        "presigned_worker.ts",
        {
            'accessKeyId: ""': f'accessKeyId: "{credentials.access_key_id}"',
            'secretAccessKey: ""': f'secretAccessKey: "{credentials.secret_access_key}"',
            'bucketName = ""': 'bucketName = "uploads"',
            'accountId = ""': f'accountId = "{fresh_cairn.account_id}"',
            # The host name keeps its shape: bucket, account, `r2`, and the domain of this server.
            "https://${bucketName}.${accountId}.r2.cloudflarestorage.com": (
                f"http://${{bucketName}}.${{accountId}}.r2.localhost:{port}"
            ),
            # Node 20 runs no TypeScript: the two annotations go.
            ": Promise<Response>": "",
            " satisfies ExportedHandler": "",
        }
        | AWS4FETCH_OPTIONS,
    )
    ask = """
const { default: worker } = await import("./worker.mjs");
for (const path of ["/", "/uploads/dog.png"]) {
  const response = await worker.fetch(new Request(`https://example.com${path}`));
  console.log(response.status, await response.text());
}
"""
    (tmp_path / "worker.mjs").write_text(worker)
    refused, granted = node(ask, tmp_path, fresh_cairn).splitlines()
    assert refused == "400 Missing a filepath"
    link = granted.removeprefix("200 ")

    resolve_localhost_names(monkeypatch)
    assert requests.put(link, data=DOG, timeout=30).status_code == 200
    assert s3.get_object(Bucket="uploads", Key="uploads/dog.png")["Body"].read() == DOG
    # "Trying to change the bucket name ... will return a 403 with an error code of SignatureDoesNotMatch."
    s3.create_bucket(Bucket="others")
    for changed in (link.replace("//uploads.", "//others."), link.replace("dog.png", "cat.png")):
        answer = requests.put(changed, data=DOG, timeout=30)
        assert (answer.status_code, "<Code>SignatureDoesNotMatch</Code>" in answer.text) == (403, True)
    # The link is for PUT alone.
    assert requests.get(link, timeout=30).status_code == 403


def test_presigned_urls_page_on_signed_headers(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="uploads")
    before = f"""
import {{ AwsClient }} from "aws4fetch";
const client = new AwsClient({{
  service: "s3",
  region: "auto",
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: SECRET_ACCESS_KEY,
}});
const url = new URL("{fresh_cairn.endpoint}/uploads/dog.png?X-Amz-Expires=3600");
const file = "dog";
"""
    after = "console.log(response.status);\nconsole.log(signed.url);\n"
    blocks = page("presigned_condition_sign.mjs") + page("presigned_condition_use.mjs")
    status, link = node(before + blocks + after, tmp_path, fresh_cairn).splitlines()
    # The condition itself holds, as there is no object yet.
    assert status == "200"
    assert s3.list_objects_v2(Bucket="uploads")["KeyCount"] == 1

    # "The caller cannot omit the header or use a different header, since the signature covers the headers."
    for headers in ({}, {"If-Unmodified-Since": "Wed, 29 Sep 2021 16:00:00 GMT"}):
        answer = requests.put(link, data=b"other", headers=headers, timeout=30)
        assert (answer.status_code, "<Code>SignatureDoesNotMatch</Code>" in answer.text) == (403, True)


# The page makes a resource, which has neither `meta.events` nor `put_object`, and names buckets with an underscore,
# which R2 does not allow.
CUSTOM_HEADER_PYTHON = {"boto3.resource('s3'": "boto3.client('s3', region_name='auto'", "my_bucket": "my-bucket"}
# Node 20 runs no TypeScript: the annotations go.
CUSTOM_HEADER_JS = {"my_bucket": "my-bucket", " as RequestInit": ""}
CONTENTS = {"py": b"file_contents", "ts": b"my_data"}
KEYS = {"py": "my_file", "ts": "my_key"}


def run_custom_header_page(name: str, server: CairnServer, directory: Path, changes: dict[str, str]) -> str:
    """Runs one block of the page in its language."""
    if name.endswith(".py"):
        return python(page(name, older(server) | CUSTOM_HEADER_PYTHON | changes), directory)
    script = page(name, CUSTOM_HEADER_JS | {JS_ENDPOINT: server.endpoint} | changes)
    return node(script, directory, server)


@pytest.mark.parametrize("language", ["py", "ts"])
def test_custom_headers_page_on_all_requests(
    fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path, language: str
) -> None:
    assert s3.list_buckets()["Buckets"] == []
    run_custom_header_page(f"custom_header_all.{language}", fresh_cairn, tmp_path, {})
    written = s3.get_object(Bucket="my-bucket", Key=KEYS[language])
    assert written["Body"].read() == CONTENTS[language]


@pytest.mark.parametrize("language", ["py", "ts"])
def test_custom_headers_page_on_each_request(
    fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path, language: str
) -> None:
    s3.create_bucket(Bucket="my-bucket")
    etag = s3.put_object(Bucket="my-bucket", Key="my_key", Body=b"old")["ETag"]
    annotations = {": [key: string, value: string]": "", ": void": ""} if language == "ts" else {}

    def run_with(changes: dict[str, str]) -> None:
        run_custom_header_page(f"custom_header_each.{language}", fresh_cairn, tmp_path, annotations | changes)

    # The page's ETag is not the object's: "boto3 will throw an exception if the precondition failed."
    with pytest.raises(CommandFailed, match="PreconditionFailed"):
        run_with({})
    assert s3.get_object(Bucket="my-bucket", Key="my_key")["Body"].read() == b"old"
    run_with({'"29d911f495d1ba7cb3a4d7d15e63236a"': etag})
    assert s3.get_object(Bucket="my-bucket", Key="my_key")["Body"].read() == CONTENTS[language]


def test_ssec_page(fresh_cairn: CairnServer, s3: BaseClient, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="your-bucket")
    key = b"32 bytes of a key of the page..."
    script = page(
        "ssec.ts",
        {
            "process.env.R2_ENDPOINT": repr(fresh_cairn.endpoint),
            "process.env.R2_ACCESS_KEY_ID": "ACCESS_KEY_ID",
            "process.env.R2_SECRET_ACCESS_KEY": "SECRET_ACCESS_KEY",
            "process.env.R2_SSEC_KEY_MD5": repr(base64.b64encode(hashlib.md5(key).digest()).decode()),
            "process.env.R2_SSEC_KEY;": f"{base64.b64encode(key).decode()!r};",
            # "Replace with a function/body of your choice."
            "filledBuf()": "Buffer.alloc(5 * 1024 * 1024, 7)",
            # The page names no region, which the SDK cannot do without.
            "new S3Client({": 'new S3Client({\n  region: "auto",',
            # Node 20 runs no TypeScript: the annotations go.
            "  type UploadPartCommandOutput\n": "",
            ": UploadPartCommandOutput[]": "",
            # Imported by nobody on the page.
            "  CreateMultipartUploadCommand,\n": (
                "  CreateMultipartUploadCommand,\n  GetObjectCommand,\n  HeadObjectCommand,\n"
            ),
        },
    )
    show = """
console.log(HeadObjectOutput.ContentLength, HeadObjectOutput.SSECustomerAlgorithm);
console.log(await GetObjectOutput.Body.transformToString());
"""
    assert node(script + show, tmp_path, fresh_cairn).splitlines() == [f"{10 << 20} AES256", "BeepBoop"]
    for name in ("single-part", "multi-part"):
        with refused(400, "InvalidRequest"):
            s3.get_object(Bucket="your-bucket", Key=name)
        read = s3.get_object(Bucket="your-bucket", Key=name, SSECustomerAlgorithm="AES256", SSECustomerKey=key)
        assert read["SSECustomerKeyMD5"] == base64.b64encode(hashlib.md5(key).digest()).decode()
