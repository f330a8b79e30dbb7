//! What a bucket answers that S3 has just made, for the features that R2 has not: GetBucketVersioning, GetBucketAcl,
//! GetBucketTagging, GetBucketReplication and GetObjectLockConfiguration.
//! Source: R2 "Release notes", 2022-07-20 and 2022-07-21.

use super::Answer;
use super::listing::write_identity;
use super::shared::document;
use crate::xml::XmlWriter;
use types::{AccountId, ErrorCode, OperationError};

/// GetBucketVersioning: versioning was never on.
pub fn encode_versioning() -> Answer {
    document(XmlWriter::document("VersioningConfiguration", 0, |_| ()))
}

/// GetBucketAcl: the owner may do everything, and nobody else anything.
pub fn encode_acl(owner: AccountId) -> Answer {
    document(XmlWriter::document("AccessControlPolicy", 512, |xml| {
        write_identity(xml, "Owner", owner);
        xml.element("AccessControlList", |xml| {
            xml.element("Grant", |xml| {
                xml.typed("Grantee", "CanonicalUser", |xml| {
                    xml.plain("ID", &owner.to_string());
                    xml.plain("DisplayName", &owner.to_string());
                });
                xml.plain("Permission", "FULL_CONTROL");
            });
        });
    }))
}

/// GetBucketTagging: there are no tags.
pub fn no_tags() -> OperationError {
    ErrorCode::NoSuchTagSet.into()
}

/// GetBucketReplication: there is none.
pub fn no_replication() -> OperationError {
    ErrorCode::ReplicationConfigurationNotFound.into()
}

/// GetObjectLockConfiguration: there is none.
pub fn no_object_lock() -> OperationError {
    ErrorCode::ObjectLockConfigurationNotFound.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: &Answer) -> &str {
        std::str::from_utf8(answer.body()).unwrap()
    }

    #[test]
    fn the_owner_has_full_control_and_nobody_else_is_named() {
        let answer = encode_acl(AccountId([0xab; 16]));
        let id = "ab".repeat(16);
        let grantee = format!(
            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>{id}</ID>\
             <DisplayName>{id}</DisplayName></Grantee><Permission>FULL_CONTROL</Permission>"
        );
        assert_eq!(text(&answer).matches("<Grant>").count(), 1);
        assert!(text(&answer).contains(&grantee), "{}", text(&answer));
        assert!(text(&answer).contains(&format!("<Owner><ID>{id}</ID>")), "{}", text(&answer));
    }

    #[test]
    fn versioning_is_neither_enabled_nor_suspended() {
        let expected = "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></Versioning";
        assert!(text(&encode_versioning()).contains(expected));
    }
}
