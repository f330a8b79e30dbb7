//! HTML forms: any split says the same as the whole, nothing panics, and what a browser frames comes apart again.
#![no_main]

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use s3_protocol::form::{FormDecoder, FormEvent, FormFields, Policy};
use s3_protocol::operation::post_object;
use types::{BucketName, ErrorCode, Timestamp};

/// What came out: fields, the file's name, its bytes.
type Decoded = Result<(Vec<(String, Vec<u8>)>, Option<String>, Vec<u8>), ErrorCode>;

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Decoded {
    let content_type = HeaderValue::from_static("multipart/form-data; boundary=B");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    let mut decoder = FormDecoder::for_body(&headers).expect("a boundary").expect("a form");
    let (mut fields, mut file_name, mut file) = (Vec::new(), None, Vec::new());
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(event) = decoder.decode(&mut input).map_err(|error| error.code)? {
            match event {
                FormEvent::Field { name, value } => fields.push((name, value)),
                FormEvent::File { name } => assert_eq!(file_name.replace(name), None, "one file"),
                FormEvent::Data(bytes) => {
                    assert!(!bytes.is_empty() && file_name.is_some());
                    file.extend_from_slice(&bytes);
                }
            }
        }
        assert!(input.is_empty());
    }
    decoder.finish().map_err(|error| error.code)?;
    Ok((fields, file_name, file))
}

fn framed(value: &[u8], file: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 5] = [
        b"--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n",
        value,
        b"\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n",
        file,
        b"\r\n--B--\r\n",
    ];
    parts.concat()
}

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (piece_bytes, body, file) = input;
    let piece_bytes = usize::from(piece_bytes) + 1;
    assert_eq!(decode([body].into_iter()), decode(body.chunks(piece_bytes)));

    let has_delimiter = |bytes: &[u8]| [b"\r\n", bytes].concat().windows(5).any(|window| window == b"\r\n--B");
    if body.len() < 10_000 && !has_delimiter(body) && !has_delimiter(file) {
        let expected = (vec![("key".to_owned(), body.to_vec())], Some("f".to_owned()), file.to_vec());
        assert_eq!(decode(framed(body, file).chunks(piece_bytes)), Ok(expected));
    }

    let bucket = BucketName::parse("bucket").expect("a name");
    let mut fields = FormFields::default();
    if fields.add("key", body.to_vec()).is_ok() && fields.add("x-amz-meta-a", file.to_vec()).is_ok() {
        let _ = fields.put_file_name("name");
        if let Some(policy) = std::str::from_utf8(body).ok().and_then(|text| Policy::parse(text).ok()) {
            let _ = policy.check(&bucket, &fields, Timestamp(0));
        }
        let _ = post_object::decode(bucket, &fields);
    }
});
