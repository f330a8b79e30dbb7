//! Points in time, in milliseconds, and the texts in which the faces write them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// From whole seconds since the epoch.
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since the epoch, rounded down: the resolution of HTTP dates.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// An HTTP date (RFC 9110), all three forms.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let time = httpdate::parse_http_date(text.trim()).ok()?;
        Some(Self::from_seconds(time.duration_since(UNIX_EPOCH).ok()?.as_secs()))
    }

    /// `Wed, 18 May 2022 17:19:59 GMT`.
    pub fn to_http_date(self) -> String {
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds().min(LAST_SECOND)))
    }

    /// The basic ISO form of SigV4, `20220518T171959Z`; nothing else.
    pub fn parse_amz_date(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let number = |from: usize, to: usize| -> Option<u64> {
            let digits = &text.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
        let real = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
        if year < 1970 || !real {
            return None;
        }
        Some(Self::from_seconds(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second))
    }

    /// `20220518T171959Z`.
    pub fn to_amz_date(self) -> String {
        let c = self.civil();
        format!("{:04}{:02}{:02}T{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// `2022-05-18T17:19:59.645Z`.
    pub fn to_iso8601(self) -> String {
        let c = self.civil();
        let mut text = String::with_capacity(24);
        let fields = [(c.year, 4, '-'), (c.month, 2, '-'), (c.day, 2, 'T'), (c.hour, 2, ':'), (c.minute, 2, ':')];
        fields.into_iter().for_each(|(number, width, after)| push_field(&mut text, number, width, after));
        push_field(&mut text, c.second, 2, '.');
        push_field(&mut text, self.0 % 1000, 3, 'Z');
        text
    }

    fn civil(self) -> Civil {
        let seconds = self.seconds().min(LAST_SECOND);
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_from_days(days);
        Civil { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60 }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_iso8601())
    }
}

/// 9999-12-31T23:59:59Z: the last second the texts can show.
const LAST_SECOND: u64 = 253_402_300_799;

struct Civil {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

/// Appends the last `width` decimal digits of `number` and a separator. Listings write a thousand dates a page,
/// hence not by way of `format!`.
fn push_field(text: &mut String, number: u64, width: u32, after: char) {
    for position in (0..width).rev() {
        let digit = number / 10_u64.pow(position) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
    text.push(after);
}

/// Howard Hinnant's `days_from_civil`, for years from 1970 on.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Howard Hinnant's `civil_from_days`.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_the_texts_of_the_faces() {
        let time = Timestamp(1_652_894_399_645);
        assert_eq!(time.to_iso8601(), "2022-05-18T17:19:59.645Z");
        assert_eq!(time.to_http_date(), "Wed, 18 May 2022 17:19:59 GMT");
        assert_eq!(time.to_amz_date(), "20220518T171959Z");
        assert_eq!(Timestamp::parse_amz_date("20240229T000000Z").unwrap().to_iso8601(), "2024-02-29T00:00:00.000Z");
    }

    #[test]
    fn refuses_texts_of_another_form() {
        for bad in ["", "20220518T171959", "2022-05-18T17:19:59Z", "20221318T171959Z", "2022051\u{e9}T17195Z"] {
            assert_eq!(Timestamp::parse_amz_date(bad), None, "{bad}");
        }
        assert_eq!(Timestamp::parse_http_date("yesterday"), None);
    }

    proptest! {
        #[test]
        fn dates_survive_a_round_trip(seconds in 0..LAST_SECOND) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(Timestamp::parse_amz_date(&time.to_amz_date()), Some(time));
            prop_assert_eq!(Timestamp::parse_http_date(&time.to_http_date()), Some(time));
        }
    }
}
