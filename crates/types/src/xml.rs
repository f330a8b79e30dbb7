//! Which texts XML can carry. Rules that one face takes as JSON are shown by another as XML.

/// Whether XML 1.0 has a way to write every character of a text. Source: XML 1.0, production `Char`.
pub(crate) fn is_xml(text: &str) -> bool {
    let is_char = |character| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    };
    text.chars().all(is_char)
}
