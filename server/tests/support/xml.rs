//! Enough XML to read the server's answers, without trusting the server's own XML code.

/// The texts of all elements of this name, in order, unescaped.
pub(crate) fn elements(xml: &str, name: &str) -> Vec<String> {
    blocks(xml, name).into_iter().map(unescape).collect()
}

/// The text of the one element of this name.
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let mut found = elements(xml, name);
    assert!(found.len() <= 1, "{name} is there {} times: {xml}", found.len());
    found.pop()
}

/// What stands in all elements of this name, which do not nest.
pub(crate) fn blocks<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let after_open = xml.split(&open).skip(1);
    after_open.map(|rest| rest.split(&close).next().expect("split answers at least one piece")).collect()
}

/// Text without its escapes.
pub(crate) fn unescape(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';').expect("an entity ends");
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => character(number),
        });
        plain.push_str(rest);
    }
    plain
}

fn character(reference: &str) -> char {
    let code = match reference.strip_prefix("#x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => reference.strip_prefix('#').unwrap_or_default().parse(),
    };
    code.ok().and_then(char::from_u32).unwrap_or_else(|| panic!("&{reference}; is no character"))
}
