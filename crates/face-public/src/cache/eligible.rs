//! Which keys are cached without being asked for: by the extension of their names, and `robots.txt`, as
//! Cloudflare does. Pure. Source: Cloudflare "Default cache behavior", Default cached file extensions.

/// The extensions, in order.
const EXTENSIONS: [&str; 56] = [
    "7z", "apk", "avi", "avif", "bin", "bmp", "bz2", "class", "css", "csv", "dmg", "doc", "docx", "ejs", "eot", "eps",
    "exe", "flac", "gif", "gz", "ico", "iso", "jar", "jpeg", "jpg", "js", "mid", "midi", "mkv", "mp3", "mp4", "ogg",
    "otf", "pdf", "pict", "pls", "png", "ppt", "pptx", "ps", "rar", "svg", "svgz", "swf", "tar", "tif", "tiff", "ttf",
    "webm", "webp", "woff", "woff2", "xls", "xlsx", "zip", "zst",
];

/// The longest extension, bytes.
const EXTENSION_BYTES_MAX: usize = 5;

/// Cached by default besides, at the root only.
const ROBOTS: &str = "robots.txt";

/// Whether the object of a key is cached by default: the part of its name behind the last dot decides.
pub(crate) fn by_default(key: &str) -> bool {
    if key == ROBOTS {
        return true;
    }
    let name = key.rsplit('/').next().unwrap_or(key);
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    let mut lower = [0; EXTENSION_BYTES_MAX];
    let Some(lower) = lower.get_mut(..extension.len()) else { return false };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    EXTENSIONS.binary_search_by(|known| known.as_bytes().cmp(lower)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_of_the_name_decides() {
        for key in ["a.png", "a/b.JPG", "a.html.gz", ".css", "a b.woff2", "a..js", "\u{e9}.pdf"] {
            assert!(by_default(key), "{key}");
        }
        for key in
            ["a", "a.html", "a.json", "a.txt", "a.png/b", "a.png/", "a.", "png", "a.pn\u{261}", "a.png.", "a.jpegx"]
        {
            assert!(!by_default(key), "{key}");
        }
    }

    #[test]
    fn the_rules_for_robots_are_cached_at_the_root() {
        assert!(by_default("robots.txt"));
        assert!(!["a/robots.txt", "/robots.txt", "xrobots.txt", "robots.txt/"].into_iter().any(by_default));
    }

    #[test]
    fn the_extensions_are_in_order() {
        assert!(EXTENSIONS.is_sorted());
    }

    #[test]
    fn no_extension_is_longer_than_is_looked_at() {
        assert!(EXTENSIONS.iter().all(|known| known.len() <= EXTENSION_BYTES_MAX && by_default(&format!("x.{known}"))));
    }
}
