//! CompleteMultipartUpload. Sources: R2 "Release notes" 2022-07-06 (quotes around ETags are optional), 2023-08-11
//! (conditions), 2024-01-26 (parts are sorted, not refused).

use super::customer_key::{self, Subject};
use super::shared::{document, invalid_argument, parse_part_number, put_expiration, put_version, quoted, upload_id};
use super::{Answer, ObjectTarget, checksums};
use crate::header;
use crate::request::RequestHead;
use crate::xml::reader::malformed;
use crate::xml::{Reader, XmlWriter};
use types::limits::PARTS_MAX;
use types::{
    Checksum, ChecksumType, Conditions, CustomerKey, ETag, ErrorCode, Expiration, Md5, OperationError, StoredChecksum,
    UploadId,
};

/// An upload to complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteMultipartUpload {
    /// Where the object will be.
    pub target: ObjectTarget,
    /// The upload.
    pub upload: UploadId,
    /// Its parts in the order of their numbers: at least one, none twice.
    pub parts: Vec<CompletedPart>,
    /// What must hold of the object it replaces.
    pub conditions: Conditions,
    /// The customer's key that the upload began with, if the client says.
    pub customer_key: Option<CustomerKey>,
    /// The bytes the object must have, if the client says.
    pub object_bytes: Option<u64>,
    /// The checksum the object must have, if the client says.
    pub checksum: Option<StoredChecksum>,
    /// The type its checksum must be of, if the client says.
    pub checksum_type: Option<ChecksumType>,
}

/// One part of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub number: u16,
    /// Its ETag; `None` if what was sent is the ETag of no part at all, so that it is an `InvalidPart`.
    pub etag: Option<Md5>,
    /// Its checksum, if the client says.
    pub checksum: Option<Checksum>,
}

/// Reads the request.
///
/// # Errors
/// `NoSuchUpload`; `MalformedXML`, also without parts; `InvalidPartOrder` for a part named twice;
/// `InvalidArgument` for a part number out of bounds or a part with two checksums; `InvalidDigest`; `InvalidRequest`
/// for two checksums of the object.
pub fn decode(
    head: &RequestHead<'_>,
    target: ObjectTarget,
    body: &[u8],
) -> Result<CompleteMultipartUpload, OperationError> {
    Ok(CompleteMultipartUpload {
        target,
        upload: upload_id(head.query())?,
        parts: sorted(decode_parts(body)?)?,
        conditions: header::conditions(head.headers, &header::CONDITIONS)?,
        customer_key: customer_key::decode(head.headers, Subject::Target)?,
        object_bytes: header::number(head.headers, "x-amz-mp-object-size")?,
        checksum: checksums::of_object(head.headers)?,
        checksum_type: checksums::checksum_type(head.headers)?,
    })
}

fn decode_parts(body: &[u8]) -> Result<Vec<CompletedPart>, OperationError> {
    let mut document = Reader::open(body, "CompleteMultipartUpload")?;
    let mut parts = Vec::new();
    while let Some(name) = document.next_child()? {
        match &*name {
            "Part" if parts.len() == usize::from(PARTS_MAX) => {
                return Err(malformed(format!("it may name at most {PARTS_MAX} parts")));
            }
            "Part" => parts.push(decode_part(&mut document)?),
            other => return Err(malformed(format!("'{other}' stands where only 'Part' may"))),
        }
    }
    document.close()?;
    if parts.is_empty() {
        return Err(malformed("it must name at least one part"));
    }
    Ok(parts)
}

fn decode_part(document: &mut Reader<'_>) -> Result<CompletedPart, OperationError> {
    let (mut number, mut etag, mut checksum) = (None, None, None);
    while let Some(name) = document.next_child()? {
        let text = document.text()?;
        let text = text.trim();
        match &*name {
            "PartNumber" if number.is_none() => number = Some(parse_part_number(text)?),
            "ETag" if etag.is_none() => etag = Some(Md5::from_hex(text.trim_matches('"'))),
            other => match checksums::read_element(other, text)? {
                Some(_) if checksum.is_some() => return Err(invalid_argument("A part may have one checksum.")),
                Some(found) => checksum = Some(found),
                None => return Err(malformed(format!("'{other}' stands where one 'PartNumber' and one 'ETag' must"))),
            },
        }
    }
    match (number, etag) {
        (Some(number), Some(etag)) => Ok(CompletedPart { number, etag, checksum }),
        _ => Err(malformed("a 'Part' needs a 'PartNumber' and an 'ETag'")),
    }
}

fn sorted(mut parts: Vec<CompletedPart>) -> Result<Vec<CompletedPart>, OperationError> {
    parts.sort_by_key(|part| part.number);
    match parts.windows(2).find(|pair| pair[0].number == pair[1].number) {
        None => Ok(parts),
        Some(pair) => Err(OperationError::new(
            ErrorCode::InvalidPartOrder,
            format!("The list of parts names part {} twice: name each part once.", pair[0].number),
        )),
    }
}

/// 200: the object is there. `location` is its URL.
pub fn encode(
    location: &str,
    target: &ObjectTarget,
    etag: &ETag,
    version: &[u8; 16],
    checksum: Option<StoredChecksum>,
    expiration: Option<&Expiration>,
) -> Answer {
    let mut answer = document(XmlWriter::document("CompleteMultipartUploadResult", 256 + location.len(), |xml| {
        xml.text("Location", location);
        xml.text("Bucket", target.bucket.as_str());
        xml.text("Key", target.key.as_sent());
        xml.text("ETag", &quoted(etag));
        checksums::write_with_type(xml, checksum);
    }));
    put_version(answer.headers_mut(), version);
    put_expiration(answer.headers_mut(), expiration);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "bce6bf66aeb76c7040fdd5f4eccb78e6";

    fn numbers(parts: &str) -> Result<Vec<u16>, ErrorCode> {
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let parts = decode_parts(body.as_bytes()).and_then(sorted).map_err(|error| error.code)?;
        Ok(parts.iter().map(|part| part.number).collect())
    }

    fn part(number: u16) -> String {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{MD5}\"</ETag></Part>")
    }

    #[test]
    fn parts_are_sorted_and_quotes_do_not_matter() {
        assert_eq!(numbers(&[part(3), part(1), part(2)].concat()), Ok(vec![1, 2, 3]));
        for etag in [MD5.to_owned(), format!("&quot;{MD5}&quot;"), MD5.to_uppercase()] {
            let body = format!(
                "<CompleteMultipartUpload><Part><ETag>{etag}</ETag><PartNumber>1</PartNumber>\
                                <ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></CompleteMultipartUpload>"
            );
            let parts = decode_parts(body.as_bytes()).unwrap();
            assert_eq!(parts[0].etag, Md5::from_hex(MD5));
            assert_eq!(parts[0].checksum.map(|checksum| checksum.to_base64()).as_deref(), Some("AAAAAA=="));
        }
    }

    #[test]
    fn lists_that_make_no_object_are_refused() {
        assert_eq!(numbers(&[part(1), part(1)].concat()), Err(ErrorCode::InvalidPartOrder));
        assert_eq!(numbers(""), Err(ErrorCode::MalformedXml));
        assert_eq!(numbers("<Part><PartNumber>1</PartNumber></Part>"), Err(ErrorCode::MalformedXml));
        assert_eq!(numbers("<Part><Size>1</Size></Part>"), Err(ErrorCode::MalformedXml));
        assert_eq!(numbers(&part(0)), Err(ErrorCode::InvalidArgument));
        let checksum = "<Part><PartNumber>1</PartNumber><ETag>x</ETag><ChecksumSHA1>x</ChecksumSHA1></Part>";
        assert_eq!(numbers(checksum), Err(ErrorCode::InvalidDigest));
        let two = "<Part><PartNumber>1</PartNumber><ETag>x</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>\
                   <ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></Part>";
        assert_eq!(numbers(two), Err(ErrorCode::InvalidArgument));
    }

    #[test]
    fn as_many_parts_as_an_upload_may_have_fit() {
        let parts: String = (1..=PARTS_MAX).map(part).collect();
        assert_eq!(numbers(&parts).unwrap().len(), usize::from(PARTS_MAX));
        assert_eq!(numbers(&[parts, part(1)].concat()), Err(ErrorCode::MalformedXml));
    }
}
