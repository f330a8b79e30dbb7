//! ListMultipartUploads. Sources: R2 "S3 API compatibility"; R2 "Release notes" 2022-07-14 (`encoding-type`).

use super::listing::{EncodingType, page_size, write_common_prefixes, write_identity};
use super::shared::{document, invalid_argument};
use super::{Answer, checksums};
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use types::{AccountId, BucketName, ChecksumAlgorithm, OperationError, StorageClass, Timestamp, UploadId};

/// Which uploads to list. Empty texts count as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMultipartUploads {
    /// Where to look.
    pub bucket: BucketName,
    /// Only keys that begin with this.
    pub prefix: Option<String>,
    /// Keys that hold this after the prefix are rolled up.
    pub delimiter: Option<String>,
    /// Only keys after this one, or this key's uploads after `upload_id_marker`.
    pub key_marker: Option<String>,
    /// Only with `key_marker`; ignored without, as S3 does.
    pub upload_id_marker: Option<UploadId>,
    /// Entries of one page, at most `types::limits::LIST_PAGE_MAX`; may be 0.
    pub max_uploads: u16,
    /// How to write keys.
    pub encoding: EncodingType,
}

/// One upload.
#[derive(Clone, Copy, Debug)]
pub struct ListedUpload<'a> {
    /// The key as sent when it began.
    pub key: &'a str,
    /// Its id.
    pub upload: UploadId,
    /// When it began.
    pub initiated: Timestamp,
    /// The storage class of the object to be.
    pub storage_class: StorageClass,
    /// What it was begun with.
    pub checksum: Option<ChecksumAlgorithm>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct UploadPage<'a> {
    /// Whose uploads these are.
    pub owner: AccountId,
    /// In the order of their keys, then of their ids.
    pub uploads: Vec<ListedUpload<'a>>,
    /// In order.
    pub common_prefixes: Vec<&'a str>,
    /// The last entry of the page, if entries follow it: a key and, if it is one of an upload, its id.
    pub next: Option<(&'a str, Option<UploadId>)>,
}

/// Reads the request.
///
/// # Errors
/// `InvalidArgument` for a page size, encoding or marker that is none; `InvalidURI` for texts that are not UTF-8.
pub fn decode(head: &RequestHead<'_>, bucket: BucketName) -> Result<ListMultipartUploads, OperationError> {
    let query = head.query();
    let key_marker = query.get_filled("key-marker")?;
    let upload_id_marker = query.get_filled("upload-id-marker")?.filter(|_| key_marker.is_some());
    let parse = |text: String| UploadId::parse(&text).ok_or_else(|| invalid_argument("Invalid uploadId marker"));
    Ok(ListMultipartUploads {
        bucket,
        prefix: query.get_filled("prefix")?,
        delimiter: query.get_filled("delimiter")?,
        upload_id_marker: upload_id_marker.map(parse).transpose()?,
        key_marker,
        max_uploads: page_size(query.get("max-uploads")?.as_deref(), "max-uploads")?,
        encoding: EncodingType::decode(query)?,
    })
}

/// Writes the answer.
pub fn encode(request: &ListMultipartUploads, page: &UploadPage<'_>) -> Answer {
    let encoding = request.encoding;
    let encoded = |text: &Option<String>| encoding.apply(text.as_deref().unwrap_or_default()).into_owned();
    let id = |upload: Option<UploadId>| upload.map(|id| id.to_string()).unwrap_or_default();
    document(XmlWriter::document("ListMultipartUploadsResult", 1024 + page.uploads.len() * 512, |xml| {
        xml.text("Bucket", request.bucket.as_str());
        xml.text("KeyMarker", &encoded(&request.key_marker));
        xml.plain("UploadIdMarker", &id(request.upload_id_marker));
        if let Some((key, upload)) = page.next {
            xml.text("NextKeyMarker", &encoding.apply(key));
            xml.plain("NextUploadIdMarker", &id(upload));
        }
        xml.text("Prefix", &encoded(&request.prefix));
        if request.delimiter.is_some() {
            xml.text("Delimiter", &encoded(&request.delimiter));
        }
        xml.number("MaxUploads", u64::from(request.max_uploads));
        encoding.write(xml);
        xml.boolean("IsTruncated", page.next.is_some());
        page.uploads.iter().for_each(|upload| write_upload(xml, encoding, upload, page.owner));
        write_common_prefixes(xml, encoding, &page.common_prefixes);
    }))
}

fn write_upload(xml: &mut XmlWriter, encoding: EncodingType, upload: &ListedUpload<'_>, owner: AccountId) {
    xml.element("Upload", |xml| {
        xml.text("Key", &encoding.apply(upload.key));
        xml.plain("UploadId", &upload.upload.to_string());
        write_identity(xml, "Initiator", owner);
        write_identity(xml, "Owner", owner);
        xml.plain("StorageClass", upload.storage_class.s3_name());
        xml.plain("Initiated", &upload.initiated.to_iso8601());
        checksums::write_upload(xml, upload.checksum);
    });
}
