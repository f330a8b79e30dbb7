//! For how long an answer may be shown again. Pure. Sources: RFC 9111 sections 4.2 and 5.2.2; Cloudflare "Origin Cache
//! Control", "Cache by status code", "Cache responses" (what is `BYPASS`).

use types::Timestamp;

/// Seconds for which an object that says nothing is fresh.
pub(crate) const OBJECT_SECONDS: u64 = 120 * 60;

/// Seconds for which it is known that there is no object.
pub(crate) const MISSING_SECONDS: u64 = 3 * 60;

/// The longest that anything is fresh, seconds: a year.
const SECONDS_MAX: u64 = 365 * 24 * 60 * 60;

/// Seconds for which an object with these headers may be shown again, from `now` on; `None` if it may not be kept.
///
/// `s-maxage` goes before `max-age`, and both before `Expires`. What cannot be read counts as over: nobody is shown
/// something old because of a slip of the pen. No age that a client asks for counts, nor does anything else of a
/// request.
pub(crate) fn seconds(cache_control: Option<&str>, expires: Option<&str>, now: Timestamp) -> Option<u64> {
    let said = Said::of(cache_control.unwrap_or_default());
    if said.forbidden {
        return None;
    }
    let seconds = match (said.shared_age.or(said.age), expires) {
        (Some(age), _) => age?,
        (None, Some(date)) => Timestamp::parse_http_date(date)?.seconds().checked_sub(now.seconds())?,
        (None, None) => OBJECT_SECONDS,
    };
    (seconds > 0).then_some(seconds.min(SECONDS_MAX))
}

/// What a `Cache-Control` says to a shared cache. The inner `None` of an age is one that cannot be read.
#[derive(Default)]
struct Said {
    forbidden: bool,
    shared_age: Option<Option<u64>>,
    age: Option<Option<u64>>,
}

impl Said {
    fn of(text: &str) -> Self {
        let mut said = Self::default();
        for directive in directives(text) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if ["no-store", "private", "no-cache"].iter().any(|word| name.eq_ignore_ascii_case(word)) {
                said.forbidden = true;
            } else if name.eq_ignore_ascii_case("s-maxage") {
                said.shared_age = Some(shorter(said.shared_age, age(value)));
            } else if name.eq_ignore_ascii_case("max-age") {
                said.age = Some(shorter(said.age, age(value)));
            }
        }
        said
    }
}

/// The shorter of two ages that are said: one that cannot be read is the shortest.
fn shorter(before: Option<Option<u64>>, now: Option<u64>) -> Option<u64> {
    before.map_or(now, |before| Some(before?.min(now?)))
}

/// Digits only; more than fit are the most (RFC 9111 section 1.2.2).
fn age(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

/// The parts between commas that stand in no quotes.
fn directives(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_780_000_000_000);

    fn of(cache_control: &str) -> Option<u64> {
        seconds(Some(cache_control), None, NOW)
    }

    #[test]
    fn what_says_nothing_is_fresh_for_two_hours() {
        assert_eq!(seconds(None, None, NOW), Some(7200));
        for nothing in ["", " ", ",", "public", "must-revalidate", "immutable, public", "max-stale=1", "x=\"no-store\""]
        {
            assert_eq!(of(nothing), Some(7200), "{nothing}");
        }
    }

    #[test]
    fn the_age_for_shared_caches_goes_before_the_other_and_both_before_the_date() {
        let tomorrow = Timestamp(NOW.0 + 86_400_000).to_http_date();
        let cases: [(&str, u64); 7] = [
            ("max-age=60", 60),
            ("Max-Age = \"60\" , public", 60),
            ("s-maxage=10, max-age=60", 10),
            ("max-age=60,S-MAXAGE=100", 100),
            ("max-age=0, s-maxage=5", 5),
            ("max-age=60, max-age=30", 30),
            ("max-age=99999999999999999999999", 31_536_000),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(Some(text), Some(&tomorrow), NOW), Some(expected), "{text}");
        }
        assert_eq!(seconds(Some("public"), Some(&tomorrow), NOW), Some(86_400));
    }

    #[test]
    fn what_must_not_be_kept_is_not_whatever_else_is_said() {
        for never in [
            "no-store",
            "NO-STORE, max-age=60",
            "private",
            "private=\"set-cookie, x\", s-maxage=60",
            "no-cache",
            "no-cache=\"etag\"",
            "max-age=0",
            "s-maxage=0, max-age=60",
            "max-age=-1",
            "max-age=soon",
            "max-age",
            "max-age=60, max-age=x",
            "s-maxage=1.5, max-age=60",
        ] {
            assert_eq!(of(never), None, "{never}");
        }
    }

    #[test]
    fn a_date_that_is_over_or_none_keeps_nothing() {
        for date in ["0", "-1", "soon", "", &NOW.to_http_date(), "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(seconds(None, Some(date), NOW), None, "{date}");
        }
    }
}
