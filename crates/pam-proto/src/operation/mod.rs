//! What can be asked of the appliance: each operation is a type with two pure halves.
//!
//! [`Operation::request`] builds an unsigned [`http::Request`], [`Operation::parse`] reads the
//! [`http::Response`]. Signing lies between them and transport beyond, so an adapter knows no
//! protocol. An endpoint that this crate does not have is added by implementing the trait.

use http::{Method, Request, Response, Uri, header};

use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::knowledge::Module;
use crate::routes::Routes;
use crate::tolerance::Notes;

mod get_session;
mod list_sessions;
mod open_session;
mod terminate_session;

pub use get_session::GetSession;
pub use list_sessions::ListSessions;
pub use open_session::{OpenSession, OpenedSession};
pub use terminate_session::{TerminateSession, Terminated};

/// How long an answer may take to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Seconds.
    Ordinary,
    /// "A few minutes" (A2A API specification, "List all").
    Listing,
}

/// What an operation does to the appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it may be sent again, and along other paths.
    Reads,
    /// Something: it is not sent twice unless the first one is proven not to have been carried out.
    Changes,
}

/// One call of the appliance's API.
///
/// Two halves are to be written: [`request`](Self::request), and [`read`](Self::read), which is
/// given the envelope of a proven success. The others have defaults.
///
/// ```
/// use http::{Method, Request};
/// use pam_proto::{BaseUrl, BuildError, Effect, Envelope, Notes, Operation, ReplyError, Routes};
///
/// /// `GET /iso/pam/device`: the names of the devices.
/// struct DeviceNames;
///
/// impl Operation for DeviceNames {
///     type Output = Vec<String>;
///
///     fn effect(&self) -> Effect {
///         Effect::Reads
///     }
///
///     fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
///         let prefix = match routes {
///             Routes::Iso => "iso",
///             _ => "api",
///         };
///         let mut request = Request::new(Vec::new());
///         *request.method_mut() = Method::GET;
///         *request.uri_mut() = base.endpoint([prefix, "pam", "device"])?;
///         Ok(request)
///     }
///
///     fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<Vec<String>, ReplyError> {
///         let devices = envelope.records(&["devices"], notes)?;
///         let name = |device: &serde_json::Value| Some(device.get("hostname")?.as_str()?.to_owned());
///         devices
///             .into_iter()
///             .map(|device| name(device).ok_or_else(|| envelope.malformed("a device has no `hostname`")))
///             .collect()
///     }
/// }
///
/// let base = BaseUrl::new("https://vault.example.com")?;
/// let request = DeviceNames.request(&base, Routes::Iso)?;
/// assert_eq!(request.uri(), "https://vault.example.com/iso/pam/device");
///
/// let body = br#"{"response":{"status":200,"message":"1 devices found","error":false},
///     "devices":[{"id":"7","hostname":"srv01"}]}"#;
/// let names = DeviceNames.parse(&http::Response::new(body.to_vec()))?;
/// assert_eq!(names, ["srv01"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Operation {
    /// What a successful answer holds.
    type Output;

    /// How long the answer may take.
    fn pace(&self) -> Pace {
        Pace::Ordinary
    }

    /// What the call does. An operation that doesn't say is taken to change something.
    fn effect(&self) -> Effect {
        Effect::Changes
    }

    /// Which part of the API it belongs to; its errors are explained accordingly.
    fn module(&self) -> Module {
        Module::Common
    }

    /// The unsigned request.
    ///
    /// # Errors
    /// [`BuildError`] when it can't be built from what the operation was given.
    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError>;

    /// Reads the payload of an answer that is a success.
    ///
    /// # Errors
    /// [`ReplyError`], best made by [`Envelope::malformed`], when the payload is not this
    /// operation's.
    fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<Self::Output, ReplyError>;

    /// Reads the answer: whether it is a success, and what it holds.
    ///
    /// # Errors
    /// [`ReplyError`] when it is not a success of this operation.
    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Self::Output, ReplyError> {
        self.parse_noting(response, &mut Notes::default())
    }

    /// Like [`parse`](Self::parse), and notes what was forgiven on the way, in an error too.
    ///
    /// # Errors
    /// [`ReplyError`] when it is not a success of this operation.
    fn parse_noting(
        &self,
        response: &Response<Vec<u8>>,
        notes: &mut Notes,
    ) -> Result<Self::Output, ReplyError> {
        Envelope::success_noting(response, notes)
            .and_then(|envelope| self.read(&envelope, notes))
            .map_err(|error| error.in_module(self.module()))
    }
}

fn bare(method: Method, uri: Uri) -> Result<Request<Vec<u8>>, BuildError> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::ACCEPT, "application/json");
    request.body(Vec::new()).map_err(|_| BuildError::Body)
}
