//! The first format of the row with a bucket's CORS rules. Frozen, as `formats` says.

use super::Row;
use crate::codec::{Decoder, Encoder, Malformed};
use types::{CorsFields, CorsPolicy, CorsRule};

impl Row for CorsPolicy {
    const NAME: &'static str = "cors";
    const MARKER: [u8; 4] = *b"cor1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.rules().len() as u64);
        self.rules().iter().for_each(|rule| write_rule(fields, rule.fields()));
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Self::new(fields.list("rules", read_rule)?).map_err(|_| Malformed { field: "rules" })
    }
}

fn write_rule(fields: &mut Encoder, rule: &CorsFields) {
    fields.optional_text(rule.id.as_deref());
    for texts in [&rule.origins, &rule.methods, &rule.headers, &rule.expose_headers] {
        fields.number(texts.len() as u64);
        for text in texts {
            fields.bytes(text.as_bytes());
        }
    }
    match rule.max_age_seconds {
        Some(seconds) => fields.number(1).number(seconds),
        None => fields.number(0),
    };
}

fn read_rule(fields: &mut Decoder<'_>) -> Result<CorsRule, Malformed> {
    let rule = CorsFields {
        id: fields.optional_text("id")?,
        origins: read_texts(fields, "origins")?,
        methods: read_texts(fields, "methods")?,
        headers: read_texts(fields, "headers")?,
        expose_headers: read_texts(fields, "expose headers")?,
        max_age_seconds: match fields.number("max age")? {
            0 => None,
            1 => Some(fields.number("max age")?),
            _ => return Err(Malformed { field: "max age" }),
        },
    };
    Ok(CorsRule::stored(rule))
}

fn read_texts(fields: &mut Decoder<'_>, field: &'static str) -> Result<Vec<String>, Malformed> {
    fields.list(field, |fields| fields.text(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> CorsPolicy {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let full = CorsFields {
            id: Some("uploads".to_owned()),
            origins: texts(&["https://*.example.com", "http://localhost:3000"]),
            methods: texts(&["PUT", "POST"]),
            headers: texts(&["Content-Type", "x-amz-*"]),
            expose_headers: texts(&["ETag"]),
            max_age_seconds: Some(3600),
        };
        let least = CorsFields { origins: texts(&["*"]), methods: texts(&["GET"]), ..CorsFields::default() };
        CorsPolicy::new([full, least].map(|fields| CorsRule::new(fields).unwrap()).into()).unwrap()
    }

    /// What the first release wrote must be read for ever.
    #[test]
    fn the_frozen_row_still_reads() {
        let frozen = include_bytes!("testdata/cor1.bin");
        assert_eq!(CorsPolicy::decode(frozen).unwrap(), policy());
        assert_eq!(policy().encode(), frozen);
    }

    #[test]
    fn every_cut_of_a_row_is_refused() {
        let bytes = policy().encode();
        for cut in 0..bytes.len() {
            assert!(CorsPolicy::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let endless = [b"cor1".as_slice(), &[0xff; 9], &[1]].concat();
        assert!(CorsPolicy::decode(&endless).is_err());
    }
}
