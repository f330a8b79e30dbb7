//! The format of lifecycle rules. Frozen, like the other formats.

use super::LifecycleRow;
use super::formats::{Row, class, time, write_class};
use crate::codec::{Decoder, Encoder, Malformed};
use types::{Lifecycle, LifecycleRule, LifecycleTime, LifecycleTransition};

impl Row for LifecycleRow {
    const NAME: &'static str = "lifecycle";
    const MARKER: [u8; 4] = *b"lfc2";

    fn write(&self, fields: &mut Encoder) {
        let rules = self.lifecycle.rules();
        fields.number(rules.len() as u64);
        rules.iter().for_each(|rule| write_rule(fields, rule));
        fields.number(self.generation);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { lifecycle: read_rules(fields)?, generation: fields.number("generation")? })
    }

    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        match &marker {
            b"lfc1" => Ok(Self { lifecycle: read_rules(fields)?, generation: 0 }),
            _ => Err(Malformed { field: "marker" }),
        }
    }
}

fn read_rules(fields: &mut Decoder<'_>) -> Result<Lifecycle, Malformed> {
    Ok(Lifecycle::stored(fields.list("rules", read_rule)?))
}

fn write_rule(fields: &mut Encoder, rule: &LifecycleRule) {
    fields.bytes(rule.id.as_bytes()).number(rule.enabled.into());
    fields.bytes(rule.prefix.as_bytes()).number(rule.prefix_outside_filter.into());
    match rule.expiration {
        None => {
            fields.number(0);
        }
        Some(time) => write_time(fields, time),
    }
    fields.number(rule.transitions.len() as u64);
    for transition in &rule.transitions {
        write_time(fields, transition.time);
        write_class(fields, transition.class);
    }
    match rule.abort_uploads_after {
        None => fields.number(0),
        Some(seconds) => fields.number(1).number(seconds),
    };
}

fn read_rule(fields: &mut Decoder<'_>) -> Result<LifecycleRule, Malformed> {
    let (id, enabled) = (fields.text("id")?, fields.flag("enabled")?);
    let (prefix, prefix_outside_filter) = (fields.text("prefix")?, fields.flag("prefix outside filter")?);
    let expiration = optional_time(fields)?;
    let mut transitions = Vec::new();
    for _ in 0..fields.number("transitions")? {
        let time = optional_time(fields)?.ok_or(Malformed { field: "transition" })?;
        transitions.push(LifecycleTransition { time, class: class(fields)? });
    }
    let abort_uploads_after = match fields.number("abort")? {
        0 => None,
        1 => Some(fields.number("abort after")?),
        _ => return Err(Malformed { field: "abort" }),
    };
    Ok(LifecycleRule { id, enabled, prefix, prefix_outside_filter, expiration, transitions, abort_uploads_after })
}

fn write_time(fields: &mut Encoder, time: LifecycleTime) {
    match time {
        LifecycleTime::Age(seconds) => fields.number(1).number(seconds),
        LifecycleTime::Date(date) => fields.number(2).number(date.0),
    };
}

fn optional_time(fields: &mut Decoder<'_>) -> Result<Option<LifecycleTime>, Malformed> {
    Ok(match fields.number("lifecycle time")? {
        0 => None,
        1 => Some(LifecycleTime::Age(fields.number("age")?)),
        2 => Some(LifecycleTime::Date(time(fields, "date")?)),
        _ => return Err(Malformed { field: "lifecycle time" }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{StorageClass, Timestamp};

    fn row() -> LifecycleRow {
        let date = LifecycleTime::Date(Timestamp(1_704_067_200_000));
        let transition = LifecycleTransition { time: LifecycleTime::days(30), class: StorageClass::InfrequentAccess };
        let everything = LifecycleRule {
            id: "everything".into(),
            enabled: true,
            prefix: "logs/".into(),
            prefix_outside_filter: true,
            expiration: Some(date),
            transitions: vec![transition],
            abort_uploads_after: Some(1),
        };
        let little = LifecycleRule {
            id: "little".into(),
            expiration: Some(LifecycleTime::Age(u64::MAX)),
            ..LifecycleRule::default()
        };
        LifecycleRow { lifecycle: Lifecycle::stored(vec![everything, little]), generation: 3 }
    }

    /// What a release wrote must be read for ever.
    #[test]
    fn the_frozen_row_still_reads() {
        let frozen = include_bytes!("testdata/lfc1.bin");
        assert_eq!(LifecycleRow::decode(frozen).unwrap(), LifecycleRow { generation: 0, ..row() });
    }

    #[test]
    fn rules_come_back() {
        for row in [row(), LifecycleRow { lifecycle: Lifecycle::default(), generation: 0 }] {
            assert_eq!(LifecycleRow::decode(&row.encode()).unwrap(), row);
        }
    }

    #[test]
    fn every_cut_of_the_rules_is_refused() {
        let bytes = row().encode();
        for cut in 0..bytes.len() {
            assert!(LifecycleRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(LifecycleRow::decode(&[bytes.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn no_count_of_a_damaged_row_is_believed() {
        let mut fields = Encoder::new(LifecycleRow::MARKER);
        fields.number(u64::MAX);
        assert!(LifecycleRow::decode(&fields.done()).is_err());
    }
}
