//! What is printed, and how it is made safe to print.

pub(crate) mod columns;
pub(crate) mod printable;
pub(crate) mod sessions;
pub(crate) mod stderr;
pub(crate) mod stdout;
