//! Alerts over UDP and TCP, driven by what happens to the sessions.

use std::time::Duration;

use pam_mock::{AlertFormat, AlertKind, Life, MockAppliance, NewSession, Syslog, SyslogTransport};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, UdpSocket};

use crate::client::Client;

fn session() -> NewSession {
    NewSession {
        user: Some("stlee".into()),
        credential: Some("root".into()),
        device: Some("192.0.2.20:22".into()),
        ..NewSession::default()
    }
}

async fn datagram(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_536];
    let received = tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut buffer));
    let length = received.await.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

#[tokio::test]
async fn a_session_that_starts_and_is_dropped_is_told_of_in_cef() {
    let siem = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = siem.local_addr().unwrap().to_string();
    let mock = MockAppliance::builder()
        .plain_http()
        .syslog(Syslog::new(target).unwrap())
        .start()
        .await
        .unwrap();
    let started = mock.start_session(session()).unwrap();
    let text = String::from_utf8(datagram(&siem).await).unwrap();
    assert!(text.starts_with("<13>1 "), "{text}");
    assert!(
        text.contains(" - CEF:0|MT4|Segura|4.0.0-1|16|Session started|"),
        "{text}"
    );
    assert!(
        text.ends_with(" dst=192.0.2.20 dpt=22 duser=root"),
        "{text}"
    );

    let client = Client::new(&mock);
    assert_eq!(client.drop_session(&started.session_id).await.status, 200);
    let text = String::from_utf8(datagram(&siem).await).unwrap();
    assert!(text.contains("|17|Session finished|"), "{text}");
    assert!(text.contains(" dposrt=22 "), "{text}");
    assert!(!text.contains(&started.session_id), "{text}");
}

#[tokio::test]
async fn a_datagram_is_cut_at_1024_bytes() {
    let siem = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = siem.local_addr().unwrap().to_string();
    let mock = MockAppliance::builder()
        .plain_http()
        .session(session())
        .syslog(Syslog::new(target).unwrap())
        .start()
        .await
        .unwrap();
    let id = mock.sessions().remove(0).session_id;
    assert!(mock.raise_alert(AlertKind::CommandHigh, &id, &"é".repeat(2000)));
    assert_eq!(datagram(&siem).await.len(), 1024);
    assert!(!mock.raise_alert(AlertKind::CommandHigh, "nobody", ""));
}

#[tokio::test]
async fn lines_over_tcp_wait_for_a_siem_that_is_not_there_yet() {
    // A port that nobody listens on for now.
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = reserved.local_addr().unwrap();
    drop(reserved);
    let mut syslog = Syslog::new(target.to_string()).unwrap();
    syslog.transport = SyslogTransport::Tcp;
    syslog.format = AlertFormat::Line;
    let mock = MockAppliance::builder()
        .plain_http()
        .session(session())
        .syslog(syslog)
        .start()
        .await
        .unwrap();
    let id = mock.sessions().remove(0).session_id;
    mock.raise_alert(AlertKind::CommandLow, &id, "first\nline");
    mock.raise_alert(AlertKind::BlockAndInterrupt, &id, "second");
    assert!(
        !mock.session(&id).unwrap().active,
        "the vault interrupts it"
    );

    let siem = TcpListener::bind(target).await.unwrap();
    let (stream, _) = siem.accept().await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    for part in [
        "(first line)",
        "terminated the session (second)",
        "msg=Session ended ",
    ] {
        let line = lines.next_line().await.unwrap().unwrap();
        assert!(line.contains(part), "{line}");
        assert!(!line.contains("CEF"), "{line}");
    }
}

#[tokio::test]
async fn running_sessions_cause_alerts_by_themselves() {
    let siem = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let target = siem.local_addr().unwrap().to_string();
    let mut life = Life::default();
    life.alerts_per_minute = 30.0;
    let mock = MockAppliance::builder()
        .plain_http()
        .sessions(20, 20)
        .life(life)
        .syslog(Syslog::new(target).unwrap())
        .start()
        .await
        .unwrap();
    mock.advance(Duration::from_secs(60));
    let text = datagram(&siem).await;
    let text = String::from_utf8_lossy(&text);
    assert!(
        text.contains("Command detected") || text.contains("Unusual"),
        "{text}"
    );
}

#[test]
fn a_wrong_target_says_how_it_is_written() {
    for text in ["", "siem", ":514", "siem:", "siem:0", "siem:99999"] {
        let error = Syslog::new(text).unwrap_err().to_string();
        assert!(error.contains("HOST:PORT"), "{text}: {error}");
    }
}
