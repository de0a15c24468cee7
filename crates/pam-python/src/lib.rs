//! `pamctl` for Python: `pam-blocking` behind PyO3.
//!
//! What Python sees is described in `python/pamctl/__init__.pyi`, which is what editors and type
//! checkers read. The interpreter's lock is released while anything is sent or awaited.

use pyo3::prelude::*;

mod client;
mod errors;
mod outcome;
mod session;
mod sign;

/// The native half of `pamctl`.
#[pymodule]
mod _pamctl {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::client::Client;
    #[pymodule_export]
    use super::errors::{AuthError, BuildError, PamError, ReplyError, SetupError, TransportError};
    #[pymodule_export]
    use super::outcome::Outcome;
    #[pymodule_export]
    use super::session::{Session, Sessions};
    #[pymodule_export]
    use super::sign::sign;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// What serialises, as Python's own lists, dicts and values.
fn to_python<'py>(py: Python<'py>, value: &serde_json::Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?
        .call_method1("loads", (value.to_string(),))
}
