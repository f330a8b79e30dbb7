//! The format of lock rules. Frozen, like the other formats.

use super::Row;
use super::formats::time;
use crate::codec::{Decoder, Encoder, Malformed};
use types::{BucketLock, LockCondition, LockRule};

impl Row for BucketLock {
    const NAME: &'static str = "lock";
    const MARKER: [u8; 4] = *b"lck1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.rules().len() as u64);
        for rule in self.rules() {
            fields.bytes(rule.id.as_bytes()).number(rule.enabled.into()).bytes(rule.prefix.as_bytes());
            match rule.condition {
                LockCondition::Age(seconds) => fields.number(1).number(seconds),
                LockCondition::Date(date) => fields.number(2).number(date.0),
                LockCondition::Indefinite => fields.number(3),
            };
        }
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Self::new(fields.list("rules", read_rule)?).map_err(|_| Malformed { field: "rules" })
    }
}

fn read_rule(fields: &mut Decoder<'_>) -> Result<LockRule, Malformed> {
    let id = fields.text("id")?;
    let enabled = fields.flag("enabled")?;
    let prefix = fields.text("prefix")?;
    let condition = match fields.number("condition")? {
        1 => LockCondition::Age(fields.number("age")?),
        2 => LockCondition::Date(time(fields, "date")?),
        3 => LockCondition::Indefinite,
        _ => return Err(Malformed { field: "condition" }),
    };
    Ok(LockRule { id, enabled, prefix, condition })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::Timestamp;

    fn row() -> BucketLock {
        let rule = |id: &str, condition| LockRule { id: id.into(), enabled: id == "age", prefix: id.into(), condition };
        BucketLock::new(vec![
            rule("age", LockCondition::Age(86_400)),
            rule("date", LockCondition::Date(Timestamp(1_704_067_200_000))),
            rule("indefinite", LockCondition::Indefinite),
        ])
        .unwrap()
    }

    #[test]
    fn rules_come_back() {
        for row in [row(), BucketLock::default()] {
            assert_eq!(BucketLock::decode(&row.encode()).unwrap(), row);
        }
    }

    #[test]
    fn every_cut_of_the_rules_is_refused() {
        let bytes = row().encode();
        for cut in 0..bytes.len() {
            assert!(BucketLock::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(BucketLock::decode(&[bytes.as_slice(), b"x"].concat()).is_err());
    }
}
