//! What requests decode to and answers look like, across the operations.

use super::copy_object::MetadataDirective;
use super::get_object::Selection;
use super::*;
use crate::payload::{ChecksumHeaders, Payload, WithoutHash};
use crate::request::RequestHead;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use types::{
    AccountId, ETag, ETagList, ErrorCode, HttpMetadata, Md5, OperationError, RangeSpec, StorageClass, Timestamp,
    UploadId, UserMetadata,
};

const MODIFIED: Timestamp = Timestamp(1_652_894_399_645);
const ETAG: ETag = ETag::Whole(Md5([0xab; 16]));
const UPLOAD: &str = "0123456789abcdef0123456789abcdef";

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn head<'a>(query: &'a str, headers: &'a HeaderMap) -> RequestHead<'a> {
    RequestHead { method: &Method::GET, path: "/bucket/key", query: Some(query), host: "h", headers }
}

fn bucket() -> BucketName {
    BucketName::parse("bucket").unwrap()
}

fn target() -> ObjectTarget {
    ObjectTarget { bucket: bucket(), key: ObjectKey::parse("a<b").unwrap() }
}

/// The elements within the root.
fn contents(answer: &Answer) -> String {
    assert_eq!(
        (answer.status(), &answer.headers()["content-type"]),
        (StatusCode::OK, &"application/xml".parse().unwrap())
    );
    let text = std::str::from_utf8(answer.body()).unwrap();
    let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let (root, text) = text.split_once('>').unwrap();
    assert!(root.ends_with("xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""), "{root}");
    text.rsplit_once("</").unwrap().0.to_owned()
}

fn code<T>(result: Result<T, OperationError>) -> Option<ErrorCode> {
    result.err().map(|error| error.code)
}

fn listed(key: &str) -> ListedObject<'_> {
    ListedObject { key, modified: MODIFIED, etag: ETAG, size: 5, storage_class: StorageClass::Standard, checksum: None }
}

#[test]
fn a_page_of_version_2_counts_keys_and_prefixes_and_echoes_the_request() {
    let none = HeaderMap::new();
    let query =
        "list-type=2&prefix=a%20b&delimiter=%2F&start-after=a+&max-keys=2&continuation-token=t%2B&encoding-type=url";
    let request = list_objects_v2::decode(&head(query, &none), bucket()).unwrap();
    let page = list_objects_v2::ObjectPage {
        owner: AccountId([1; 16]),
        objects: vec![listed("a b&")],
        common_prefixes: vec!["a b/c/"],
        next_token: Some("next".into()),
    };
    let etag = "ab".repeat(16);
    assert_eq!(
        contents(&list_objects_v2::encode(&request, &page)),
        format!(
            "<Name>bucket</Name><Prefix>a%20b</Prefix><Delimiter>/</Delimiter><StartAfter>a%20</StartAfter><MaxKeys>2\
             </MaxKeys><KeyCount>2</KeyCount><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
             <ContinuationToken>t+</ContinuationToken><NextContinuationToken>next</NextContinuationToken><Contents>\
             <Key>a%20b%26</Key><LastModified>2022-05-18T17:19:59.645Z</LastModified><ETag>&quot;{etag}&quot;</ETag>\
             <Size>5</Size><StorageClass>STANDARD</StorageClass></Contents><CommonPrefixes><Prefix>a%20b/c/</Prefix>\
             </CommonPrefixes>"
        )
    );
}

#[test]
fn an_empty_delimiter_is_none_and_an_empty_token_is_refused() {
    let none = HeaderMap::new();
    let request =
        list_objects_v2::decode(&head("list-type=2&delimiter=&prefix=&max-keys=0&fetch-owner=true", &none), bucket());
    let request = request.unwrap();
    assert_eq!((&request.delimiter, &request.prefix, request.max_keys, request.fetch_owner), (&None, &None, 0, true));
    let empty = list_objects_v2::decode(&head("list-type=2&continuation-token=", &none), bucket());
    assert_eq!(code(empty), Some(ErrorCode::InvalidArgument));
    let page = list_objects_v2::ObjectPage {
        owner: AccountId([1; 16]),
        objects: vec![listed("k")],
        common_prefixes: vec![],
        next_token: None,
    };
    let text = contents(&list_objects_v2::encode(&request, &page));
    assert!(text.contains("<Owner><ID>0101") && !text.contains("Delimiter") && !text.contains("Token"), "{text}");
}

#[test]
fn a_page_of_version_1_has_a_next_marker_only_if_truncated() {
    let none = HeaderMap::new();
    let request = list_objects::decode(&head("marker=m&prefix=p", &none), bucket()).unwrap();
    let page = |next_marker| list_objects::ObjectPage {
        owner: AccountId([1; 16]),
        objects: vec![listed("p\u{1}")],
        common_prefixes: vec![],
        next_marker,
    };
    let text = contents(&list_objects::encode(&request, &page(Some("p\u{1}"))));
    assert!(text.contains("<Marker>m</Marker><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>"), "{text}");
    assert!(text.contains("<NextMarker>p&#x1;</NextMarker>") && text.contains("<Owner>"), "{text}");
    let text = contents(&list_objects::encode(&request, &page(None)));
    assert!(text.contains("<IsTruncated>false</IsTruncated>") && !text.contains("NextMarker"), "{text}");
}

#[test]
fn buckets_page_by_headers_before_parameters() {
    let map = headers(&[("cf-prefix", "h"), ("cf-max-keys", "1")]);
    let request = list_buckets::decode(&head("prefix=q&start-after=s&max-keys=2&continuation-token=", &map)).unwrap();
    let expected = list_buckets::ListBuckets {
        prefix: Some("h".into()),
        start_after: Some("s".into()),
        continuation_token: None,
        max_keys: 1,
        paged_as_s3: false,
    };
    assert_eq!(request, expected);
    let page = list_buckets::BucketPage {
        owner: AccountId([1; 16]),
        buckets: vec![list_buckets::ListedBucket { name: "h1", created: MODIFIED }],
        next_token: Some("next".into()),
    };
    let answer = list_buckets::encode(&request, &page);
    assert_eq!(
        (&answer.headers()["cf-is-truncated"], &answer.headers()["cf-next-continuation-token"]),
        (&"true".parse().unwrap(), &"next".parse().unwrap())
    );
    let text = contents(&answer);
    assert!(
        text.starts_with("<Buckets><Bucket><Name>h1</Name><CreationDate>2022-05-18T17:19:59.645Z</CreationDate>"),
        "{text}"
    );
    assert!(
        text.contains("<NextContinuationToken>next</NextContinuationToken>") && text.contains("<KeyCount>1</KeyCount>"),
        "{text}"
    );
}

#[test]
fn a_page_of_max_buckets_has_its_next_token_where_s3_has_it() {
    let tokens = |query: &str, next_token: Option<&str>| {
        let request = list_buckets::decode(&head(query, &HeaderMap::new())).unwrap();
        let next_token = next_token.map(str::to_owned);
        let page = list_buckets::BucketPage { owner: AccountId([1; 16]), buckets: vec![], next_token };
        let text = contents(&list_buckets::encode(&request, &page));
        let element = |name: &str| Some(text.split_once(&format!("<{name}>"))?.1.split_once('<')?.0.to_owned());
        (element("ContinuationToken"), element("NextContinuationToken"))
    };
    let (this, next) = (Some("this".to_owned()), Some("next".to_owned()));
    assert_eq!(tokens("max-buckets=2&continuation-token=this", Some("next")), (next.clone(), None));
    assert_eq!(tokens("max-buckets=2&continuation-token=this", None), (None, None));
    assert_eq!(tokens("max-keys=2&max-buckets=3&continuation-token=this", Some("next")), (this.clone(), next));
    assert_eq!(tokens("continuation-token=this", None), (this, None));
    let refused = list_buckets::decode(&head("max-buckets=many", &HeaderMap::new())).unwrap_err();
    assert!(refused.to_string().contains("max-buckets"), "{refused}");
}

#[test]
fn parts_and_uploads_page_by_their_markers() {
    let none = HeaderMap::new();
    let query = format!("uploadId={UPLOAD}&max-parts=1&part-number-marker=2");
    let request = list_parts::decode(&head(&query, &none), target()).unwrap();
    let part = list_parts::ListedPart { number: 3, modified: MODIFIED, etag: ETAG, size: 7, checksum: None };
    let page = list_parts::PartPage {
        owner: AccountId([1; 16]),
        storage_class: StorageClass::Standard,
        checksum: None,
        parts: vec![part],
        truncated: true,
    };
    let text = contents(&list_parts::encode(&request, &page));
    assert!(
        text.contains("<PartNumberMarker>2</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker>"),
        "{text}"
    );
    let query = format!("uploads&key-marker=k&upload-id-marker={UPLOAD}&encoding-type=url");
    let request = list_multipart_uploads::decode(&head(&query, &none), bucket()).unwrap();
    assert_eq!(request.upload_id_marker, UploadId::parse(UPLOAD));
    let upload = list_multipart_uploads::ListedUpload {
        key: "k l",
        upload: UploadId([2; 16]),
        initiated: MODIFIED,
        storage_class: StorageClass::InfrequentAccess,
        checksum: None,
    };
    let page = list_multipart_uploads::UploadPage {
        owner: AccountId([1; 16]),
        uploads: vec![upload],
        common_prefixes: vec![],
        next: Some(("k l", Some(UploadId([2; 16])))),
    };
    let text = contents(&list_multipart_uploads::encode(&request, &page));
    assert!(text.contains("<NextKeyMarker>k%20l</NextKeyMarker><NextUploadIdMarker>0202"), "{text}");
    assert!(text.contains("<Upload><Key>k%20l</Key>") && text.contains("STANDARD_IA"), "{text}");
    let ignored = list_multipart_uploads::decode(&head("uploads&upload-id-marker=x", &none), bucket()).unwrap();
    assert_eq!(ignored.upload_id_marker, None);
    let refused = list_multipart_uploads::decode(&head("uploads&key-marker=k&upload-id-marker=x", &none), bucket());
    assert_eq!(code(refused), Some(ErrorCode::InvalidArgument));
}

#[test]
fn a_read_selects_a_range_or_a_part_but_not_both() {
    let ranged = headers(&[("range", "bytes=0-9"), ("if-none-match", "*")]);
    let none = HeaderMap::new();
    let request = get_object::decode(&head("response-content-type=a%2Fb", &ranged), target()).unwrap();
    assert_eq!(request.selection, Selection::Range(RangeSpec::Inclusive { first: 0, last: 9 }));
    assert_eq!(request.conditions.if_none_match, Some(ETagList::Any));
    assert_eq!(request.overrides.0.content_type.as_deref(), Some("a/b"));
    assert_eq!(get_object::decode(&head("partNumber=3", &none), target()).unwrap().selection, Selection::Part(3));
    assert_eq!(code(get_object::decode(&head("partNumber=3", &ranged), target())), Some(ErrorCode::InvalidRequest));
    assert_eq!(code(get_object::decode(&head("partNumber=0", &none), target())), Some(ErrorCode::InvalidArgument));
    assert_eq!(head_object::decode(&head("", &ranged), target()).unwrap().selection, Selection::Whole);
}

#[test]
fn reads_answer_206_for_ranges_and_304_without_a_length() {
    let http = HttpMetadata { cache_control: Some("max-age=1".into()), ..Default::default() };
    let user = UserMetadata::default();
    let object = ObjectHead {
        etag: ETAG,
        size: 10,
        modified: MODIFIED,
        http: &http,
        user: &user,
        storage_class: StorageClass::InfrequentAccess,
        range: Some(types::ByteRange { start: 0, length: 10 }),
        parts_count: None,
        checksum: None,
        expiration: None,
        prepared: None,
    };
    let answer = get_object::encode(&object, &ResponseOverrides::default());
    assert_eq!(
        (answer.status(), &answer.headers()["content-range"]),
        (StatusCode::PARTIAL_CONTENT, &"bytes 0-9/10".parse().unwrap())
    );
    assert_eq!(answer.headers()["x-amz-storage-class"], "STANDARD_IA");
    let answer = head_object::encode_not_modified(&object);
    assert_eq!((answer.status(), answer.headers().get("content-length")), (StatusCode::NOT_MODIFIED, None));
    assert_eq!(answer.headers()["cache-control"], "max-age=1");
    let whole = ObjectHead { range: None, ..object };
    assert_eq!(head_object::encode(&whole, &ResponseOverrides::default()).status(), StatusCode::OK);
}

#[test]
fn an_upload_decodes_its_length_metadata_and_conditions() {
    let map = headers(&[
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("content-length", "5"),
        ("content-type", "a/b"),
        ("if-none-match", "*"),
        ("cf-create-bucket-if-missing", "true"),
        ("x-amz-checksum-crc32", "AAAAAA=="),
    ]);
    let head = head("", &map);
    let payload = Payload::parse(&head, WithoutHash::Refused, ChecksumHeaders::OfBody).unwrap();
    let request = put_object::decode(&head, target(), &payload).unwrap();
    assert_eq!((request.length, request.checksums.len(), request.create_bucket_if_missing), (Some(5), 1, true));
    assert_eq!(request.conditions.if_none_match, Some(ETagList::Any));
    assert_eq!(request.metadata.http.content_type.as_deref(), Some("a/b"));
    assert_eq!(code(upload_part::decode(&head, target(), &payload)), Some(ErrorCode::InvalidArgument));
}

#[test]
fn a_copy_decodes_its_source_directive_and_both_kinds_of_conditions() {
    let source = ("x-amz-copy-source", "/bucket/source");
    let map = headers(&[
        source,
        ("x-amz-metadata-directive", "MERGE"),
        ("x-amz-copy-source-if-match", "\"a\""),
        ("cf-copy-destination-if-none-match", "*"),
    ]);
    let request = copy_object::decode(&head("", &map), target()).unwrap();
    assert_eq!((request.directive, request.source.object.key.as_sent()), (MetadataDirective::Merge, "source"));
    assert!(request.source_conditions.if_match.is_some() && request.conditions.if_none_match.is_some());
    for (name, value, expected) in [
        ("x-amz-metadata-directive", "MOVE", ErrorCode::InvalidArgument),
        ("x-amz-checksum-algorithm", "SHA256", ErrorCode::NotImplemented),
        ("if-match", "*", ErrorCode::NotImplemented),
    ] {
        let refused = copy_object::decode(&head("", &headers(&[source, (name, value)])), target());
        assert_eq!(code(refused), Some(expected), "{name}");
    }
}

#[test]
fn a_part_copy_takes_whole_ranges_and_conditions_on_its_source() {
    let query = format!("partNumber=1&uploadId={UPLOAD}");
    let source = ("x-amz-copy-source", "/bucket/source");
    let decode = |extra| {
        let map = headers(&[source, extra]);
        upload_part_copy::decode(&head(&query, &map), target()).map(|request| request.range)
    };
    let range = decode(("x-amz-copy-source-range", "bytes=1-2")).unwrap();
    assert_eq!(range, Some(RangeSpec::Inclusive { first: 1, last: 2 }));
    for bad in ["bytes=1-", "bytes=-1", "1-2", ""] {
        assert_eq!(code(decode(("x-amz-copy-source-range", bad))), Some(ErrorCode::InvalidArgument), "{bad}");
    }
    let map = headers(&[source, ("x-amz-copy-source-if-match", "*")]);
    let request = upload_part_copy::decode(&head(&query, &map), target()).unwrap();
    assert_eq!(request.source_conditions.if_match, Some(types::ETagList::Any));
}

#[test]
fn an_upload_id_that_is_none_is_an_upload_that_is_not_there() {
    let none = HeaderMap::new();
    for query in ["uploadId=", "uploadId=x", "uploadId=0123456789abcdef0123456789abcdeg"] {
        let refused = abort_multipart_upload::decode(&head(query, &none), target());
        assert_eq!(code(refused), Some(ErrorCode::NoSuchUpload), "{query}");
    }
}

#[test]
fn a_conditional_delete_is_refused_rather_than_done() {
    let refused = delete_object::decode(&head("", &headers(&[("if-match", "\"a\"")])), target());
    assert_eq!(code(refused), Some(ErrorCode::NotImplemented));
}

#[test]
fn small_answers_are_what_clients_expect() {
    assert_eq!(create_bucket::encode(&bucket()).headers()["location"], "/bucket");
    assert_eq!(head_bucket::encode().headers()["x-amz-bucket-region"], "auto");
    assert_eq!(contents(&get_bucket_location::encode()), "auto");
    assert_eq!(delete_bucket::encode().status(), StatusCode::NO_CONTENT);
    assert_eq!(put_object::encode(&ETAG, &[1; 16], None, None).headers()["etag"], format!("\"{}\"", "ab".repeat(16)));
    let text = contents(&create_multipart_upload::encode(&target(), UploadId([3; 16]), None));
    assert!(text.starts_with("<Bucket>bucket</Bucket><Key>a&lt;b</Key><UploadId>0303"), "{text}");
    let text = contents(&complete_multipart_upload::encode("http://h/a&b", &target(), &ETAG, &[1; 16], None, None));
    assert!(
        text.starts_with("<Location>http://h/a&amp;b</Location><Bucket>bucket</Bucket><Key>a&lt;b</Key><ETag>"),
        "{text}"
    );
    let versions = copy_object::CopyVersions { copy: [0xab; 16], source: [0xcd; 16] };
    let answer = copy_object::encode(&ETAG, MODIFIED, &versions, None, None);
    assert_eq!(answer.headers()["x-amz-version-id"], "ab".repeat(16));
    assert_eq!(answer.headers()["x-amz-copy-source-version-id"], "cd".repeat(16));
    let text = contents(&answer);
    assert!(text.ends_with("</ETag><LastModified>2022-05-18T17:19:59.645Z</LastModified>"), "{text}");
}
