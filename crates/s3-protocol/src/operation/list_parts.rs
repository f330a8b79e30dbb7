//! ListParts. Source: R2 "S3 API compatibility".

use super::listing::{EncodingType, page_size, write_identity};
use super::shared::{document, invalid_argument, quoted, upload_id};
use super::{Answer, ObjectTarget, checksums};
use crate::request::RequestHead;
use crate::xml::XmlWriter;
use types::{
    AccountId, Checksum, ChecksumAlgorithm, ETag, OperationError, StorageClass, StoredChecksum, Timestamp, UploadId,
};

/// Which parts to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListParts {
    /// The object they will be part of.
    pub target: ObjectTarget,
    /// Their upload.
    pub upload: UploadId,
    /// Only parts with a number greater than this.
    pub part_number_marker: u16,
    /// Parts of one page, at most `types::limits::LIST_PAGE_MAX`; may be 0.
    pub max_parts: u16,
    /// How to write the key.
    pub encoding: EncodingType,
}

/// One part.
#[derive(Clone, Copy, Debug)]
pub struct ListedPart {
    /// Its number.
    pub number: u16,
    /// When it was stored.
    pub modified: Timestamp,
    /// Its ETag.
    pub etag: ETag,
    /// Its bytes.
    pub size: u64,
    /// Its checksum, if it has one.
    pub checksum: Option<Checksum>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct PartPage {
    /// Whose upload this is.
    pub owner: AccountId,
    /// The storage class of the object to be.
    pub storage_class: StorageClass,
    /// What the upload was begun with.
    pub checksum: Option<ChecksumAlgorithm>,
    /// In the order of their numbers.
    pub parts: Vec<ListedPart>,
    /// Whether parts follow the last.
    pub truncated: bool,
}

/// Reads the request.
///
/// # Errors
/// `NoSuchUpload`; `InvalidArgument` for numbers that are none.
pub fn decode(head: &RequestHead<'_>, target: ObjectTarget) -> Result<ListParts, OperationError> {
    let query = head.query();
    let marker = query.get_filled("part-number-marker")?.unwrap_or_else(|| "0".to_owned());
    // A marker past every part lists none, whatever its size.
    let number = marker.bytes().all(|byte| byte.is_ascii_digit()).then(|| marker.parse().unwrap_or(u16::MAX));
    Ok(ListParts {
        target,
        upload: upload_id(query)?,
        part_number_marker: number.ok_or_else(|| invalid_argument("Argument part-number-marker must be a number."))?,
        max_parts: page_size(query.get("max-parts")?.as_deref(), "max-parts")?,
        encoding: EncodingType::decode(query)?,
    })
}

/// Writes the answer.
pub fn encode(request: &ListParts, page: &PartPage) -> Answer {
    let next = page.parts.last().map_or(request.part_number_marker, |part| part.number);
    document(XmlWriter::document("ListPartsResult", 1024 + page.parts.len() * 256, |xml| {
        xml.text("Bucket", request.target.bucket.as_str());
        xml.text("Key", &request.encoding.apply(request.target.key.as_sent()));
        xml.plain("UploadId", &request.upload.to_string());
        write_identity(xml, "Initiator", page.owner);
        write_identity(xml, "Owner", page.owner);
        xml.plain("StorageClass", page.storage_class.s3_name());
        checksums::write_upload(xml, page.checksum);
        xml.number("PartNumberMarker", u64::from(request.part_number_marker));
        if page.truncated {
            xml.number("NextPartNumberMarker", u64::from(next));
        }
        xml.number("MaxParts", u64::from(request.max_parts));
        request.encoding.write(xml);
        xml.boolean("IsTruncated", page.truncated);
        page.parts.iter().for_each(|part| write_part(xml, part));
    }))
}

fn write_part(xml: &mut XmlWriter, part: &ListedPart) {
    xml.element("Part", |xml| {
        xml.number("PartNumber", u64::from(part.number));
        xml.plain("LastModified", &part.modified.to_iso8601());
        xml.text("ETag", &quoted(&part.etag));
        xml.number("Size", part.size);
        checksums::write(xml, part.checksum.map(StoredChecksum::from));
    });
}
