//! `pamctl session open`: a way into a new session.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pam_proto::{OpenSession, OpenedSession};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::printable::printable;
use crate::output::stdout::{self, Stdout};

/// Get a URL that opens a web proxy session without another login
///
/// The URL lets whoever has it in, once, for 30 seconds. Write it to a file of your own with
/// --output-file where standard output is recorded.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session open --user alice --credential root --device 192.0.2.20 --protocol ssh
  pamctl session open --user alice --credential root --device db1 --protocol rdp --screen-size 1600x900 -o json")]
pub(super) struct Open {
    /// The vault user who will be connected
    #[arg(long, value_name = "USER")]
    user: String,
    /// The user name of the credential
    #[arg(long, value_name = "NAME")]
    credential: String,
    /// The target's host name or IP address
    #[arg(long, value_name = "DEVICE")]
    device: String,
    /// ssh, rdp, https, …
    #[arg(long, value_name = "PROTOCOL")]
    protocol: String,
    /// The actual target, for a domain credential: device id, IP address or host name
    #[arg(long, value_name = "DEVICE")]
    remote_device: Option<String>,
    /// The end user's IP address, to which the session is bound
    #[arg(long, value_name = "IP")]
    remote_addr: Option<String>,
    /// The port, when it is not the device's own
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The id of the RemoteApp, for a RemoteApp session
    #[arg(long, value_name = "ID")]
    remote_app: Option<u64>,
    /// WIDTHxHEIGHT [the appliance's default: 1920x1080]
    #[arg(long, value_name = "SIZE", value_parser = screen_size)]
    screen_size: Option<String>,
    /// Write to this new file, readable by you alone, in place of standard output
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Url)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The URL alone
    Url,
    /// One object: {"session_url","token"}
    Json,
}

fn screen_size(text: &str) -> Result<String, String> {
    let sides = text.split_once('x');
    let is_side = |side: &str| side.parse::<u16>().is_ok_and(|pixels| pixels > 0);
    match sides {
        Some((width, height)) if is_side(width) && is_side(height) => Ok(text.to_owned()),
        _ => Err(format!(
            "`{text}` is no screen size; write WIDTHxHEIGHT, such as 1600x900"
        )),
    }
}

#[derive(Serialize)]
struct Opened<'a> {
    session_url: &'a str,
    token: &'a str,
}

impl Open {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        // Opened before the call: a way in that can't be written down would be lost.
        let file = self.output_file.as_deref().map(private_file).transpose()?;
        let mut operation =
            OpenSession::new(self.user, self.credential, self.device, self.protocol);
        operation.remote_device = self.remote_device;
        operation.remote_addr = self.remote_addr;
        operation.port = self.port;
        operation.remote_app = self.remote_app;
        operation.screen_size = self.screen_size;
        let opened = online.run("opening", async |client, _| {
            let opened = client.call(&operation).await;
            opened.map_err(|error| Failure::of_change(&error))
        });
        let opened = match opened {
            Ok(opened) => opened,
            Err(failure) => {
                if let Some(path) = &self.output_file {
                    // It is empty, and was created above.
                    let _ = std::fs::remove_file(path);
                }
                return Err(failure);
            }
        };
        match file {
            Some(mut file) => {
                let unwritten = |error| {
                    Failure::new(
                        Exit::Failed,
                        format!("can't write the output file: {error}"),
                    )
                };
                write(&mut file, self.output, &opened).map_err(unwritten)?;
            }
            None => write(&mut Stdout::open(), self.output, &opened)?,
        }
        Ok(Exit::Done)
    }
}

fn write(out: &mut impl Write, format: Format, opened: &OpenedSession) -> io::Result<()> {
    match format {
        Format::Url => writeln!(out, "{}", printable(opened.session_url.expose()))?,
        Format::Json => stdout::json_line(
            out,
            &Opened {
                session_url: opened.session_url.expose(),
                token: opened.token.expose(),
            },
        )?,
    }
    out.flush()
}

/// A new file that nobody else may read. One that exists is refused: its mode and its other
/// links are not ours.
fn private_file(path: &Path) -> Result<std::fs::File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map_err(|error| {
        Failure::usage(format!(
            "can't create {}: {error}; name a file that does not exist yet",
            path.display()
        ))
    })
}
