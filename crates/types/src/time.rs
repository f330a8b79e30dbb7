//! Points in time, in milliseconds, and the texts in which the faces write them.

use std::fmt::{self, Write as _};
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
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds().min(LAST_SECOND));
        // As long as every such date: headers take the text over as it is.
        let mut text = String::with_capacity(29);
        // Writing to memory does not fail.
        let _ = write!(text, "{}", httpdate::HttpDate::from(time));
        text
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

    /// A date of ISO 8601 as XML Schema and JSON have it: `2022-05-18`, alone or with a time such as
    /// `T17:19:59`, `T17:19:59.645Z` or `T19:19:59+02:00`. Without an offset it is UTC; less than a millisecond is
    /// dropped.
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = text.split_at_checked(10)?;
        let midnight = days_of_date(date)? * 86_400_000;
        if rest.is_empty() {
            return Some(Self(midnight));
        }
        let (time, offset_minutes) = split_offset(rest.strip_prefix('T')?)?;
        let utc = i64::try_from(midnight + milliseconds_of_time(time)?).ok()? - offset_minutes * 60_000;
        u64::try_from(utc).ok().map(Self)
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

/// The number that all of the text writes in decimal digits.
fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from the epoch to `2022-05-18`, if there is such a day.
fn days_of_date(date: &str) -> Option<u64> {
    let mut fields = date.split('-');
    let (year, month, day) = (digits(fields.next()?)?, digits(fields.next()?)?, digits(fields.next()?)?);
    if fields.next().is_some() || date.len() != 10 || year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // The thirtieth of February comes back as a day of March.
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

/// `17:19:59.645Z` as its time and the minutes by which its offset is ahead of UTC.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    let (time, offset) = text.split_at(at);
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let ahead = i64::try_from(hours * 60 + minutes).ok()?;
    Some((time, if offset.starts_with('-') { -ahead } else { ahead }))
}

/// Milliseconds of `17:19:59` or `17:19:59.645`.
fn milliseconds_of_time(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut fields = whole.split(':');
    let (hour, minute, second) = (digits(fields.next()?)?, digits(fields.next()?)?, digits(fields.next()?)?);
    if fields.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let milliseconds = match fraction {
        None => 0,
        Some(fraction) => {
            digits(fraction)?;
            digits(&format!("{fraction:0<3}")[..3])?
        }
    };
    Some((hour * 3600 + minute * 60 + second) * 1000 + milliseconds)
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

    #[test]
    fn reads_the_dates_of_documents() {
        let parse = |text| Timestamp::parse_iso8601(text).map(Timestamp::to_iso8601);
        for (text, expected) in [
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
            ("2024-01-01T00:00:00", "2024-01-01T00:00:00.000Z"),
            ("2022-05-18T17:19:59.645Z", "2022-05-18T17:19:59.645Z"),
            ("2022-05-18T17:19:59.6Z", "2022-05-18T17:19:59.600Z"),
            ("2022-05-18T17:19:59.6454321Z", "2022-05-18T17:19:59.645Z"),
            ("2022-05-18T19:19:59+02:00", "2022-05-18T17:19:59.000Z"),
            (" 2022-05-18T10:19:59-07:00\n", "2022-05-18T17:19:59.000Z"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "20240101",
            "2024-1-1",
            "2024-13-01",
            "2023-02-29",
            "2024-04-31",
            "2024-01-00",
            "1969-12-31",
            "1970-01-01T00:00:00+01:00",
            "2024-01-01 00:00:00",
            "2024-01-01T",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.\u{e9}\u{e9}Z",
            "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:00+99:00",
            "+024-01-01",
            "2024-01-0\u{e9}",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn dates_survive_a_round_trip(seconds in 0..LAST_SECOND) {
            let time = Timestamp::from_seconds(seconds);
            prop_assert_eq!(Timestamp::parse_amz_date(&time.to_amz_date()), Some(time));
            prop_assert_eq!(Timestamp::parse_iso8601(&time.to_iso8601()), Some(time));
            prop_assert_eq!(Timestamp::parse_http_date(&time.to_http_date()), Some(time));
        }
    }
}
