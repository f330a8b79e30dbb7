//! A page of the audit log as CSV, for spreadsheets: the API's `export`. Its columns are the fields of an entry.

use crate::audit_filters::Actors;
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use http_support::AnswerBody;
use operations::AuditRow;
use operations::audit::actor_type;

/// The first line.
const COLUMNS: [&str; 14] = [
    "id",
    "when",
    "action.type",
    "action.info",
    "action.result",
    "actor.id",
    "actor.email",
    "actor.ip",
    "actor.type",
    "interface",
    "resource.type",
    "resource.id",
    "oldValue",
    "newValue",
];

/// Entries as a file of CSV (RFC 4180).
pub(crate) fn answer(entries: &[AuditRow], actors: &Actors) -> Response<AnswerBody> {
    let mut text = String::new();
    line(&mut text, &COLUMNS);
    for entry in entries {
        line(
            &mut text,
            &[
                &crate::audit_entry::uuid(entry.id),
                &entry.when.to_iso8601(),
                entry.kind.name(),
                &entry.action,
                "true",
                actors.id(entry),
                actors.email(entry).unwrap_or_default(),
                &crate::audit_entry::address(entry),
                actor_type(entry),
                entry.interface.name(),
                entry.resource.name(),
                &entry.resource_id,
                &entry.old_value,
                &entry.new_value,
            ],
        );
    }
    let mut answer = Response::new(AnswerBody::Full(Bytes::from(text)));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit_logs.csv\""));
    answer
}

fn line(text: &mut String, fields: &[&str]) {
    for (number, field) in fields.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_whatever_is_in_them() {
        let mut text = String::new();
        line(&mut text, &["a", "b,c", "say \"x\"", "two\nlines", ""]);
        assert_eq!(text, "\"a\",\"b,c\",\"say \"\"x\"\"\",\"two\nlines\",\"\"\r\n");
    }
}
