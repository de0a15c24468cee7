//! Ends sessions and proves it, as `pamctl session terminate` does.
//!
//! ```text
//! PAM_URL=https://vault.example.com PAM_CONSUMER_KEY=… PAM_CONSUMER_SECRET=… \
//! PAM_TOKEN=… PAM_TOKEN_SECRET=… cargo run --example terminate -- SESSION_ID...
//! ```

use std::env;
use std::error::Error;
use std::process::ExitCode;

use pam_client::{Authentication, Client, PlannedDrop, Settings, Trust, Withheld, Witness};
use pam_proto::oauth1::Credentials;
use pam_proto::termination::{Limits, Report};
use pam_proto::{BaseUrl, Secret, SessionRef};

/// Tells what is about to happen and what came of it.
struct Aloud;

impl Witness for Aloud {
    async fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        // An audit record is written here; the drop is not sent before this is done.
        println!("dropping {} (attempt {})", drop.session_id, drop.attempt);
        Ok(())
    }

    fn reported(&self, report: &Report) {
        println!("{}: {}", report.outcome, report.message);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let sessions: Vec<SessionRef> = env::args()
        .skip(1)
        .map(|session| session.parse())
        .collect::<Result<_, _>>()?;

    let credentials = Credentials::new(
        env::var("PAM_CONSUMER_KEY")?,
        Secret::new(env::var("PAM_CONSUMER_SECRET")?),
    )
    .with_token(
        env::var("PAM_TOKEN")?,
        Secret::new(env::var("PAM_TOKEN_SECRET")?),
    );
    let base = BaseUrl::new(&env::var("PAM_URL")?)?;
    let mut settings = Settings::new(base, Authentication::OAuth1(credentials));
    if let Some(file) = env::var_os("PAM_CA_FILE") {
        settings.trust = Trust::OnlyThese(file.into());
    }
    let client = Client::new(settings)?;

    let never = std::future::pending();
    let reports = client
        .terminate(sessions, Limits::default(), &Aloud, never)
        .await;
    let is_gone = |report: &Report| report.outcome.is_verified();
    Ok(if reports.iter().all(is_gone) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
