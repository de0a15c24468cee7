//! The mock in somebody else's test: it starts, it is asked, it tells the truth.

use pam_mock::MockAppliance;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockAppliance::builder().sessions(20, 3).start().await?;
    let (url, ca, keys) = (mock.base_url(), mock.ca_pem(), mock.oauth1());
    println!("an appliance at {url}, consumer key {}", keys.consumer_key);
    println!(
        "its private CA: {} bytes of PEM",
        ca.unwrap_or_default().len()
    );
    // Here your client signs a drop with these keys and sends it there.
    let active = mock
        .sessions()
        .iter()
        .filter(|session| session.active)
        .count();
    println!("{active} sessions are truly active");
    mock.shutdown().await;
    Ok(())
}
