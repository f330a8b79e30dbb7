//! GetBucketCors: the rules as they were sent. Source: R2 "S3 API compatibility"; S3 GetBucketCors.

use super::Answer;
use super::shared::document;
use crate::xml::XmlWriter;
use types::{CorsFields, CorsPolicy};

/// Writes the answer.
pub fn encode(policy: &CorsPolicy) -> Answer {
    document(XmlWriter::document("CORSConfiguration", policy.rules().len() * 256, |xml| {
        for rule in policy.rules() {
            xml.element("CORSRule", |xml| write_rule(xml, rule.fields()));
        }
    }))
}

fn write_rule(xml: &mut XmlWriter, rule: &CorsFields) {
    xml.optional("ID", rule.id.as_deref());
    rule.origins.iter().for_each(|origin| xml.text("AllowedOrigin", origin));
    rule.methods.iter().for_each(|method| xml.text("AllowedMethod", method));
    rule.headers.iter().for_each(|name| xml.text("AllowedHeader", name));
    if let Some(seconds) = rule.max_age_seconds {
        xml.number("MaxAgeSeconds", seconds);
    }
    rule.expose_headers.iter().for_each(|name| xml.text("ExposeHeader", name));
}
