//! Bodies that are compressed: how one is, and what it is without that, up to a bound.

use std::io::{self, Read};

use accolade_domain::rejection::{Code, Rejection};
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use flate2::read::MultiGzDecoder;

/// The largest window that a body may ask its reader to keep, as a power of two: 8 MiB, which is what
/// the compressor takes at most unless it is told otherwise.
const LARGEST_WINDOW: u32 = 23;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// gzip (RFC 1952), of one member or more.
    Gzip,
    /// Zstandard (RFC 8878), of one frame or more.
    Zstd,
}

impl Encoding {
    /// What `headers` say.
    ///
    /// # Errors
    /// 1943 if it is none that is read, or several on top of each other.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, Rejection> {
        let mut said = headers.get_all(CONTENT_ENCODING);
        let Some(value) = said.next() else {
            return Ok(Self::Identity);
        };
        let value = value.to_str().unwrap_or_default().trim();
        let found = match value.to_ascii_lowercase().as_str() {
            "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        };
        found.filter(|_| said.next().is_none()).ok_or_else(|| {
            let message = "Send the body with Content-Encoding gzip or zstd, or without.";
            Rejection::new(Code::UnsupportedMediaType).with_message(message)
        })
    }

    /// What `body` is without it. No more is ever held of that than `most` bytes.
    ///
    /// # Errors
    /// 1942 if it is more than `most` bytes; 400 if it is not compressed in this way.
    pub(crate) fn decode(self, body: &[u8], most: usize) -> Result<Vec<u8>, Rejection> {
        match self {
            // Nothing is nothing, however it is said to be compressed.
            _ if body.is_empty() => Ok(Vec::new()),
            Self::Identity if body.len() > most => Err(too_large(most)),
            Self::Identity => Ok(body.to_vec()),
            Self::Gzip => read(MultiGzDecoder::new(body), most).map_err(|error| match error {
                Some(error) => undecodable("gzip", &error),
                None => too_large(most),
            }),
            Self::Zstd => unzstd(body, most),
        }
    }
}

fn unzstd(body: &[u8], most: usize) -> Result<Vec<u8>, Rejection> {
    let announced = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    if announced.is_some_and(|size| size > most as u64) {
        return Err(too_large(most));
    }
    let unreadable = |error: io::Error| undecodable("zstd", &error);
    let mut decoder = zstd::Decoder::with_buffer(body).map_err(unreadable)?;
    decoder.window_log_max(LARGEST_WINDOW).map_err(unreadable)?;
    read(decoder, most).map_err(|error| match error {
        Some(error) => unreadable(error),
        None => too_large(most),
    })
}

/// All that `decoder` gives.
///
/// # Errors
/// Its own; `None` if it gives more than `most` bytes.
fn read(decoder: impl Read, most: usize) -> Result<Vec<u8>, Option<io::Error>> {
    let mut file = Vec::new();
    let mut bounded = decoder.take(most as u64 + 1);
    bounded.read_to_end(&mut file).map_err(Some)?;
    if file.len() > most {
        return Err(None);
    }
    Ok(file)
}

fn too_large(most: usize) -> Rejection {
    let message = format!("The file is more than {most} bytes when decoded. Send it in parts.");
    Rejection::new(Code::BodyTooLarge).with_message(message)
}

fn undecodable(encoding: &str, error: &io::Error) -> Rejection {
    Rejection::unreadable(format!(
        "The body is not {encoding} as it is read here ({error}). Send all of it, compressed with a \
         window of at most 8 MiB, or without Content-Encoding."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).unwrap()
    }

    fn code(result: Result<Vec<u8>, Rejection>) -> u32 {
        result.unwrap_err().code.number()
    }

    #[test]
    fn the_header_says_how_and_nothing_else_is_read() {
        let said = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            }
            Encoding::from_headers(&headers).map_err(|refused| refused.code.number())
        };
        assert_eq!(said(&[]), Ok(Encoding::Identity));
        assert_eq!(said(&["identity"]), Ok(Encoding::Identity));
        assert_eq!(said(&["GZip"]), Ok(Encoding::Gzip));
        assert_eq!(said(&["zstd"]), Ok(Encoding::Zstd));
        for several in [&["br"][..], &["gzip, zstd"], &["gzip", "zstd"], &[""]] {
            assert_eq!(said(several), Err(1943), "{several:?}");
        }
    }

    #[test]
    fn what_was_compressed_is_read_in_one_piece_or_in_several() {
        let several =
            |encode: fn(&[u8]) -> Vec<u8>| [encode(b"customerId\n"), encode(b"1\n")].concat();
        for (encoding, body) in [
            (Encoding::Identity, b"customerId\n1\n".to_vec()),
            (Encoding::Gzip, gzip(b"customerId\n1\n")),
            (Encoding::Gzip, several(gzip)),
            (Encoding::Zstd, zstd(b"customerId\n1\n")),
            (Encoding::Zstd, several(zstd)),
        ] {
            let decoded = encoding.decode(&body, 13);
            assert_eq!(decoded.unwrap(), b"customerId\n1\n", "{encoding:?}");
            assert_eq!(code(encoding.decode(&body, 12)), 1942, "{encoding:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_takes_memory() {
        let zeros = vec![0; 64 << 20];
        let announced = zstd::bulk::compress(&zeros, 3).unwrap();
        for (encoding, bomb) in [
            (Encoding::Gzip, gzip(&zeros)),
            (Encoding::Zstd, zstd(&zeros)),
            (Encoding::Zstd, announced),
        ] {
            assert!(bomb.len() < 100_000, "{}", bomb.len());
            assert_eq!(code(encoding.decode(&bomb, 8 << 20)), 1942);
        }
    }

    #[test]
    fn a_window_that_is_too_large_is_refused() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(b"customerId\n1\n").unwrap();
        encoder.flush().unwrap();
        let body = encoder.finish().unwrap();
        assert_eq!(code(Encoding::Zstd.decode(&body, 1 << 20)), 400);
    }

    #[test]
    fn what_is_compressed_otherwise_or_breaks_off_cannot_be_read() {
        let (gzip, zstd) = (gzip(b"customerId\n"), zstd(b"customerId\n"));
        for (encoding, body) in [
            (Encoding::Gzip, &b"customerId\n"[..]),
            (Encoding::Zstd, b"customerId\n"),
            (Encoding::Gzip, &zstd),
            (Encoding::Zstd, &gzip),
            (Encoding::Gzip, &gzip[..gzip.len() - 1]),
            (Encoding::Zstd, &zstd[..zstd.len() - 1]),
        ] {
            assert_eq!(code(encoding.decode(body, 1 << 20)), 400, "{body:?}");
        }
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            assert_eq!(encoding.decode(b"", 1).unwrap(), b"");
        }
    }
}
