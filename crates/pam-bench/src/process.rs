//! Whole processes: how long they take, and how much memory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What a process came to.
pub(crate) struct Ended {
    /// From before it is started to after it has ended.
    pub(crate) wall: Duration,
    /// The most memory that it held at once, in MiB. The kernel counts this process's own before
    /// `exec`, so it is never below that.
    pub(crate) peak: f64,
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
}

/// Runs a process to its end, with a file or nothing as its input.
pub(crate) fn run(command: &mut Command, input: Option<&Path>) -> io::Result<Ended> {
    command.stdout(Stdio::piped()).stdin(match input {
        Some(path) => File::open(path)?.into(),
        None => Stdio::null(),
    });
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut stdout = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut stdout)?;
    }
    let ended = child.wait4()?;
    Ok(Ended {
        wall: start.elapsed(),
        peak: ended.rusage.maxrss as f64 / f64::from(1 << 20),
        success: ended.status.success(),
        stdout,
    })
}

/// The seconds of processor time that a process took until now, in user mode and in the kernel.
pub(crate) fn processor_time(process: u32) -> io::Result<[f64; 2]> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let mut ticks = fields.split_whitespace().skip(11);
    // Linux counts hundredths here, whatever the kernel's own clock does.
    let mut seconds = || {
        let ticks = ticks.next().and_then(|field| field.parse::<u32>().ok());
        ticks.map_or(0.0, |ticks| f64::from(ticks) / 100.0)
    };
    Ok([seconds(), seconds()])
}

/// A program that was built together with this one.
pub(crate) fn beside(name: &str) -> io::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        return Ok(path);
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        format!(
            "{} is missing; `cargo xtask bench` builds it",
            path.display()
        ),
    ))
}

/// Whether a program can be started from the search path.
pub(crate) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    // wrk has no such flag, and ends with another code.
    command.status().is_ok()
}
