//! Durations as Cloudflare's API writes them: `24h`, `30m`, `1h30m`, `8760h`.

use crate::access_apps::invalid;
use crate::error::RestError;

/// Whole seconds of a duration.
///
/// # Errors
/// 12130 for what is none, and for less than a second.
pub(crate) fn seconds(text: &str) -> Result<u64, RestError> {
    parse(text).filter(|seconds| *seconds > 0).ok_or_else(|| invalid("a duration is written as 30m, 24h or 1h30m"))
}

fn parse(text: &str) -> Option<u64> {
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let (factor, length) = match unit.as_bytes() {
            [b'h', ..] => (3600, 1),
            [b'm', next, ..] if *next == b's' => return None,
            [b'm', ..] => (60, 1),
            [b's', ..] => (1, 1),
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = &unit[length..];
    }
    Some(total)
}

/// A duration as it is shown: in hours, minutes or seconds, whichever is whole.
pub(crate) fn show(seconds: u64) -> String {
    match seconds {
        hours if hours % 3600 == 0 => format!("{}h", hours / 3600),
        minutes if minutes % 60 == 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_come_back() {
        for (text, value) in [("24h", 86_400), ("30m", 1800), ("90s", 90), ("1h30m", 5400), ("8760h", 31_536_000)] {
            assert_eq!(seconds(text).ok(), Some(value), "{text}");
            assert_eq!(seconds(&show(value)).ok(), Some(value));
        }
        for text in
            ["", "0h", "h", "24", "-1h", "1d", "100ms", "99999999999999999999h", "9999999999999999999h", "1h\u{e9}"]
        {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
