//! The responder as a service: what it tells systemd, a disk that is full, an appliance that is slow
//! or out of reach, a clock that was set back.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pam_mock::Fault;
use pam_responder::SqliteJournal;
use pam_responder::core::{Entry, Journal as _, Moment, Record};
use rustix::process::Signal;
use serde_json::json;

use crate::fixture::{child, wait_until};
use crate::respond::{RULE, Responder, post, with_users};

#[test]
fn systemd_is_told_what_it_waits_for() {
    let mock = with_users(1);
    let mut responder = Responder::new(&mock, RULE);
    let socket = mock.file("notify");
    let systemd = UnixDatagram::bind(&socket).unwrap();
    systemd
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut command = responder.command();
    command.env("NOTIFY_SOCKET", &socket);
    // A ping is due every half of it.
    command.env("WATCHDOG_USEC", "2000000");
    responder.start_as(child(&command));
    let told = || {
        let mut buffer = [0; 256];
        let length = systemd.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).trim().to_owned()
    };
    let until = |expected: &str| {
        let mut before = Vec::new();
        loop {
            let line = told();
            if line.starts_with(expected) {
                return before;
            }
            before.push(line);
        }
    };
    assert_eq!(until("READY=1"), [""; 0]);
    let began = Instant::now();
    until("WATCHDOG=1");
    let first = began.elapsed();
    responder.signal(Signal::HUP);
    until("RELOADING=1");
    assert!(until("READY=1").iter().all(|line| line == "WATCHDOG=1"));
    // A configuration with a mistake is no reload.
    std::fs::write(mock.file("responder.toml"), "jurnal = 1\n").unwrap();
    responder.signal(Signal::HUP);
    until("WATCHDOG=1");
    responder.signal(Signal::TERM);
    let before = until("STOPPING=1");
    assert!(before.iter().all(|line| line == "WATCHDOG=1"), "{before:?}");
    let status = responder.child.take().unwrap().wait().unwrap();
    assert_eq!(status.code(), Some(0));
    println!("READY, WATCHDOG after {first:?}, RELOADING and READY on SIGHUP, STOPPING on SIGTERM");
}

/// Runs a responder on a disk of its own, 8 MiB of which all but 2 are taken until a line comes on
/// standard input. At the end of that it is stopped and its journal copied out.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o size=8m tmpfs "$1" || exit 77
head -c 6291456 /dev/zero >"$1/ballast"
disk=$1 out=$2
shift 2
"$@" & child=$!
read -r line && rm "$disk/ballast"
read -r line
kill -TERM $child
wait $child
cp "$disk"/journal.db* "$out"
"#;

/// Why this machine lets no test have a disk of its own.
fn no_small_disk() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let tried = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs"])
        .arg(folder.path())
        .output();
    match tried {
        Ok(tried) if tried.status.success() => None,
        Ok(tried) => Some(String::from_utf8_lossy(&tried.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// The head of the answer to an alert that no rule is about.
fn fill(address: SocketAddr, id: &str, bytes: usize) -> String {
    let body = json!({"id": id, "event": {"id": "99"}, "rule": {"id": "99"}, "padding": "x".repeat(bytes)});
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /siem HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    if let Some(why) = no_small_disk() {
        println!("skipped: no file system of its own for a test: {why}");
        return;
    }
    let mock = with_users(2);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = free.local_addr().unwrap();
    drop(free);
    let syslog =
        format!("{RULE}\n[[syslog]]\nname = \"tcp\"\ntransport = \"tcp\"\nlisten = \"{tcp}\"\n");
    let mut responder = Responder::new(&mock, &syslog);
    let disk = mock.file("disk");
    std::fs::create_dir(&disk).unwrap();
    let config = std::fs::read_to_string(mock.file("responder.toml")).unwrap();
    let config = config.replace("\"journal.db\"", "\"disk/journal.db\"");
    std::fs::write(mock.file("responder.toml"), config).unwrap();
    let run = child(&responder.command());
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", SMALL_DISK, "sh"]);
    command.arg(&disk).arg(out.path());
    command.arg(run.get_program()).args(run.get_args());
    for (name, value) in run.get_envs() {
        command.env(name, value.unwrap());
    }
    command.stdin(Stdio::piped());
    responder.start_as(command);
    let mut orders = responder.child.as_mut().unwrap().stdin.take().unwrap();

    // Until the sender is told to come back, however little it brings.
    let mut acknowledged = 0;
    let mut refused = String::new();
    for bytes in [200_000, 10_000, 100] {
        loop {
            let answer = fill(responder.address, &format!("f{acknowledged}"), bytes);
            if !answer.starts_with("HTTP/1.1 202") {
                refused = answer;
                break;
            }
            acknowledged += 1;
            assert!(acknowledged < 500, "the disk is never full");
        }
    }
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(
        refused.to_lowercase().contains("retry-after: "),
        "{refused}"
    );

    // What comes over TCP waits in the connection: the sender can't go on.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(32 * 1024).unwrap();
        socket.connect(tcp).await.unwrap().into_std().unwrap()
    });
    let first = "<10>CEF:0|MT4|Segura|4.0|12|Command detected|9|suser=user0\n";
    stream.set_nonblocking(false).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    // Each is another alert, and all are of one length.
    let line = |number: usize| {
        let padding = "y".repeat(60_000);
        format!("<14>CEF:0|MT4|Segura|4.0|99|Nothing|1|externalId={number:06} cs1={padding}\n")
    };
    let length = line(0).len();
    let flood: String = (0..200).map(line).collect();
    let mut waiting = 0;
    while let Ok(written) = stream.write(&flood.as_bytes()[waiting..]) {
        waiting += written;
        assert!(
            waiting < flood.len(),
            "{waiting} bytes were read from a full disk"
        );
    }
    let frames = waiting.div_ceil(length);
    let rest = &flood.as_bytes()[waiting..frames * length];
    assert_eq!(mock.running().len(), 2);

    // There is room again.
    orders.write_all(b"room\n").unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream.write_all(rest).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    wait_until("the refused alert is taken when it is sent again", || {
        fill(responder.address, "again", 10).starts_with("HTTP/1.1 202")
    });
    wait_until("the session ends that TCP told of", || {
        mock.running().len() == 1
    });
    wait_until("every alert has its end", || {
        responder.pamctl(&["status", "-o", "json"]).ended(0).json()["open_alerts"] == 0
    });
    drop(orders);
    let status = responder.child.take().unwrap().wait().unwrap();
    assert!(status.success(), "{status}");
    // Each of these, the first frame and the one that was refused before.
    let expected = acknowledged + 1 + frames + 1;
    let journal = SqliteJournal::open_to_read(out.path().join("journal.db")).unwrap();
    let ended = |alert: &usize| !journal.trace(*alert as u64).unwrap().is_empty();
    let kept = (1..=expected).filter(ended).count();
    println!(
        "a full disk: {acknowledged} acknowledged, then 503; TCP stopped after {waiting} bytes; \
         {kept} of {expected} alerts have their end"
    );
    assert_eq!(kept, expected);
}

#[test]
fn a_slow_listing_and_gateway_errors_are_waited_out() {
    let mock = with_users(2);
    mock.appliance
        .set_faults(["slow-list:3".parse::<Fault>().unwrap()]);
    let mut responder = Responder::new(&mock, RULE);
    responder.start();
    let began = Instant::now();
    assert_eq!(post(responder.address, "a0", "user0"), Some(202));
    wait_until("the session ends after a slow listing", || {
        mock.running().len() == 1
    });
    let slow = began.elapsed();
    assert!(slow >= Duration::from_secs(2), "{slow:?}");
    mock.appliance
        .set_faults(["gateway-502-html:2".parse::<Fault>().unwrap()]);
    let began = Instant::now();
    assert_eq!(post(responder.address, "a1", "user1"), Some(202));
    wait_until("the session ends behind a broken gateway", || {
        mock.running().is_empty()
    });
    let broken = began.elapsed();
    for session in mock.appliance.sessions() {
        assert!(!session.active && session.drops == 1, "{session:?}");
    }
    println!("a listing of 3 s: ended after {slow:?}; two answers of 502: ended after {broken:?}");
    responder.stop();
}

#[test]
fn a_clock_set_back_by_an_hour_changes_nothing() {
    let mock = with_users(1);
    let mut responder = Responder::new(&mock, RULE);
    // What an hour later wrote before the clock was set back.
    let now = jiff::Timestamp::now().as_millisecond();
    let later = Moment::from_millis(now + 3_600_000);
    let mut journal = SqliteJournal::open(mock.file("journal.db")).unwrap();
    let resumed = |by: &str| Entry {
        at: later,
        record: Record::Resumed { by: by.to_owned() },
    };
    journal.append(&[resumed("carol")]).unwrap();
    drop(journal);
    responder.start();
    assert_eq!(post(responder.address, "a0", "user0"), Some(202));
    wait_until("the session ends", || mock.running().is_empty());
    let trace = || responder.journal().trace(1).unwrap();
    let is_over = |entry: &Entry| matches!(entry.record, Record::Ended { .. });
    wait_until("it has its end", || trace().iter().any(is_over));
    let times: Vec<_> = trace().iter().map(|entry| entry.at).collect();
    assert!(times.is_sorted() && times[0] >= later, "{times:?}");
    assert_eq!(mock.appliance.sessions()[0].drops, 1);
    println!(
        "a clock set back by 3600 s: {} entries, all after the last",
        times.len()
    );
    responder.stop();
}
