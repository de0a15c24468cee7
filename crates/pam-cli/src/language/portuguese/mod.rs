//! Brazilian Portuguese.
//!
//! The words: *appliance*, *perfil*, *chaveiro*, *autorização*, *credencial*, *sessão*,
//! *encerrar*, *prazo*. Names of settings, flags and commands stay as they are typed, and so do
//! the resources and permissions of the appliance as its English screens print them.

mod appliance;
mod commands;
mod guard;
mod knowledge;
mod responder;
mod settings;
mod system;
mod wire;

/// Every message: English, then Portuguese.
pub(super) const LINES: &[&[(&str, &str)]] = &[
    appliance::LINES,
    commands::LINES,
    guard::LINES,
    knowledge::LINES,
    responder::LINES,
    settings::LINES,
    system::LINES,
    wire::LINES,
];
