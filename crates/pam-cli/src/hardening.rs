//! The process keeps its memory to itself: it holds the credentials of a vault.

/// Switches core dumps off and closes the process to debuggers of the same user. A best effort:
/// a platform that refuses is not made safer by refusing to terminate a session.
pub(crate) fn apply() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
}
