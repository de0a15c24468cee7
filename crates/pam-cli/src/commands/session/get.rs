//! `pamctl session get`: one session.

use std::ops::ControlFlow;

use clap::{Args, ValueEnum};
use pam_client::Client;
use pam_proto::listing::Filter;
use pam_proto::{GetSession, Notes, Session, SessionRef};

use crate::cli::Telling;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::Stdout;

/// Show one session
///
/// A row id is one quick call. A session_id is looked for in the listing, which can take the
/// appliance minutes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session get 540
  pamctl session get 3fcf1e4a16104e328d6794e1b9693cfc457871d2 -o json")]
pub(super) struct Get {
    /// The row id (at most 19 digits) or the session_id
    #[arg(value_name = "ID")]
    session: SessionRef,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A line for each field
    Table,
    /// One object
    Json,
}

impl Get {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let session = match &self.session {
            SessionRef::Number(number) => online.run("reading the session", async |client, _| {
                Ok(client.call(&GetSession::new(*number)).await?)
            }),
            SessionRef::Id(_) => online.run("looking through the listing", async |client, _| {
                find(client, &self.session, online.telling).await
            }),
        }?;
        match self.output {
            Format::Json => Stdout::json(&session)?,
            Format::Table => table(&session)?,
        }
        Ok(Exit::Done)
    }
}

async fn find(client: &Client, name: &SessionRef, telling: Telling) -> Result<Session, Failure> {
    let filter = Filter::new().named([name.clone()]);
    let mut found = None;
    let mut notes = Notes::default();
    client
        .list(&filter, |record| {
            found = Some(record.to_session_noting(&mut notes));
            ControlFlow::Break(())
        })
        .await?;
    telling.tolerated(notes);
    found.ok_or_else(|| {
        Failure::new(
            Exit::NoSuchSession,
            format!(
                "no session {name} in the listing; it may belong to what another authorization sees"
            ),
        )
    })
}

fn table(session: &Session) -> Result<(), Failure> {
    let session_id = session.session_id.as_ref().map_or("", |id| id.as_str());
    let id = session.id.to_string();
    let protected = match session.prevent_purge {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let fields = [
        ("id", id.as_str()),
        ("session_id", session_id),
        ("user", &session.user),
        ("origin_ip", &session.origin_ip),
        ("credential", &session.credential),
        ("device", &session.device),
        ("protocol", &session.protocol),
        ("proxy", &session.proxy),
        ("started_at", &session.started_at),
        ("ended_at", session.ended_at.as_deref().unwrap_or("running")),
        ("prevent_purge", protected),
        ("request", session.request.as_deref().unwrap_or_default()),
        ("itsm", session.itsm.as_deref().unwrap_or_default()),
    ];
    let columns = ["FIELD", "VALUE"].map(|title| Column {
        title,
        fit: Fit::Whole,
    });
    let mut table = Columns::new(Stdout::open(), &columns, None);
    for (field, value) in fields {
        table.row([field, value])?;
    }
    Ok(table.finish()?)
}
