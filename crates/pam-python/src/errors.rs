//! Exceptions by who is at fault.

use pam_adapter::{CallError, SetupError as Setup, TransportError as Transport};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

create_exception!(
    pamctl,
    PamError,
    PyException,
    "Anything that went wrong. Its text is one line with the cause and what to do."
);
create_exception!(
    pamctl,
    SetupError,
    PamError,
    "What the client was given can't work: a file, a host, a credential."
);
create_exception!(
    pamctl,
    BuildError,
    PamError,
    "A request can't be built from what was given."
);
create_exception!(
    pamctl,
    AuthError,
    PamError,
    "The appliance does not believe who asks, or does not let them."
);
create_exception!(
    pamctl,
    TransportError,
    PamError,
    "The appliance was not reached, did not answer in time, or was lost on the way."
);
create_exception!(
    pamctl,
    ReplyError,
    PamError,
    "The appliance, or a gateway before it, answered with something else than success."
);

/// Nothing was sent: what was given can't be used.
pub(crate) fn unusable(py: Python<'_>, error: &impl ToString) -> PyErr {
    let raised = BuildError::new_err(error.to_string());
    with(py, raised, |value| {
        value.setattr("may_have_executed", false)
    })
}

pub(crate) fn setup(py: Python<'_>, error: &Setup) -> PyErr {
    let raised = SetupError::new_err(error.to_string());
    with(py, raised, |value| {
        value.setattr("may_have_executed", false)
    })
}

pub(crate) fn call(py: Python<'_>, error: &CallError) -> PyErr {
    with(py, class(error, error.to_string()), |value| {
        value.setattr("may_have_executed", error.may_have_executed())?;
        if let Some(transport) = transport(error) {
            value.setattr("is_timeout", transport.is_timeout())?;
        }
        if value.is_instance_of::<AuthError>() || value.is_instance_of::<ReplyError>() {
            let reply = error.reply();
            value.setattr("status", reply.map(|reply| reply.status.as_u16()))?;
            value.setattr("fault", reply.map(|reply| format!("{:?}", reply.fault)))?;
            value.setattr("error_code", reply.and_then(|reply| reply.error_code))?;
            value.setattr(
                "exception_code",
                reply.and_then(|reply| reply.exception_code),
            )?;
            value.setattr("remedy", reply.map(pam_proto::ReplyError::remedy))?;
        }
        Ok(())
    })
}

/// What had to come before a request and failed is at fault for it.
fn class(error: &CallError, text: String) -> PyErr {
    match error {
        error if error.is_auth() => AuthError::new_err(text),
        CallError::NotSent { cause, .. } => class(cause, text),
        CallError::Setup(_) => SetupError::new_err(text),
        CallError::Transport(_) => TransportError::new_err(text),
        CallError::Reply(_) => ReplyError::new_err(text),
        _ => BuildError::new_err(text),
    }
}

fn transport(error: &CallError) -> Option<&Transport> {
    match error {
        CallError::Transport(transport) => Some(transport),
        CallError::NotSent { cause, .. } => transport(cause),
        _ => None,
    }
}

/// The exception with what `set` sets, or what kept that from being set.
fn with(
    py: Python<'_>,
    raised: PyErr,
    set: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<()>,
) -> PyErr {
    match set(raised.value(py).as_any()) {
        Ok(()) => raised,
        Err(error) => error,
    }
}
