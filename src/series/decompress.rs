//! Compressed recordings.
//!
//! Enters: bytes, perhaps packed by gzip or zstd. Leaves: the bytes unpacked, never more than asked for.
//! It deliberately goes by the first bytes alone, not by names.

use std::borrow::Cow;
use std::io::Read;

/// Why bytes cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecompressError {
    /// The reason.
    pub message: String,
}

impl std::fmt::Display for DecompressError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecompressError {}

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The bytes, unpacked if they are packed; members and frames that follow one another are one text.
///
/// # Errors
/// If the bytes are damaged, or are more than `limit` when unpacked.
pub fn decompress(bytes: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, DecompressError> {
    let fault = |kind: &str, reason: &dyn std::fmt::Display| DecompressError {
        message: format!("{kind} data cannot be unpacked: {reason}"),
    };
    let mut out = Vec::new();
    if bytes.starts_with(GZIP) {
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let decoder = flate2::read::MultiGzDecoder::new(bytes);
        decoder.take(bound).read_to_end(&mut out).map_err(|error| fault("gzip", &error))?;
    } else if bytes.starts_with(ZSTD) {
        let mut rest = bytes;
        while !rest.is_empty() && out.len() <= limit {
            let bound = u64::try_from(limit - out.len()).unwrap_or(u64::MAX).saturating_add(1);
            let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest);
            let decoder = decoder.map_err(|error| fault("zstd", &error))?;
            decoder.take(bound).read_to_end(&mut out).map_err(|error| fault("zstd", &error))?;
        }
    } else {
        return Ok(Cow::Borrowed(bytes));
    }
    if out.len() > limit {
        return Err(DecompressError { message: format!("recording is larger than {limit} bytes unpacked") });
    }
    Ok(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn unpacks_gzip_and_zstd_within_the_bound() {
        let text = "up 1 1\n".repeat(1000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd =
            ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
        for packed in [gzip, zstd] {
            assert_eq!(decompress(&packed, 7000).unwrap(), text.as_bytes());
            assert!(decompress(&packed, 6999).unwrap_err().message.contains("larger than 6999"));
            let twice = [packed.clone(), packed.clone()].concat();
            assert_eq!(decompress(&twice, 14_000).unwrap().len(), 14_000);
            assert!(decompress(packed.get(..packed.len() - 5).unwrap(), 7000).is_err());
        }
        assert!(matches!(decompress(b"up 1 1\n", 0).unwrap(), Cow::Borrowed(b"up 1 1\n")));
    }
}
