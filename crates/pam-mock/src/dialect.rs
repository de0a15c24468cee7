//! How the appliance writes: everything about an answer that depends on the profile, the switches
//! and the faults.

use jiff::tz::Offset;

use crate::answers::envelope::{Envelope, Shape};
use crate::profile::Profile;
use crate::switches::Switches;

/// The settings that shape an answer.
#[derive(Debug, Clone)]
pub(crate) struct Dialect {
    pub(crate) profile: Profile,
    pub(crate) switches: Switches,
    pub(crate) zone: Offset,
    pub(crate) tenant: String,
}

/// Which keys and values a session is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Spelling {
    English,
    /// `credencial`, `dispositivo` and `Não` of the 3.32 articles.
    Portuguese,
}

impl Dialect {
    /// The tenant as answers carry it: 3.32 shows none.
    pub(crate) fn tenant(&self) -> Option<&str> {
        (self.profile != Profile::V3_32).then_some(self.tenant.as_str())
    }

    /// A success of the terminate call (A2A API specification, "Terminate a session").
    pub(crate) fn dropped(&self) -> Envelope<'_> {
        const INTERRUPTED: &str = "Sessão interrompida com sucesso";
        match self.profile {
            Profile::V3_32 => Envelope::success(Shape::NoCode, INTERRUPTED),
            Profile::V3_33 | Profile::V4_0 => Envelope::success(Shape::Full, INTERRUPTED),
            // A2A API specification, "External corroboration".
            Profile::Current => Envelope {
                mensagem: Some("Sessão encerrada com sucesso"),
                ..Envelope::success(Shape::Full, "Session dropped successfully")
                    .tenant(self.tenant())
            },
        }
    }

    /// The one failure of the terminate call.
    pub(crate) fn drop_failed(&self) -> Envelope<'static> {
        let shape = match self.profile {
            Profile::V3_32 => Shape::NoCode,
            _ => Shape::Full,
        };
        Envelope::failure(shape, 500, 1, "An error occurred while droping session")
    }

    /// The empty success of the reading calls.
    pub(crate) fn read(&self) -> Envelope<'_> {
        Envelope::success(Shape::Full, "").tenant(self.tenant())
    }

    /// A success of the create call (A2A API specification, "Create an authenticated URL").
    pub(crate) fn opened(&self) -> Envelope<'_> {
        let shape = match self.profile {
            Profile::V3_32 => Shape::Min,
            _ => Shape::Full,
        };
        Envelope::success(shape, "Session created successfully").tenant(self.tenant())
    }

    /// A field missing from the create call.
    pub(crate) fn not_specified(&self, message: &'static str) -> Envelope<'static> {
        match self.profile {
            Profile::V3_32 => Envelope::failure(Shape::Codes, 400, 0, message),
            _ => Envelope::failure(Shape::Full, 400, 1, message),
        }
    }
}
