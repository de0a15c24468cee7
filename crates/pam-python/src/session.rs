//! Sessions, one by one and as they arrive.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;

use crate::errors;

/// A session as the appliance has it.
#[pyclass(frozen, get_all, module = "pamctl")]
pub(crate) struct Session {
    id: u64,
    session_id: Option<String>,
    user: String,
    origin_ip: String,
    credential: String,
    device: String,
    protocol: String,
    proxy: String,
    started_at: String,
    ended_at: Option<String>,
    prevent_purge: Option<bool>,
    request: Option<String>,
    itsm: Option<String>,
    active: bool,
}

#[pymethods]
impl Session {
    fn __repr__(&self) -> String {
        let state = if self.active { "active" } else { "ended" };
        format!(
            "<pamctl.Session {} {} of {:?} on {:?}>",
            self.id, state, self.user, self.device
        )
    }
}

impl From<pam_proto::Session> for Session {
    fn from(session: pam_proto::Session) -> Self {
        Self {
            active: session.is_active(),
            id: session.id.value(),
            session_id: session.session_id.map(|id| id.to_string()),
            user: session.user,
            origin_ip: session.origin_ip,
            credential: session.credential,
            device: session.device,
            protocol: session.protocol,
            proxy: session.proxy,
            started_at: session.started_at,
            ended_at: session.ended_at,
            prevent_purge: session.prevent_purge,
            request: session.request,
            itsm: session.itsm,
        }
    }
}

/// The sessions of a listing, each as soon as it has arrived.
#[pyclass(frozen, module = "pamctl")]
pub(crate) struct Sessions(pub(crate) Mutex<pam_blocking::Sessions>);

#[pymethods]
impl Sessions {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Session>> {
        let next = py.detach(|| {
            // What was read before a panic is still a listing.
            let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.next()
        });
        match next.transpose() {
            Ok(session) => Ok(session.map(Session::from)),
            Err(error) => Err(errors::call(py, &error)),
        }
    }
}
