"""ListObjects and ListObjectsV2 against a model: every key once, in order, on pages of every size."""

from __future__ import annotations

import itertools
from urllib.parse import unquote_plus

import pytest
from botocore.client import BaseClient

from harness.bulk import put_many
from harness.listing_model import in_order, listed
from harness.refusal import refused
from harness.server import CairnServer
from harness.signed_requests import Signer

ODD_NAMES = [
    " leading space",
    "trailing space ",
    "two  spaces",
    "a+b",
    "a b",
    "a%20b",
    "100%",
    "%",
    "%2F",
    "a&b=c?d#e",
    "<tag attribute=\"x\">'&amp;'</tag>",
    "]]>",
    "back\\slash",
    "semi;colon,comma:colon@at!$*()",
    "~tilde-dash_under.dot",
    "[brackets]{braces}|^`",
    "//",
    "/leading",
    "//two leading",
    "double//inside",
    "trailing/",
    "trailing//",
    ".",
    "..",
    "../up",
    "a/./b",
    "a/../b",
    "tab\there",
    "line\nfeed",
    "carriage\rreturn",
    "\x01control\x1f",
    "\x7fdelete",
    "ümlaut",
    "Ünïcödé",
    "日本語/テキスト",
    "🙂",
    "👩‍👩‍👧‍👦/family",
    "\u202eright to left",
    "\uffff last of its plane",
    "\U0010fffd",
    "a\u200bzero width",
    "null",
    "0",
    "00",
    "-1",
    "1e3",
    "true",
]
PLAIN = [f"plain/{number // 100:02}/{number:04}" for number in range(2_500 - len(ODD_NAMES))]


@pytest.fixture(scope="module")
def odd_bucket(s3: BaseClient, cairn: CairnServer, signer: Signer, module_bucket: str) -> str:
    """2,500 objects, the odd names written by boto3."""
    for name in ODD_NAMES:
        s3.put_object(Bucket=module_bucket, Key=name, Body=name.encode())
    put_many(signer, cairn.endpoint, module_bucket, dict.fromkeys(PLAIN, b""))
    return module_bucket


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("page", [1000, 97])
def test_2500_keys_with_odd_names_are_listed_once_each_in_order(
    s3: BaseClient, odd_bucket: str, operation: str, page: int
) -> None:
    found: list[str] = []
    sizes: list[int] = []
    for answer in s3.get_paginator(operation).paginate(Bucket=odd_bucket, PaginationConfig={"PageSize": page}):
        found += [entry["Key"] for entry in answer["Contents"]]
        sizes.append(len(answer["Contents"]))
    assert found == in_order(ODD_NAMES + PLAIN)
    assert all(size == page for size in sizes[:-1]), sizes


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_object_with_an_odd_name_is_read_by_that_name(s3: BaseClient, odd_bucket: str, name: str) -> None:
    assert s3.get_object(Bucket=odd_bucket, Key=name)["Body"].read() == name.encode()
    entry = s3.list_objects_v2(Bucket=odd_bucket, Prefix=name, MaxKeys=1)["Contents"][0]
    assert (entry["Key"], entry["Size"]) == (name, len(name.encode()))


def test_names_are_listed_url_encoded_when_asked(s3: BaseClient, odd_bucket: str) -> None:
    # boto3 decodes the names again unless the caller asked for the encoding by himself.
    found = []
    for answer in s3.get_paginator("list_objects_v2").paginate(Bucket=odd_bucket, EncodingType="url"):
        assert answer["EncodingType"] == "url"
        found += [entry["Key"] for entry in answer["Contents"]]
    assert all(name.isascii() and not set(name) & set(" <>&\"'\\\t\n\r") for name in found)
    assert [unquote_plus(name) for name in found] == in_order(ODD_NAMES + PLAIN)


def test_a_listed_object_is_described(s3: BaseClient, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"12345")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    for answer in (s3.list_objects(Bucket=bucket), s3.list_objects_v2(Bucket=bucket)):
        (entry,) = answer["Contents"]
        assert (entry["Key"], entry["Size"], entry["ETag"], entry["StorageClass"]) == ("k", 5, etag, "STANDARD")
        assert entry["LastModified"].replace(microsecond=0) == modified


FOLDERS = [
    "a",
    "a/",
    "a/1",
    "a/2",
    "a/b/1",
    "a/b/2",
    "a/b/c/1",
    "a-1",
    "a.txt",
    "a0",
    "a1",
    "a2",
    "b//1",
    "b//2",
    "b/1",
    "photos",
    "photos-2/1",
    "photos.txt",
    "photos/1",
    "photos/2",
    "photos/3",
    "z/",
    "zz/é/1",
    "zz/é/2",
    "zz/ê",
    "/root",
    "/root/1",
]
QUERIES = [
    {"prefix": prefix, "delimiter": delimiter, "start_after": start_after}
    for prefix, delimiter, start_after in itertools.product(
        ["", "a", "a/", "a/b", "photos", "b/", "/", "zz/", "none"],
        ["", "/", "//", "b"],
        ["", "a", "a/1", "photos/2", "zzz"],
    )
]


@pytest.fixture(scope="module")
def folders(s3: BaseClient) -> str:
    """A bucket whose names share beginnings in every way that has ever confused a listing."""
    name = "e2e-folders-of-names"
    s3.create_bucket(Bucket=name)
    for key in FOLDERS:
        s3.put_object(Bucket=name, Key=key, Body=b"")
    return name


def pages(s3: BaseClient, bucket: str, query: dict[str, str], size: int) -> list[dict]:
    """All pages of one listing, followed by their tokens."""
    arguments = {"Bucket": bucket, "MaxKeys": size} | {
        {"prefix": "Prefix", "delimiter": "Delimiter", "start_after": "StartAfter"}[name]: value
        for name, value in query.items()
        if value
    }
    answers = [s3.list_objects_v2(**arguments)]
    tokens: set[str] = set()
    while answers[-1]["IsTruncated"]:
        token = answers[-1]["NextContinuationToken"]
        assert token not in tokens, "a token came twice"
        tokens.add(token)
        answers.append(s3.list_objects_v2(**arguments, ContinuationToken=token))
        assert answers[-1]["ContinuationToken"] == token
    assert "NextContinuationToken" not in answers[-1]
    return answers


def entries(answer: dict) -> list[tuple[str, str]]:
    """The keys and common prefixes of one page, together and in order."""
    keys = [("key", entry["Key"]) for entry in answer.get("Contents", [])]
    prefixes = [("prefix", entry["Prefix"]) for entry in answer.get("CommonPrefixes", [])]
    return sorted(keys + prefixes, key=lambda entry: (entry[1].encode(), entry[0]))


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_prefix_delimiter_and_start_after_list_what_the_model_lists(s3: BaseClient, folders: str, size: int) -> None:
    # Pages of one or two entries make every key and every common prefix the last of a page once.
    for query in QUERIES:
        answers = pages(s3, folders, query, size)
        expected = listed(FOLDERS, **query)
        assert [entry for answer in answers for entry in entries(answer)] == expected, (query, size)
        for answer in answers:
            assert answer["KeyCount"] == len(entries(answer)) <= size, (query, answer)
        assert len(answers) == max(1, -(-len(expected) // size)), (query, "a page more or less than needed")


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_the_first_version_of_the_listing_follows_its_markers(
    s3: BaseClient, folders: str, delimiter: str, size: int
) -> None:
    found: list[tuple[str, str]] = []
    marker = ""
    while True:
        answer = s3.list_objects(Bucket=folders, Delimiter=delimiter, MaxKeys=size, Marker=marker)
        assert answer.get("Marker", "") == marker
        found += entries(answer)
        # R2's release note of 2023-06-16: the next marker is there exactly when the list is truncated.
        assert ("NextMarker" in answer) == answer["IsTruncated"]
        if not answer["IsTruncated"]:
            break
        marker = answer["NextMarker"]
    assert found == listed(FOLDERS, delimiter=delimiter)


def test_a_marker_may_be_any_name(s3: BaseClient, folders: str) -> None:
    answer = s3.list_objects(Bucket=folders, Marker="a/b/zzz")
    assert entries(answer) == listed(FOLDERS, start_after="a/b/zzz")


def test_a_listing_repeats_what_was_asked(s3: BaseClient, folders: str) -> None:
    answer = s3.list_objects_v2(Bucket=folders, Prefix="a/", Delimiter="/", StartAfter="a/1", MaxKeys=5)
    repeated = {name: answer[name] for name in ("Name", "Prefix", "Delimiter", "StartAfter", "MaxKeys")}
    assert repeated == {"Name": folders, "Prefix": "a/", "Delimiter": "/", "StartAfter": "a/1", "MaxKeys": 5}


def test_a_full_last_page_has_no_token(s3: BaseClient, folders: str) -> None:
    answer = s3.list_objects_v2(Bucket=folders, MaxKeys=len(FOLDERS))
    assert (answer["IsTruncated"], answer["KeyCount"]) == (False, len(FOLDERS))
    assert "NextContinuationToken" not in answer


def test_a_page_of_nothing_is_not_truncated(s3: BaseClient, folders: str) -> None:
    answer = s3.list_objects_v2(Bucket=folders, MaxKeys=0)
    assert (answer["KeyCount"], answer["IsTruncated"], answer["MaxKeys"]) == (0, False, 0)


def test_a_page_never_has_more_than_a_thousand_keys(s3: BaseClient, odd_bucket: str) -> None:
    answer = s3.list_objects_v2(Bucket=odd_bucket, MaxKeys=5000)
    assert (answer["KeyCount"], len(answer["Contents"]), answer["IsTruncated"]) == (1000, 1000, True)


def test_a_token_outlives_the_key_it_points_at(s3: BaseClient, bucket: str) -> None:
    for key in "abcdef":
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    token = s3.list_objects_v2(Bucket=bucket, MaxKeys=2)["NextContinuationToken"]
    for key in "bc":
        s3.delete_object(Bucket=bucket, Key=key)
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=10, ContinuationToken=token)
    assert [entry["Key"] for entry in answer["Contents"]] == ["d", "e", "f"]


@pytest.mark.parametrize("token", ["made-up", "AAAA", "a/1", "é"])
def test_a_token_the_server_never_gave_is_refused(s3: BaseClient, folders: str, token: str) -> None:
    with refused(400, "InvalidArgument"):
        s3.list_objects_v2(Bucket=folders, ContinuationToken=token)


def test_the_owner_is_listed_on_request(s3: BaseClient, bucket: str, cairn: CairnServer) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]["Owner"]["ID"] == cairn.account_id


def test_an_unknown_encoding_is_refused(s3: BaseClient, folders: str) -> None:
    with refused(400, "InvalidArgument"):
        s3.list_objects_v2(Bucket=folders, EncodingType="base64")


COMPOSED, DECOMPOSED = "H\u00e9llo", "He\u0301llo"


def test_keys_that_look_the_same_are_one_object(s3: BaseClient, bucket: str) -> None:
    # R2's page "Unicode interoperability": keys are compared in NFC; a listing shows the form uploaded last.
    s3.put_object(Bucket=bucket, Key=DECOMPOSED, Body=b"first")
    assert s3.get_object(Bucket=bucket, Key=COMPOSED)["Body"].read() == b"first"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [DECOMPOSED]

    s3.put_object(Bucket=bucket, Key=COMPOSED, Body=b"second")
    assert s3.get_object(Bucket=bucket, Key=DECOMPOSED)["Body"].read() == b"second"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [COMPOSED]

    for form in (COMPOSED, DECOMPOSED):
        assert s3.list_objects_v2(Bucket=bucket, Prefix=form)["KeyCount"] == 1
    s3.delete_object(Bucket=bucket, Key=DECOMPOSED)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
