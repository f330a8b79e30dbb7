//! GetBucketLocation: always `auto`. Source: R2 "Release notes", 2022-05-16.

use super::Answer;
use super::shared::document;
use crate::xml::XmlWriter;

/// Writes the answer, whose root element holds the text itself.
pub fn encode() -> Answer {
    document(XmlWriter::document("LocationConstraint", 0, |xml| xml.escaped("auto")))
}
