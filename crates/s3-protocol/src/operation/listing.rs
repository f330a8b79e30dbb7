//! What all listings share: page size, `encoding-type=url`, and how an entry looks.

use super::checksums;
use super::shared::{invalid_argument, quoted};
use crate::percent::{self, Part};
use crate::query::Query;
use crate::xml::XmlWriter;
use std::borrow::Cow;
use types::limits::LIST_PAGE_MAX;
use types::{AccountId, ETag, OperationError, StorageClass, StoredChecksum, Timestamp};

/// How keys are written in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncodingType {
    /// As they are, escaped for XML.
    #[default]
    Plain,
    /// Percent-encoded, for keys that XML 1.0 cannot carry.
    Url,
}

impl EncodingType {
    /// Reads `encoding-type`.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but `url`.
    pub(super) fn decode(query: Query<'_>) -> Result<Self, OperationError> {
        match query.get("encoding-type")?.as_deref() {
            None | Some("") => Ok(Self::Plain),
            Some("url") => Ok(Self::Url),
            Some(_) => {
                Err(invalid_argument("Invalid Encoding Method specified in Request: encoding-type must be 'url'."))
            }
        }
    }

    /// A key, prefix, marker or delimiter as it stands in the document. A space becomes `%20`, which clients that
    /// decode forms and clients that decode paths read alike.
    pub(super) fn apply(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => Cow::Borrowed(text),
            Self::Url => Cow::Owned(percent::encode(text, Part::Path)),
        }
    }

    /// The `EncodingType` element.
    pub(super) fn write(self, xml: &mut XmlWriter) {
        if self == Self::Url {
            xml.text("EncodingType", "url");
        }
    }
}

/// One object of a listing.
#[derive(Clone, Copy, Debug)]
pub struct ListedObject<'a> {
    /// Its key as last sent.
    pub key: &'a str,
    /// When it was written.
    pub modified: Timestamp,
    /// Its ETag.
    pub etag: ETag,
    /// Its bytes.
    pub size: u64,
    /// Its storage class.
    pub storage_class: StorageClass,
    /// Its checksum, if it has one.
    pub checksum: Option<StoredChecksum>,
}

impl ListedObject<'_> {
    /// The `Contents` element.
    pub(super) fn write(&self, xml: &mut XmlWriter, encoding: EncodingType, owner: Option<AccountId>) {
        xml.element("Contents", |xml| {
            xml.text("Key", &encoding.apply(self.key));
            xml.plain("LastModified", &self.modified.to_iso8601());
            xml.text("ETag", &quoted(&self.etag));
            checksums::write_kind(
                xml,
                self.checksum.map(|stored| (stored.checksum.algorithm(), stored.checksum_type())),
            );
            xml.number("Size", self.size);
            if let Some(owner) = owner {
                write_identity(xml, "Owner", owner);
            }
            xml.plain("StorageClass", self.storage_class.s3_name());
        });
    }
}

/// The `CommonPrefixes` elements.
pub(super) fn write_common_prefixes<S: AsRef<str>>(xml: &mut XmlWriter, encoding: EncodingType, prefixes: &[S]) {
    for prefix in prefixes {
        xml.element("CommonPrefixes", |xml| xml.text("Prefix", &encoding.apply(prefix.as_ref())));
    }
}

/// An `Owner` or `Initiator`: always the account.
pub(super) fn write_identity(xml: &mut XmlWriter, name: &'static str, account: AccountId) {
    let id = account.to_string();
    xml.element(name, |xml| {
        xml.plain("ID", &id);
        xml.plain("DisplayName", &id);
    });
}

/// A page size: absent or over the limit means [`LIST_PAGE_MAX`]; 0 is allowed.
///
/// # Errors
/// `InvalidArgument` for anything but a number of at most 2^31 - 1.
pub(super) fn page_size(text: Option<&str>, name: &str) -> Result<u16, OperationError> {
    const MAX: u16 = LIST_PAGE_MAX as u16;
    const _: () = assert!(MAX as usize == LIST_PAGE_MAX, "a page size fits");
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(MAX) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|number| digits && i32::try_from(*number).is_ok());
    match number {
        Some(number) => Ok(u16::try_from(number).unwrap_or(MAX).min(MAX)),
        None => Err(invalid_argument(format!(
            "Argument {name} must be an integer between 0 and 2147483647; a page has at most {MAX} entries."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_bounded_and_may_be_zero() {
        let size = |text| page_size(text, "max-keys").ok();
        assert_eq!((size(None), size(Some("")), size(Some("0"))), (Some(1000), Some(1000), Some(0)));
        assert_eq!(
            (size(Some("7")), size(Some("100000")), size(Some("2147483647"))),
            (Some(7), Some(1000), Some(1000))
        );
        for bad in ["-1", "+1", "x", "2147483648", "99999999999"] {
            assert_eq!(size(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn url_encoding_reads_the_same_for_every_decoder() {
        assert_eq!(EncodingType::Url.apply("a b+c/(3)\u{1}\u{e9}~"), "a%20b%2Bc/%283%29%01%C3%A9~");
        assert_eq!(EncodingType::Plain.apply("a b"), "a b");
        assert!(EncodingType::decode(Query::new(Some("encoding-type=base64"))).is_err());
    }
}
