//! Secrets on their way in and out. What comes in cannot be written again, not even as a hash; what goes
//! out is written once; and neither is shown by `Debug`.

use programme::Secret;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret that a client sent: a password, a code, a token.
#[derive(Clone, Debug)]
pub struct SecretIn(pub Secret);

impl<'de> Deserialize<'de> for SecretIn {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        // Serde's own sentence would repeat what was sent instead of a text.
        match serde_json::Value::deserialize(input)? {
            serde_json::Value::String(text) => Ok(Self(Secret::new(text))),
            _ => Err(D::Error::custom("invalid type: expected a string")),
        }
    }
}

/// A secret that is shown to who it is for.
#[derive(Clone, Debug)]
pub struct SecretOut(pub Secret);

impl Serialize for SecretOut {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.0.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_to_nobody_by_accident() {
        let read: SecretIn = serde_json::from_str(r#""s3cr3t""#).unwrap();
        assert_eq!(read.0.expose(), "s3cr3t");
        let shown = format!("{read:?} {:?}", SecretOut(read.0.clone()));
        assert!(!shown.contains("s3cr3t"), "{shown}");
        assert_eq!(serde_json::to_string(&SecretOut(read.0)).unwrap(), r#""s3cr3t""#);
        for wrong in ["314159", r#"["314159"]"#, r#"{"314159":1}"#, "null"] {
            let error = serde_json::from_str::<SecretIn>(wrong).unwrap_err().to_string();
            assert!(error.starts_with("invalid type") && !error.contains("314159"), "{error}");
        }
    }
}
