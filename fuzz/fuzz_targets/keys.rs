//! Tuple keys: bytes order as tuples do, and text comes back as it went in.
#![no_main]

use libfuzzer_sys::fuzz_target;

// By path, not as a dependency: the crate around it would bring RocksDB's C++ into every fuzz build.
#[allow(dead_code, reason = "the target reads and writes texts only")]
#[path = "../../crates/metadata/src/keys/tuple.rs"]
mod keys;

fn tuple(text: &str, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    keys::push_text(&mut key, text);
    key.extend_from_slice(rest);
    key
}

fuzz_target!(|input: (&str, &str, [u8; 2], [u8; 2], &[u8])| {
    let (a, b, after_a, after_b, bytes) = input;
    let (key_a, key_b) = (tuple(a, &after_a), tuple(b, &after_b));
    assert_eq!(key_a.cmp(&key_b), (a, after_a).cmp(&(b, after_b)), "bytes order as tuples do");
    assert_eq!(keys::split_text(&key_a), Some((a.to_owned(), &after_a[..])));
    if let Some((text, rest)) = keys::split_text(bytes) {
        assert_eq!(tuple(&text, rest), bytes, "one text has one form");
    }
    assert!(keys::just_after(bytes).as_slice() > bytes);
    if let Some(end) = keys::after_prefix(bytes) {
        assert!(end.as_slice() > bytes && [bytes, &after_a].concat() < end);
    }
});
