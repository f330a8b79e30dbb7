//! Words of other encoders, words that are none, and the way there and back.

use super::{decode, encode};
use proptest::prelude::*;

#[test]
fn both_encodings_and_all_charsets_are_decoded() {
    for (value, text) in [
        ("=?UTF-8?Q?caf=C3=A9_au_lait?=", "caf\u{e9} au lait"),
        ("=?utf-8?q?caf=c3=a9?=", "caf\u{e9}"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "caf\u{e9}"),
        ("=?utf-8?b?Y2Fmw6k?=", "caf\u{e9}"),
        ("=?iso-8859-1?Q?caf=E9?=", "caf\u{e9}"),
        ("=?ISO-8859-1?B?Y2Fm6Q==?=", "caf\u{e9}"),
        ("=?us-ascii?Q?plain?=", "plain"),
        ("=?utf-8*fr?Q?caf=C3=A9?=", "caf\u{e9}"),
        ("=?utf-8?Q??=", ""),
    ] {
        assert_eq!(decode(value), text, "{value}");
    }
}

#[test]
fn blanks_between_words_go_and_all_other_text_stays() {
    let (e, o) = ("=?UTF-8?Q?=C3=A9?=", "=?ISO-8859-1?Q?=F6?=");
    assert_eq!(decode(&format!("a  {e} b {o}.")), "a  \u{e9} b \u{f6}.");
    assert_eq!(decode(&format!("{e} \t {e}")), "\u{e9}\u{e9}");
    assert_eq!(decode(&format!("{e}  {o}{e}")), "\u{e9}\u{f6}\u{e9}");
    assert_eq!(decode("caf\u{e9} =? raw"), "caf\u{e9} =? raw");
}

#[test]
fn a_character_may_be_split_between_two_words() {
    assert_eq!(decode("=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?="), "\u{20ac}");
}

#[test]
fn what_is_no_encoded_word_stays_as_it_is() {
    for value in [
        "plain",
        "=?",
        "=?utf-8?Q?no end",
        "=?utf-8?Q?no end?",
        "=?utf-8?X?unknown encoding?=",
        "=?klingon?Q?nuqneH?=",
        "=?utf-8?Q?bad=ZZhex?=",
        "=?utf-8?Q?cut=C?=",
        "=?utf-8?Q?a blank?=",
        "=?utf-8?B?not*base64?=",
        "=?utf-8?Q?=FF?=",
        "=?us-ascii?Q?=E9?=",
        "=?utf-8?Q?=FF?= =?utf-8?Q?=FE?=",
    ] {
        assert_eq!(decode(value), value);
    }
    assert_eq!(decode("=?utf-8?Q?=FF?= =?iso-8859-1?Q?=E9?="), "=?utf-8?Q?=FF?= \u{e9}");
    assert_eq!(decode("=?x?=?utf-8?Q?=C3=A9?="), "=?x?\u{e9}");
}

#[test]
fn only_what_needs_it_is_encoded() {
    assert_eq!(encode("lazy  dog, 100 %\t?"), "lazy  dog, 100 %\t?");
    assert_eq!(encode("\u{c4}MAZ\u{d5}\u{d1} S3"), "=?UTF-8?B?w4RNQVrDlcORIFMz?=");
    assert_eq!(encode(" edge"), "=?UTF-8?B?IGVkZ2U=?=");
    assert_eq!(encode("=?utf-8?Q?stored_so?="), "=?UTF-8?B?PT91dGYtOD9RP3N0b3JlZF9zbz89?=");
}

#[test]
fn no_word_is_longer_than_75_characters_or_splits_a_character() {
    let long = "\u{20ac}".repeat(2000);
    let encoded = encode(&long);
    for word in encoded.split(' ') {
        assert!(word.len() <= 75, "{word}");
        assert_ne!(decode(word), word);
    }
    assert_eq!(decode(&encoded), long);
}

proptest! {
    #[test]
    fn every_value_comes_back(value in "\\PC*") {
        let encoded = encode(&value);
        prop_assert_eq!(decode(&encoded), &*value);
        prop_assert!(encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    }

    #[test]
    fn values_that_look_like_words_come_back_too(value in "(=\\?|\\?=|utf-8|\\?[QqBb]\\?|[a-zA-Z0-9=_ ]{0,4}|\u{e9}){0,12}") {
        let stored = decode(&value);
        let (encoded, encoded_again) = (encode(&value), encode(&stored));
        prop_assert_eq!(decode(&encoded), &*value);
        prop_assert_eq!(decode(&encoded_again), &*stored);
    }
}
