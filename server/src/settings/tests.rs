//! Settings: defaults, files, mistakes; and the page that documents them.

use super::*;

pub(super) fn from_file(text: &str) -> Result<FileSettings, SettingsError> {
    parse(text, Path::new("cairn.toml"))
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = Settings::resolve(&Serve::default()).unwrap();
    assert_eq!(settings.data, DataDirectory::Kept("cairn-data".into()));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:9200");
    assert_eq!(settings.reserve_bytes, GIB);
}

#[test]
fn a_mistyped_name_stops_the_start_with_the_nearest_known_one() {
    let error = from_file("reserve_byte = 1").unwrap_err().to_string();
    assert!(error.contains("reserve_byte") && error.contains("did you mean `reserve_bytes`?"), "{error}");
    assert!(!from_file("colour = 1").unwrap_err().to_string().contains("did you mean"));
    assert!(from_file("listen = 'nowhere'").is_err());
}

#[test]
fn a_reserve_below_the_bound_is_refused() {
    let error = at_least("reserve_bytes", 1, RESERVE_BYTES_MIN).unwrap_err();
    assert!(error.to_string().contains("set at least 67108864"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test writes the page it checks")]
fn the_configuration_page_lists_every_setting() {
    let mut page = "# Configuration\n\n<!-- Written by a test of `server/src/settings.rs`. -->\n\n\
        Nothing needs to be set. `cairn serve --config FILE` reads TOML with these names; an unknown name stops the \
        start.\n\n| name | form | default | purpose |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for row in DOCUMENTED {
        page += &format!("| `{}` | {} | {} | {} |\n", row.name, row.form, row.default, row.purpose);
    }
    page += "\nLogs go to standard error. `RUST_LOG` sets what is logged (default `warn`): `RUST_LOG=access=debug` \
        logs every request with its id, method, path and status.\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    if std::fs::read_to_string(path).ok().as_deref() != Some(page.as_str()) {
        std::fs::write(path, page).unwrap();
    }
}
