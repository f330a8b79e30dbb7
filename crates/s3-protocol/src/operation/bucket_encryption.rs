//! GetBucketEncryption, PutBucketEncryption and DeleteBucketEncryption. The only supported value is `AES256`, which
//! every bucket has. Source: R2 "Release notes", 2022-05-05.

use super::Answer;
use super::shared::{document, empty, not_implemented};
use crate::xml::reader::malformed;
use crate::xml::{Reader, XmlWriter};
use http::StatusCode;
use types::OperationError;

/// Reads a PutBucketEncryption that asks for AES-256: one rule, as S3 has it.
///
/// # Errors
/// `MalformedXML`; `NotImplemented` for encryption by a key service.
pub fn decode_put(body: &[u8]) -> Result<(), OperationError> {
    let mut document = Reader::open(body, "ServerSideEncryptionConfiguration")?;
    let mut rules = 0_u32;
    while let Some(name) = document.next_child()? {
        match &*name {
            "Rule" if rules == 0 => decode_rule(&mut document)?,
            "Rule" => return Err(malformed("there may be one 'Rule' only")),
            other => return Err(malformed(format!("'{other}' is no element of the encryption configuration"))),
        }
        rules += 1;
    }
    document.close()?;
    if rules == 0 { Err(malformed("a 'Rule' is missing")) } else { Ok(()) }
}

fn decode_rule(document: &mut Reader<'_>) -> Result<(), OperationError> {
    let mut has_default = false;
    while let Some(name) = document.next_child()? {
        match &*name {
            "ApplyServerSideEncryptionByDefault" if !has_default => {
                decode_default(document)?;
                has_default = true;
            }
            // It is about keys of a key service, and so without meaning here, as in S3.
            "BucketKeyEnabled" => match document.text()?.trim() {
                "true" | "false" => {}
                _ => return Err(malformed("'BucketKeyEnabled' must be true or false")),
            },
            "BlockedEncryptionTypes" => {
                return Err(not_implemented(
                    "PutBucketEncryption element 'BlockedEncryptionTypes' is not implemented.",
                ));
            }
            other => return Err(malformed(format!("'{other}' stands where it may not in a 'Rule'"))),
        }
    }
    if has_default { Ok(()) } else { Err(malformed("'ApplyServerSideEncryptionByDefault' is missing")) }
}

fn decode_default(document: &mut Reader<'_>) -> Result<(), OperationError> {
    let mut algorithm = None;
    while let Some(name) = document.next_child()? {
        match &*name {
            "SSEAlgorithm" if algorithm.is_none() => algorithm = Some(document.text()?),
            "KMSMasterKeyID" => {
                return Err(not_implemented("PutBucketEncryption element 'KMSMasterKeyID' is not implemented."));
            }
            other => return Err(malformed(format!("'{other}' stands where one 'SSEAlgorithm' must"))),
        }
    }
    match algorithm.as_deref().map(str::trim) {
        Some("AES256") => Ok(()),
        Some(other @ ("aws:kms" | "aws:kms:dsse" | "aws:fsx")) => Err(not_implemented(format!(
            "PutBucketEncryption with SSEAlgorithm '{other}' is not implemented: the only value is AES256."
        ))),
        Some(other) => Err(malformed(format!("'{other}' is no SSEAlgorithm: the only value is AES256"))),
        None => Err(malformed("'SSEAlgorithm' is missing")),
    }
}

/// GetBucketEncryption: AES-256, always.
pub fn encode() -> Answer {
    document(XmlWriter::document("ServerSideEncryptionConfiguration", 256, |xml| {
        xml.element("Rule", |xml| {
            xml.element("ApplyServerSideEncryptionByDefault", |xml| xml.plain("SSEAlgorithm", "AES256"));
            xml.boolean("BucketKeyEnabled", false);
        });
    }))
}

/// PutBucketEncryption: 200.
pub fn encode_put() -> Answer {
    empty(StatusCode::OK)
}

/// DeleteBucketEncryption: 204.
pub fn encode_delete() -> Answer {
    empty(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ErrorCode;

    fn read(rule: &str) -> Result<(), ErrorCode> {
        let body =
            format!("<ServerSideEncryptionConfiguration><Rule>{rule}</Rule></ServerSideEncryptionConfiguration>");
        decode_put(body.as_bytes()).map_err(|error| error.code)
    }

    fn default(contents: &str) -> String {
        format!("<ApplyServerSideEncryptionByDefault>{contents}</ApplyServerSideEncryptionByDefault>")
    }

    #[test]
    fn aes256_is_the_only_value() {
        let aes = default("<SSEAlgorithm>AES256</SSEAlgorithm>");
        assert_eq!(read(&aes), Ok(()));
        assert_eq!(read(&format!("{aes}<BucketKeyEnabled>false</BucketKeyEnabled>")), Ok(()));
        let kms = default("<SSEAlgorithm>aws:kms</SSEAlgorithm>");
        assert_eq!(read(&kms), Err(ErrorCode::NotImplemented));
        let keyed = default("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>");
        assert_eq!(read(&keyed), Err(ErrorCode::NotImplemented));
        assert_eq!(decode_put(encode().body()).map_err(|error| error.code), Ok(()), "what GET answers, PUT takes");
    }

    #[test]
    fn documents_of_another_schema_are_malformed() {
        let aes = default("<SSEAlgorithm>AES256</SSEAlgorithm>");
        for rule in [
            "",
            "<BucketKeyEnabled>true</BucketKeyEnabled>",
            &format!("{aes}<BucketKeyEnabled>yes</BucketKeyEnabled>"),
            &format!("{aes}{aes}"),
            &format!("{aes}</Rule><Rule>{aes}"),
            &default(""),
            &default("<SSEAlgorithm>AES512</SSEAlgorithm>"),
            &default("<Other/>"),
            "<Other/>",
        ] {
            assert_eq!(read(rule), Err(ErrorCode::MalformedXml), "{rule}");
        }
        for body in ["", "<Other/>", "<ServerSideEncryptionConfiguration/>"] {
            assert_eq!(decode_put(body.as_bytes()).map_err(|error| error.code), Err(ErrorCode::MalformedXml), "{body}");
        }
    }
}
