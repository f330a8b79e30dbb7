//! Beginnings of real files, of texts that look like them, and how they arrive.

use super::{HEAD_BYTES, InferringBody, infer};
use blobs::{BytesBody, next};
use bytes::Bytes;

#[test]
fn files_are_known_by_how_they_begin() {
    for (head, kind) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\x01\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wave"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0", "image/bmp"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"PK\x03\x04\x14\0", "application/zip"),
        (b"\x1f\x8b\x08\0", "application/x-gzip"),
        (b"ID3\x04\0", "audio/mpeg"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video/mp4"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "video/mp4"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
    ] {
        assert_eq!(infer(head), Some(kind));
    }
}

#[test]
fn markup_may_have_blanks_before_it_and_any_case() {
    for (text, kind) in [
        ("<!DOCTYPE html>\n<html>", "text/html"),
        (" \r\n\t<HTML lang=de>", "text/html"),
        ("<!-- a -->", "text/html"),
        ("<p>", "text/html"),
        ("\n<?xml version=\"1.0\"?>", "text/xml"),
        ("<!DOCTYPE htmlx>", "text/plain"),
        ("<place>", "text/plain"),
        ("<p", "text/plain"),
    ] {
        assert_eq!(infer(text.as_bytes()), Some(kind), "{text}");
    }
}

#[test]
fn text_is_what_has_no_binary_byte() {
    for text in ["hello", "{\"a\": 1}", "caf\u{e9}\r\n\u{1b}[0m", "BMI,weight and so on", "\u{feff}text"] {
        assert_eq!(infer(text.as_bytes()), Some("text/plain"), "{text}");
    }
    assert_eq!(infer(b"a\0b"), None);
    assert_eq!(infer(b"\x1a\x45\xdf\xa3\x42\x82"), None);
    assert_eq!(infer(b"\xff\xff\xff\xffftyp\0"), None);
    assert_eq!(infer(b"\0\0\0\x04ftyp"), None);
    assert_eq!(infer(b""), None);
}

async fn inferred(frames: &[&[u8]]) -> Option<&'static str> {
    let frames = frames.iter().map(|frame| Ok(Bytes::copy_from_slice(frame)));
    let mut body = BytesBody::from_frames(frames);
    let mut body = InferringBody::new(&mut body, true);
    while next(&mut body).await.unwrap().is_some() {}
    body.content_type()
}

#[tokio::test]
async fn it_does_not_matter_how_the_first_bytes_are_framed() {
    let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 3 * HEAD_BYTES]].concat();
    for size in [1, 3, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1, png.len()] {
        assert_eq!(inferred(&png.chunks(size).collect::<Vec<_>>()).await, Some("image/png"), "{size}");
    }
    assert_eq!(inferred(&[b"", b"he", b"", b"llo"]).await, Some("text/plain"));
    assert_eq!(inferred(&[]).await, None);
}

#[tokio::test]
async fn what_comes_after_the_first_bytes_does_not_count() {
    let text = vec![b'a'; HEAD_BYTES];
    assert_eq!(inferred(&[&text, b"\0"]).await, Some("text/plain"));
    assert_eq!(inferred(&[&[&text[..], b"\0"].concat()]).await, Some("text/plain"));
    assert_eq!(inferred(&[&text[1..], b"\0"]).await, None);
}
