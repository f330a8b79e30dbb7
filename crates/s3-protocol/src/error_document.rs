//! What a failure looks like on the wire.

use crate::xml::XmlWriter;
use types::OperationError;

/// The XML of an error. `resource` is the path as sent; the status and headers are the caller's.
pub fn error_document(error: &OperationError, resource: &str, request_id: &str) -> String {
    XmlWriter::bare_document("Error", |xml| {
        xml.plain("Code", error.code.s3_name());
        xml.text("Message", error.message());
        xml.text("Resource", resource);
        xml.text("RequestId", request_id);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::ErrorCode;

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
