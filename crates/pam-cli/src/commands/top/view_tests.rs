use std::path::Path;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use serde_json::json;

use super::super::app::{App, Focus, Reading, Row};
use super::*;

fn now() -> DateTime {
    "2024-05-06 17:00:00".parse().unwrap()
}

fn rows() -> Vec<Row> {
    let sessions = [
        (
            540,
            "alice",
            "root",
            "192.0.2.20:22",
            "ssh",
            "2024-05-06 16:59:18",
            None,
        ),
        (
            541,
            "nina.ivanova",
            "administrator",
            "192.0.2.207:3389",
            "rdp",
            "2024-05-06 13:55:00",
            Some("executives"),
        ),
        (
            9_000_001,
            "日本の利用者",
            "svc-backup-of-the-long-name",
            "db1.example.com:1433",
            "mssql",
            "2024-05-03 08:00:00",
            None,
        ),
        (
            543,
            "mallory\u{1b}[31m",
            "root",
            "192.0.2.21:22",
            "ssh",
            "soon",
            None,
        ),
    ];
    sessions
        .map(
            |(id, user, credential, device, protocol, start, protected)| Row {
                session: Session::from_value(&json!({
                    "id": id.to_string(), "user": user, "credential": credential, "device": device,
                    "session_id": "3fcf1e4a16104e328d6794e1b9693cfc457871d2", "protocol": protocol,
                    "proxy": "Terminal Proxy", "origin_ip": "198.51.100.17", "start": start,
                    "end": null, "ITSM": "CHG0030192",
                }))
                .unwrap(),
                protected: protected.map(str::to_owned),
            },
        )
        .into()
}

fn app() -> App {
    let mut app = App::new("https://vault.example.com".to_owned(), None, now());
    app.reading = Reading::Good;
    app.show(rows(), now());
    app
}

fn drawn(app: &mut App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let palette = Palette::new(false);
    terminal.draw(|frame| draw(frame, app, palette)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut screen = String::new();
    for line in buffer.content().chunks(usize::from(width)) {
        let mut text = String::new();
        let mut hidden = 0;
        for cell in line {
            // A wide character covers the cell behind it.
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            text.push_str(cell.symbol());
        }
        screen.push_str(text.trim_end());
        screen.push('\n');
    }
    screen
}

/// Compares with a file; `PAMCTL_BLESS=1` writes it anew.
#[track_caller]
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/commands/top/screens")
        .join(name);
    if std::env::var_os("PAMCTL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{name} differs; PAMCTL_BLESS=1 writes it anew\n{actual}"
    );
}

#[test]
fn screens_are_as_reviewed() {
    let press = |app: &mut App, code: KeyCode| drop(app.key(code.into()));
    for (width, height) in [(80, 24), (120, 40)] {
        let screen = |name: &str, app: &mut App| {
            golden(
                &format!("{name}-{width}x{height}.txt"),
                &drawn(app, width, height),
            );
        };
        screen("table", &mut app());
        let mut details = app();
        press(&mut details, KeyCode::Down);
        press(&mut details, KeyCode::Enter);
        details.say(
            true,
            "terminated session 12 (alice on 192.0.2.20:22): its record has an end",
        );
        screen("details", &mut details);
        let mut question = app();
        question.ask(Box::new(rows().remove(1).session));
        screen("question", &mut question);
        let mut help = app();
        press(&mut help, KeyCode::Char('?'));
        screen("help", &mut help);
        let mut filter = app();
        press(&mut filter, KeyCode::Char('/'));
        for c in "usr=alice".chars() {
            press(&mut filter, KeyCode::Char(c));
        }
        screen("filter", &mut filter);
        let mut failed = App::new("https://vault.example.com".to_owned(), None, now());
        screen("first", &mut failed);
        failed.reading = Reading::Failed("192.0.2.1:443 refused the connection".to_owned());
        screen("failed", &mut failed);
    }
}

#[test]
fn any_size_of_the_screen_is_drawn() {
    let mut app = app();
    app.details = true;
    for focus in [
        Focus::Table,
        Focus::Help,
        Focus::Confirm(Box::new(rows().remove(0).session)),
    ] {
        app.focus = focus;
        for (width, height) in [(1, 1), (2, 3), (10, 5), (20, 4), (79, 23), (300, 100)] {
            drawn(&mut app, width, height);
        }
    }
}

#[test]
fn a_long_list_scrolls_to_the_selected_row() {
    let mut rows = Vec::new();
    for number in 1..=100u64 {
        let record = json!({"id": number.to_string(), "session_id": "s", "user": format!("u{number}"),
            "start": "2024-05-06 16:00:00", "end": null});
        let session = Session::from_value(&record).unwrap();
        rows.push(Row {
            session,
            protected: None,
        });
    }
    let mut app = App::new("https://vault.example.com".to_owned(), None, now());
    app.show(rows, now());
    app.key(KeyCode::End.into());
    let screen = drawn(&mut app, 80, 24);
    assert!(
        screen.contains("u1 ") && !screen.contains("u100"),
        "{screen}"
    );
    assert_eq!(app.page, 20);
}

#[test]
fn without_colours_there_is_none_and_nothing_steers_the_terminal() {
    for colours in [true, false] {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let palette = Palette::new(colours);
        let mut app = app();
        terminal
            .draw(|frame| draw(frame, &mut app, palette))
            .unwrap();
        let cells = terminal.backend().buffer().content();
        let coloured = cells
            .iter()
            .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(coloured, colours);
        assert!(
            cells
                .iter()
                .all(|cell| !cell.symbol().contains(char::is_control))
        );
    }
}
