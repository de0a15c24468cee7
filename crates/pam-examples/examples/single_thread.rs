//! A service on one thread, with `pam-client`: it reads session ids, one a line, from its standard
//! input, terminates each as it comes, and prints what each came to.

use std::env;
use std::error::Error;

use pam_client::{Authentication, Client, Settings, Trust};
use pam_proto::oauth1::Credentials;
use pam_proto::termination::Limits;
use pam_proto::{BaseUrl, Secret, SessionRef};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::task::JoinSet;

type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let client = client()?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut terminations = JoinSet::new();
    while let Some(line) = lines.next_line().await? {
        match line.trim().parse() {
            Ok(session) => drop(terminations.spawn(terminate(client.clone(), session))),
            Err(error) => eprintln!("{line}: {error}"),
        }
    }
    terminations.join_all().await;
    Ok(())
}

/// The client has its deadlines, its limits and its connections from itself.
fn client() -> Result<Client, Failed> {
    let var = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
    let consumer = Secret::new(var("PAM_CONSUMER_SECRET")?);
    let credentials = Credentials::new(var("PAM_CONSUMER_KEY")?, consumer)
        .with_token(var("PAM_TOKEN")?, Secret::new(var("PAM_TOKEN_SECRET")?));
    let base = BaseUrl::new(&var("PAM_URL")?)?;
    let mut settings = Settings::new(base, Authentication::OAuth1(credentials));
    if let Ok(path) = env::var("PAM_CA_FILE") {
        settings.trust = Trust::OnlyThese(path.into());
    }
    Ok(Client::new(settings)?)
}

async fn terminate(client: Client, session: SessionRef) {
    let limits = Limits::default();
    for report in client
        .terminate([session], limits, &(), std::future::pending())
        .await
    {
        println!("{}: {}", report.outcome, report.message);
    }
}
