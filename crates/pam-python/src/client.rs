//! The client.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pam_blocking::{
    Authentication, Cancel, ClientIdentity, PlannedDrop, RouteChoice, Settings, Trust, Withheld,
    Witness,
};
use pam_proto::listing::Filter;
use pam_proto::oauth2::ClientCredentials;
use pam_proto::termination::Limits;
use pam_proto::{BaseUrl, GetSession, Routes, Secret, SessionNumber, SessionRef};
use pyo3::prelude::*;
use serde_json::json;

use crate::errors::{self, PamError, unusable};
use crate::outcome::Outcome;
use crate::session::{Session, Sessions};
use crate::sign::credentials;
use crate::to_python;

/// How long Ctrl-C waits to be seen.
const SIGNALS: Duration = Duration::from_millis(50);

/// Adds a condition to a filter.
type Narrow = fn(Filter, &str) -> Filter;

/// A client of one appliance. Any number of threads may share it.
#[pyclass(frozen, module = "pamctl")]
pub(crate) struct Client(pam_blocking::Client);

#[pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (url, *, consumer_key=None, consumer_secret=None, token=None,
        token_secret=None, client_id=None, client_secret=None, ca_file=None,
        client_certificate=None, client_key=None, token_cache=None, referer=None, routes=None,
        connect_timeout=5.0, timeout=30.0, list_timeout=600.0))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn new(
        py: Python<'_>,
        url: &str,
        consumer_key: Option<&str>,
        consumer_secret: Option<String>,
        token: Option<&str>,
        token_secret: Option<String>,
        client_id: Option<&str>,
        client_secret: Option<String>,
        ca_file: Option<PathBuf>,
        client_certificate: Option<PathBuf>,
        client_key: Option<PathBuf>,
        token_cache: Option<PathBuf>,
        referer: Option<String>,
        routes: Option<&str>,
        connect_timeout: f64,
        timeout: f64,
        list_timeout: f64,
    ) -> PyResult<Self> {
        let authentication = match (consumer_key, consumer_secret, client_id, client_secret) {
            (Some(key), Some(secret), None, None) => {
                Authentication::OAuth1(credentials(py, key, secret, token, token_secret)?)
            }
            (None, None, Some(id), Some(secret)) if token.is_none() && token_secret.is_none() => {
                Authentication::OAuth2(ClientCredentials::new(id, Secret::new(secret)))
            }
            _ => {
                let remedy = "give consumer_key, consumer_secret, token and token_secret for \
                              OAuth 1.0, or client_id and client_secret for OAuth 2.0";
                return Err(unusable(py, &remedy));
            }
        };
        let base = BaseUrl::new(url).map_err(|error| unusable(py, &error))?;
        let mut settings = Settings::new(base, authentication);
        settings.user_agent = concat!("pamctl-python/", env!("CARGO_PKG_VERSION")).to_owned();
        if let Some(ca_file) = ca_file {
            settings.trust = Trust::OnlyThese(ca_file);
        }
        settings.identity = match (client_certificate, client_key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
            _ => {
                let remedy = "give client_certificate and client_key together";
                return Err(unusable(py, &remedy));
            }
        };
        settings.token_cache = token_cache;
        settings.referer = referer;
        if let Some(routes) = routes {
            let routes: Routes = routes.parse().map_err(|error| unusable(py, &error))?;
            settings.routes = RouteChoice::Fixed(routes);
        }
        settings.deadlines.connect = seconds(py, "connect_timeout", connect_timeout)?;
        settings.deadlines.call = seconds(py, "timeout", timeout)?;
        settings.deadlines.listing = seconds(py, "list_timeout", list_timeout)?;
        let client = py.detach(|| pam_blocking::Client::new(settings));
        client.map(Self).map_err(|error| errors::setup(py, &error))
    }

    #[getter]
    fn url(&self) -> String {
        self.0.base().to_string()
    }

    #[getter]
    fn routes(&self) -> Option<String> {
        self.0.routes().map(|routes| routes.to_string())
    }

    /// Reads the listing while it arrives.
    #[pyo3(signature = (*, active=false, user=None, device=None, credential=None, protocol=None,
        proxy=None, origin=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn sessions(
        &self,
        py: Python<'_>,
        active: bool,
        user: Option<&str>,
        device: Option<&str>,
        credential: Option<&str>,
        protocol: Option<&str>,
        proxy: Option<&str>,
        origin: Option<&str>,
    ) -> PyResult<Sessions> {
        let mut filter = Filter::new();
        if active {
            filter = filter.active();
        }
        let texts: [(Option<&str>, Narrow); 5] = [
            (user, |filter, text| filter.user(text)),
            (device, |filter, text| filter.device(text)),
            (credential, |filter, text| filter.credential(text)),
            (protocol, |filter, text| filter.protocol(text)),
            (proxy, |filter, text| filter.proxy(text)),
        ];
        for (text, add) in texts {
            if let Some(text) = text {
                filter = add(filter, text);
            }
        }
        if let Some(origin) = origin {
            let network = origin.parse().map_err(|error| unusable(py, &error))?;
            filter = filter.origin(network);
        }
        Ok(Sessions(Mutex::new(self.0.sessions(&filter))))
    }

    /// Reads one session by its row number.
    fn session(&self, py: Python<'_>, id: u64) -> PyResult<Session> {
        let get = GetSession::new(SessionNumber::from(id));
        let got = py.detach(|| self.0.call(&get));
        got.map(Session::from)
            .map_err(|error| errors::call(py, &error))
    }

    /// Ends a session and proves it.
    #[pyo3(signature = (session_id, *, reason=None, verify_timeout=30.0, before_drop=None))]
    fn terminate(
        &self,
        py: Python<'_>,
        session_id: Named,
        reason: Option<String>,
        verify_timeout: f64,
        before_drop: Option<Py<PyAny>>,
    ) -> PyResult<Outcome> {
        let target = match session_id {
            Named::Number(number) => SessionRef::Number(SessionNumber::from(number)),
            Named::Text(text) => text.parse().map_err(|error| unusable(py, &error))?,
        };
        let mut limits = Limits::default();
        limits.verify_timeout = seconds(py, "verify_timeout", verify_timeout)?;
        let witness = Hook {
            before_drop,
            reason: reason.clone(),
        };
        let (client, cancel) = (self.0.clone(), Cancel::new());
        let (handle, (sender, receiver)) = (cancel.clone(), mpsc::channel());
        // Only to be lent to where the interpreter's lock is released.
        let receiver = Mutex::new(receiver);
        thread::spawn(move || {
            let reports = client.terminate([target], limits, &witness, &cancel);
            // The receiver waits for nothing else.
            let _ = sender.send(reports);
        });
        let mut interruption = None;
        let reports = loop {
            match py.detach(|| lock(&receiver).recv_timeout(SIGNALS)) {
                Ok(reports) => break reports,
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(signal) = py.check_signals() {
                        handle.cancel();
                        interruption.get_or_insert(signal);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PamError::new_err("the termination broke off"));
                }
            }
        };
        match (interruption, reports.into_iter().next()) {
            (Some(signal), _) => Err(signal),
            (None, Some(report)) => Outcome::new(py, report, reason),
            (None, None) => Err(PamError::new_err("the termination has no report")),
        }
    }

    fn __repr__(&self) -> String {
        format!("<pamctl.Client of {}>", self.0.base())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nobody else has it, so nobody can have panicked with it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session as Python names it.
#[derive(FromPyObject)]
enum Named {
    Number(u64),
    Text(String),
}

/// Calls back into Python before a drop is sent.
struct Hook {
    before_drop: Option<Py<PyAny>>,
    reason: Option<String>,
}

impl Witness for Hook {
    fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        let Some(callback) = &self.before_drop else {
            return Ok(());
        };
        let planned = json!({
            "session_id": drop.session_id,
            "attempt": drop.attempt,
            "record": drop.record,
            "reason": self.reason,
        });
        Python::attach(|py| {
            let planned = to_python(py, &planned)?;
            callback.call1(py, (planned,)).map(|_| ())
        })
        .map_err(|error: PyErr| Withheld {
            reason: format!(
                "before_drop raised {}",
                error.to_string().replace('\n', " ")
            ),
        })
    }
}

fn seconds(py: Python<'_>, name: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|time| !time.is_zero())
        .ok_or_else(|| unusable(py, &format!("{name} must be a positive number of seconds")))
}
