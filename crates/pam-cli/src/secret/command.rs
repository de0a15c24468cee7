//! A secret that another program prints, such as a vault's or a password manager's.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{LIMIT, Unusable};
use crate::environment;
use crate::quantity;

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Runs a program without a shell and gives its standard output. It sees no standard input and
/// none of our own secrets; what it says on standard error is seen by the user.
pub(super) fn run(words: &[String], deadline: Duration) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let [program, arguments @ ..] = words else {
        return Err("it names no command".to_owned());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for name in environment::SECRETS {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such command; give its whole path".to_owned(),
        _ => format!("it can't be started: {error}"),
    })?;
    let until = Instant::now() + deadline;
    let printed = listen(&mut child, until);
    let finished = printed.and_then(|printed| Ok((printed, ended(&mut child, until)?)));
    if finished.is_err() {
        // It may have ended by itself meanwhile, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
    match finished.map_err(|gone_wrong| gone_wrong.told(deadline))? {
        (printed, status) if status.success() => Ok(printed),
        (_, status) => Err(format!(
            "the command failed ({status}); run it by hand to see why"
        )),
    }
}

/// What can go wrong with a program that was started.
enum GoneWrong {
    TooLong,
    TooMuch,
    Unseen(io::Error),
}

impl GoneWrong {
    fn told(self, deadline: Duration) -> Unusable {
        match self {
            Self::TooLong => format!(
                "the command did not end within {}; run it by hand to see what it waits for, or \
                 raise secret_timeout",
                quantity::spoken(deadline)
            ),
            Self::TooMuch => "it prints more than 64 KiB, which no secret is".to_owned(),
            Self::Unseen(error) => format!("what becomes of it can't be seen: {error}"),
        }
    }
}

/// All that it prints, until it stops printing. The thread that listens outlives a program that
/// does neither end nor print, and ends with this process at the latest.
fn listen(child: &mut Child, until: Instant) -> Result<Zeroizing<Vec<u8>>, GoneWrong> {
    let output = child.stdout.take();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
        let read = match output {
            Some(output) => output.take(LIMIT as u64 + 1).read_to_end(&mut bytes),
            None => Ok(0),
        };
        // Nobody waits any more when the deadline has passed.
        let _ = send.send(read.map(|_| bytes));
    });
    let printed = receive
        .recv_timeout(until.saturating_duration_since(Instant::now()))
        .map_err(|_| GoneWrong::TooLong)?
        .map_err(GoneWrong::Unseen)?;
    if printed.len() > LIMIT {
        return Err(GoneWrong::TooMuch);
    }
    Ok(printed)
}

fn ended(child: &mut Child, until: Instant) -> Result<ExitStatus, GoneWrong> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
            Ok(None) => return Err(GoneWrong::TooLong),
            Err(error) => return Err(GoneWrong::Unseen(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Duration) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        run(&["sh", "-c", script].map(str::to_owned), deadline)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn what_it_prints_is_the_secret() {
        let printed = shell("printf 'a b'", LONG).unwrap();
        assert_eq!(printed.as_slice(), b"a b");
        assert!(shell("cat", LONG).unwrap().is_empty());
    }

    #[test]
    fn a_command_that_goes_wrong_says_how() {
        let short = Duration::from_millis(50);
        let table = [
            ("exit 3", LONG, "exit status: 3"),
            ("kill -9 $$", LONG, "signal"),
            ("exec sleep 1000", short, "did not end"),
            ("exec >&-; exec sleep 1000", short, "did not end"),
            ("yes", LONG, "64 KiB"),
        ];
        for (script, deadline, part) in table {
            let why = shell(script, deadline).unwrap_err();
            assert!(why.contains(part), "{script}: {why}");
        }
        let nothing = run(&["/no/such/program".to_owned()], LONG).unwrap_err();
        assert!(nothing.contains("no such command"), "{nothing}");
    }
}
