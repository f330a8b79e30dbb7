//! What a failure looks like on the wire.

use crate::xml::XmlWriter;
use types::{OperationError, UnsatisfiableRange};

/// The XML of an error. `resource` is the path as sent; the status and headers are the caller's.
pub fn error_document(error: &OperationError, resource: &str, request_id: &str) -> String {
    XmlWriter::bare_document("Error", |xml| {
        xml.plain("Code", error.code.s3_name());
        xml.text("Message", error.message());
        if let Some(range) = UnsatisfiableRange::of(error) {
            xml.plain("ActualObjectSize", &range.size.to_string());
        }
        xml.text("Resource", resource);
        xml.text("RequestId", request_id);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ErrorCode;

    #[test]
    fn a_range_outside_of_an_object_is_told_its_size() {
        let error = OperationError::from(ErrorCode::InvalidRange).caused_by(UnsatisfiableRange { size: 7 });
        assert!(error_document(&error, "/b/k", "0f").contains("</Message><ActualObjectSize>7</ActualObjectSize>"));
    }

    #[test]
    fn errors_have_no_namespace_and_escape_what_the_client_sent() {
        let error = OperationError::from(ErrorCode::NoSuchKey).caused_by("a secret path");
        let text = error_document(&error, "/b/<k>", "0f");
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does \
             not exist.</Message><Resource>/b/&lt;k&gt;</Resource><RequestId>0f</RequestId></Error>"
        );
    }
}
