//! Certificates, as far as a person wants to read them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// A certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Link {
    /// Whose it is (RFC 4514).
    pub(super) subject: String,
    /// Who vouches for it.
    pub(super) issuer: String,
    /// From when on and until when it is good.
    #[serde(serialize_with = "rfc_3339")]
    pub(super) not_before: Timestamp,
    #[serde(serialize_with = "rfc_3339")]
    pub(super) not_after: Timestamp,
}

impl Link {
    /// Reads a certificate; nothing when it is none.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        Self::read(&Certificate::from_der(der).ok()?)
    }

    /// Reads the first certificate of a PEM file.
    pub(super) fn from_pem(text: &[u8]) -> Option<Self> {
        Self::read(Certificate::load_pem_chain(text).ok()?.first()?)
    }

    fn read(certificate: &Certificate) -> Option<Self> {
        let signed = certificate.tbs_certificate();
        let time = |time: &x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            Timestamp::from_second(seconds).ok()
        };
        Some(Self {
            subject: signed.subject().to_string(),
            issuer: signed.issuer().to_string(),
            not_before: time(&signed.validity().not_before)?,
            not_after: time(&signed.validity().not_after)?,
        })
    }

    /// One line for a person.
    pub(super) fn told(&self) -> String {
        let issuer = if self.issuer == self.subject {
            "itself"
        } else {
            &self.issuer
        };
        format!(
            "{}, issued by {issuer}, valid {} to {}",
            self.subject,
            day(self.not_before),
            day(self.not_after)
        )
    }

    /// How many days it is still good; negative when it is over.
    pub(super) fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_hours().div_euclid(24)
    }
}

fn rfc_3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// The day in UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
