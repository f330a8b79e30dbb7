//! The headers of an object, in both directions: what an upload stores, and what GET and HEAD answer.
//! Sources: R2 "S3 API compatibility", System Metadata; R2 "Extensions", Extended metadata.

use super::bucket_lifecycle::CLASSES_OF_S3;
use super::checksums;
use super::shared::{not_implemented, put_etag, put_expiration};
use crate::{encoded_word, header, payload};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
};
use types::{
    ByteRange, ETag, ErrorCode, Expiration, HttpMetadata, OperationError, ShownChecksum, StorageClass, Timestamp,
    UserMetadata,
};

const USER_PREFIX: &str = "x-amz-meta-";

/// What an upload stores besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMetadata {
    /// The HTTP headers given back with the object.
    pub http: HttpMetadata,
    /// The `x-amz-meta-*` pairs, values decoded.
    pub user: UserMetadata,
    /// The storage class, if the client names one; else the bucket's default.
    pub storage_class: Option<StorageClass>,
}

impl ObjectMetadata {
    /// Reads the headers of an upload.
    ///
    /// # Errors
    /// `MetadataTooLarge`; `NotImplemented` for a storage class of S3 that R2 has not, `InvalidStorageClass` for any
    /// other; `InvalidArgument` for values that are not text.
    pub(super) fn decode(headers: &HeaderMap) -> Result<Self, OperationError> {
        let encoding = header::text(headers, &CONTENT_ENCODING)?;
        let http = HttpMetadata {
            content_type: header::owned(headers, &CONTENT_TYPE)?,
            cache_control: header::owned(headers, &CACHE_CONTROL)?,
            content_disposition: header::owned(headers, &CONTENT_DISPOSITION)?,
            content_encoding: encoding.and_then(payload::stored_content_encoding),
            content_language: header::owned(headers, &CONTENT_LANGUAGE)?,
            expires: header::owned(headers, &EXPIRES)?,
        };
        Ok(Self { http, user: user_metadata(headers)?, storage_class: storage_class(headers)? })
    }
}

/// Encoded words are decoded here, so that the limit of [`UserMetadata`] is one of decoded values.
fn user_metadata(headers: &HeaderMap) -> Result<UserMetadata, OperationError> {
    let pairs = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().strip_prefix(USER_PREFIX)?, value)))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), encoded_word::decode_owned(header::free_text(value))))
        .collect();
    UserMetadata::new(pairs).ok_or_else(|| ErrorCode::MetadataTooLarge.into())
}

fn storage_class(headers: &HeaderMap) -> Result<Option<StorageClass>, OperationError> {
    let Some(name) = header::text(headers, "x-amz-storage-class")? else { return Ok(None) };
    let class = [StorageClass::Standard, StorageClass::InfrequentAccess].into_iter().find(|c| c.s3_name() == name);
    class.map(Some).ok_or_else(|| {
        if !CLASSES_OF_S3.contains(&name) && name != "REDUCED_REDUNDANCY" {
            return ErrorCode::InvalidStorageClass.into();
        }
        not_implemented(format!(
            "Header 'x-amz-storage-class' with value '{name}' is not implemented: use STANDARD or STANDARD_IA."
        ))
    })
}

/// An object as GET and HEAD show it.
#[derive(Clone, Copy, Debug)]
pub struct ObjectHead<'a> {
    /// Its ETag.
    pub etag: ETag,
    /// Bytes of the whole object.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// The HTTP headers stored with it.
    pub http: &'a HttpMetadata,
    /// The pairs stored with it.
    pub user: &'a UserMetadata,
    /// Its storage class.
    pub storage_class: StorageClass,
    /// The bytes answered, if the request named a range or a part: the answer is then 206.
    pub range: Option<ByteRange>,
    /// Parts of the object, if the request named a part.
    pub parts_count: Option<u16>,
    /// The checksum of what is answered, if the request asked for it.
    pub checksum: Option<ShownChecksum>,
    /// When a lifecycle rule will remove it, if one will.
    pub expiration: Option<&'a Expiration>,
    /// What [`ObjectHead::prepare`] made of it, if it was made before.
    pub prepared: Option<&'a PreparedHeaders>,
}

/// The headers of a full answer about an object, good for many answers.
#[derive(Clone, Debug)]
pub struct PreparedHeaders(HeaderMap);

/// `response-*` parameters: headers of this one answer in place of the stored ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseOverrides(pub HttpMetadata);

impl ObjectHead<'_> {
    /// Makes the headers that depend on nothing but what is stored.
    pub fn prepare(&self) -> PreparedHeaders {
        let mut headers = HeaderMap::with_capacity(8);
        self.put_validators(&mut headers);
        for (name, text) in http_metadata(self.http) {
            header::put(&mut headers, name, text);
        }
        put_default_type(&mut headers);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(self.size));
        PreparedHeaders(headers)
    }

    /// The headers of a full or ranged answer.
    pub(super) fn headers(&self, overrides: &ResponseOverrides) -> HeaderMap {
        let PreparedHeaders(mut headers) = self.prepared.cloned().unwrap_or_else(|| self.prepare());
        override_http_metadata(&mut headers, &overrides.0);
        if let Some(range) = self.range {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.length));
            if range.length > 0 {
                let text = format!("bytes {}-{}/{}", range.start, range.end() - 1, self.size);
                header::put(&mut headers, CONTENT_RANGE, text);
            }
        }
        if let Some(parts) = self.parts_count {
            headers.insert(HeaderName::from_static("x-amz-mp-parts-count"), HeaderValue::from(parts));
        }
        checksums::put_with_type(&mut headers, self.checksum);
        put_expiration(&mut headers, self.expiration);
        headers
    }

    /// The headers of 304: what a cache needs to refresh its copy (RFC 9110, 15.4.5).
    pub(super) fn not_modified_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.put_validators(&mut headers);
        if let Some(text) = &self.http.cache_control {
            header::put(&mut headers, CACHE_CONTROL, text);
        }
        if let Some(text) = &self.http.expires {
            header::put(&mut headers, EXPIRES, text);
        }
        headers
    }

    fn put_validators(&self, headers: &mut HeaderMap) {
        put_etag(headers, &self.etag);
        header::put(headers, LAST_MODIFIED, self.modified.to_http_date());
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if self.storage_class != StorageClass::Standard {
            let class = HeaderValue::from_static(self.storage_class.s3_name());
            headers.insert(HeaderName::from_static("x-amz-storage-class"), class);
        }
        self.put_user_metadata(headers);
    }

    /// Values with Unicode are encoded. Pairs that no header can carry are counted instead: names with Unicode, of
    /// another face (R2 "Extensions"), and values with control characters (S3).
    fn put_user_metadata(&self, headers: &mut HeaderMap) {
        let mut missing = 0_usize;
        for (name, value) in self.user.pairs() {
            let name = HeaderName::try_from([USER_PREFIX, name].concat());
            let printable = !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t');
            let shown = printable && name.is_ok_and(|name| header::put(headers, name, encoded_word::encode(value)));
            missing += usize::from(!shown);
        }
        if missing > 0 {
            headers.insert(HeaderName::from_static("x-amz-missing-meta"), HeaderValue::from(missing));
        }
    }
}

/// The headers that are there.
fn http_metadata(http: &HttpMetadata) -> impl Iterator<Item = (HeaderName, &str)> {
    let rows = [
        (CONTENT_TYPE, &http.content_type),
        (CACHE_CONTROL, &http.cache_control),
        (CONTENT_DISPOSITION, &http.content_disposition),
        (CONTENT_ENCODING, &http.content_encoding),
        (CONTENT_LANGUAGE, &http.content_language),
        (EXPIRES, &http.expires),
    ];
    rows.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)))
}

/// A text that no header can carry goes before what is stored all the same: whoever wants another type or disposition
/// must not get the stored one.
fn override_http_metadata(headers: &mut HeaderMap, overrides: &HttpMetadata) {
    for (name, text) in http_metadata(overrides) {
        if !header::put(headers, name.clone(), text) {
            headers.remove(&name);
            put_default_type(headers);
        }
    }
}

fn put_default_type(headers: &mut HeaderMap) {
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/octet-stream"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::Md5;

    const OCTETS: &str = "application/octet-stream";

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn head<'a>(http: &'a HttpMetadata, user: &'a UserMetadata) -> ObjectHead<'a> {
        ObjectHead {
            etag: ETag::Whole(Md5([1; 16])),
            size: 10,
            modified: Timestamp(1_652_894_399_645),
            http,
            user,
            storage_class: StorageClass::Standard,
            range: None,
            parts_count: None,
            checksum: None,
            expiration: None,
            prepared: None,
        }
    }

    #[test]
    fn an_upload_stores_its_headers_but_not_its_framing() {
        let metadata = ObjectMetadata::decode(&map(&[
            ("content-type", "text/plain"),
            ("content-encoding", "aws-chunked"),
            ("expires", "soon"),
            ("x-amz-meta-b", "2"),
            ("x-amz-meta-a", "1"),
            ("x-amz-storage-class", "STANDARD_IA"),
        ]));
        let metadata = metadata.unwrap();
        assert_eq!(metadata.http.content_type.as_deref(), Some("text/plain"));
        assert_eq!((metadata.http.content_encoding, metadata.http.expires.as_deref()), (None, Some("soon")));
        assert_eq!(metadata.user.pairs(), [("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(metadata.storage_class, Some(StorageClass::InfrequentAccess));
        for (class, code) in [
            ("GLACIER", ErrorCode::NotImplemented),
            ("REDUCED_REDUNDANCY", ErrorCode::NotImplemented),
            ("standard", ErrorCode::InvalidStorageClass),
            ("InfrequentAccess", ErrorCode::InvalidStorageClass),
        ] {
            let refused = ObjectMetadata::decode(&map(&[("x-amz-storage-class", class)])).unwrap_err();
            assert_eq!(refused.code, code, "{class}");
        }
    }

    #[test]
    fn the_limit_of_metadata_holds_for_decoded_values() {
        let encoded = encoded_word::encode(&"\u{20ac}".repeat(8190 / 3)).into_owned();
        let headers = |name: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(&encoded).unwrap())])
        };
        let stored = ObjectMetadata::decode(&headers("x-amz-meta-ab")).unwrap();
        assert_eq!(stored.user.bytes(), 8192);
        let refused = ObjectMetadata::decode(&headers("x-amz-meta-abc")).unwrap_err();
        assert_eq!(refused.code, ErrorCode::MetadataTooLarge);
    }

    #[test]
    fn a_range_shows_where_it_lies_and_nothing_else_does() {
        let (http, user) = Default::default();
        let whole = head(&http, &user).headers(&ResponseOverrides::default());
        assert_eq!((&whole["content-length"], whole.get("content-range")), (&HeaderValue::from(10), None));
        assert_eq!(whole["content-type"], "application/octet-stream");
        assert_eq!(whole["last-modified"], "Wed, 18 May 2022 17:19:59 GMT");
        assert_eq!(
            (&whole["accept-ranges"], whole.get("x-amz-storage-class")),
            (&HeaderValue::from_static("bytes"), None)
        );
        let range = Some(ByteRange { start: 2, length: 3 });
        let ranged = ObjectHead { range, parts_count: Some(4), ..head(&http, &user) }.headers(&Default::default());
        assert_eq!(ranged["content-range"], "bytes 2-4/10");
        assert_eq!((&ranged["content-length"], &ranged["x-amz-mp-parts-count"]), (&3.into(), &4.into()));
    }

    #[test]
    fn overrides_win_and_metadata_no_header_can_carry_is_counted() {
        let http = HttpMetadata {
            content_type: Some("a/b".into()),
            cache_control: Some("no-store".into()),
            ..Default::default()
        };
        let pairs = [("caf\u{e9}", "x"), ("ok", "caf\u{e9}"), ("line", "a\nb")];
        let user = UserMetadata::new(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec()).unwrap();
        let overrides = ResponseOverrides(HttpMetadata { content_type: Some("c/d".into()), ..Default::default() });
        let headers = head(&http, &user).headers(&overrides);
        assert_eq!(
            (&headers["content-type"], &headers["cache-control"]),
            (&"c/d".parse().unwrap(), &"no-store".parse().unwrap())
        );
        let broken = HttpMetadata {
            content_type: Some("c\nd".into()),
            cache_control: Some("\n".into()),
            ..HttpMetadata::default()
        };
        let without = head(&http, &user).headers(&ResponseOverrides(broken));
        assert_eq!((&without["content-type"], without.get("cache-control")), (&OCTETS.parse().unwrap(), None));
        assert_eq!(headers["x-amz-meta-ok"], "=?UTF-8?B?Y2Fmw6k=?=");
        assert_eq!(headers["x-amz-missing-meta"], "2");
    }
}
