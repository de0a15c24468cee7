//! What a termination came to.

use pam_proto::termination::Report;
use pyo3::prelude::*;
use serde_json::json;

use crate::to_python;

/// What a termination came to, and what that rests on.
#[pyclass(frozen, get_all, module = "pamctl")]
pub(crate) struct Outcome {
    outcome: &'static str,
    verified: bool,
    session_id: Option<String>,
    id: Option<u64>,
    attempts: u32,
    elapsed: f64,
    message: String,
    reason: Option<String>,
    appliance: Py<PyAny>,
    evidence: Py<PyAny>,
}

#[pymethods]
impl Outcome {
    fn __repr__(&self) -> String {
        let Self {
            outcome, message, ..
        } = self;
        format!("<pamctl.Outcome {outcome}: {message}>")
    }
}

impl Outcome {
    pub(crate) fn new(py: Python<'_>, report: Report, reason: Option<String>) -> PyResult<Self> {
        Ok(Self {
            outcome: report.outcome.name(),
            verified: report.outcome.is_verified(),
            session_id: report.session_id.map(|id| id.to_string()),
            id: report.id.map(pam_proto::SessionNumber::value),
            attempts: report.attempts,
            elapsed: report.elapsed.as_secs_f64(),
            message: report.message,
            reason,
            appliance: to_python(py, &json!(report.appliance))?.unbind(),
            evidence: to_python(py, &json!(report.evidence))?.unbind(),
        })
    }
}
