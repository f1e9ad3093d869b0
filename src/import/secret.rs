//! What a Secret holds under a key.
//!
//! Enters: Secrets of a namespace, a reference. Leaves: the text, or the API server's and the controller's error.
//! It deliberately shows no content to anybody but a run.

use serde_json::Value;

use super::field::Fields;
use super::object::Object;
use super::problem::Unsupported;

/// The value of `secretKeyRef`.
/// Source: Argo Rollouts v1.9.1, analysis/analysis.go, `resolveArgs`.
pub(super) fn value(
    secrets: &[&Object],
    reference: Option<&Value>,
    place: &str,
) -> Result<Result<String, String>, Unsupported> {
    let (name, key) = (reference.text("name"), reference.text("key"));
    let Some(secret) = secrets.iter().find(|secret| secret.name() == name) else {
        return Ok(Err(format!("secrets \"{name}\" not found")));
    };
    if let Some(text) = secret.value.field("stringData").field(key).and_then(Value::as_str) {
        return Ok(Ok(text.to_owned()));
    }
    let Some(data) = secret.value.field("data").field(key).and_then(Value::as_str) else {
        return Ok(Err(format!("key '{key}' does not exist in secret '{name}'")));
    };
    match decoded(data).map(String::from_utf8) {
        Some(Ok(text)) => Ok(Ok(text)),
        _ => Err(Unsupported::new(place, format!("data of Secret {name} that are no text"))),
    }
}

/// Base64 as Kubernetes reads it: padded, line breaks apart.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    let kept = digits.len().checked_sub(padding).filter(|_| padding <= 2)?;
    let mut out = Vec::with_capacity(kept * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in digits.iter().take(kept) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn base64_is_read() {
        for (text, data) in [
            ("", Some("")),
            ("cTE=", Some("q1")),
            ("aGVsbG8gd29ybGQ=", Some("hello world")),
            ("YQ==", Some("a")),
            ("YW\nJj", Some("abc")),
            ("YQ=", None),
            ("Y===", None),
            ("Y Q=", None),
        ] {
            assert_eq!(decoded(text).as_deref(), data.map(str::as_bytes), "{text}");
        }
    }
}
