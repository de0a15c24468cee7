use ratatui::crossterm::event::KeyEvent;
use serde_json::json;

use super::*;

fn session(number: u64, user: &str, device: &str) -> Session {
    let start = format!("2024-05-06 16:{number:02}:00");
    Session::from_value(&json!({
        "id": number.to_string(), "session_id": format!("id{number}"), "user": user,
        "credential": "root", "device": device, "protocol": "ssh", "start": start, "end": null,
    }))
    .unwrap()
}

fn row(number: u64, user: &str) -> Row {
    Row {
        session: session(number, user, "192.0.2.20:22"),
        protected: None,
    }
}

fn now() -> DateTime {
    "2024-05-06 17:00:00".parse().unwrap()
}

fn app(rows: Vec<Row>) -> App {
    let mut app = App::new("https://vault.example.com".to_owned(), None, now());
    app.reading = Reading::Good;
    app.show(rows, now());
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Wish> {
    let code = |c| match c {
        '\n' => KeyCode::Enter,
        '\u{1b}' => KeyCode::Esc,
        '\u{8}' => KeyCode::Backspace,
        c => KeyCode::Char(c),
    };
    let keys = keys.chars().map(|c| KeyEvent::from(code(c)));
    keys.filter_map(|key| app.key(key)).collect()
}

fn users(app: &App) -> Vec<&str> {
    app.rows().map(|row| row.session.user.as_str()).collect()
}

#[test]
fn the_selection_stays_with_its_session_and_else_with_its_place() {
    let mut app = app(vec![row(1, "a"), row(2, "b"), row(3, "c")]);
    assert_eq!(users(&app), ["c", "b", "a"], "the latest start first");
    press(&mut app, "j");
    assert_eq!(app.selected().unwrap().session.user, "b");
    app.show(
        vec![row(1, "a"), row(2, "b"), row(3, "c"), row(4, "d")],
        now(),
    );
    assert_eq!(app.selected().unwrap().session.user, "b");
    app.show(vec![row(1, "a"), row(3, "c"), row(4, "d")], now());
    assert_eq!(app.selected().unwrap().session.user, "a", "the third place");
    app.show(vec![], now());
    assert!(app.selected().is_none());
    press(&mut app, "jkGgx\n");
    app.show(vec![row(9, "z")], now());
    assert_eq!(app.selected().unwrap().session.user, "z");
}

#[test]
fn moving_stays_within_the_rows() {
    let mut app = app((1..=30).map(|number| row(number, "a")).collect());
    app.page = 10;
    press(&mut app, "G");
    assert_eq!(app.place(), Some(29));
    press(&mut app, "jjk");
    assert_eq!(app.place(), Some(28));
    app.key(KeyCode::PageUp.into());
    assert_eq!(app.place(), Some(18));
    press(&mut app, "gk");
    assert_eq!(app.place(), Some(0));
}

#[test]
fn the_order_goes_from_column_to_column_and_turns_round() {
    let mut app = app(vec![row(1, "Bob"), row(2, "alice"), row(3, "eve")]);
    press(&mut app, "s");
    assert_eq!(users(&app), ["alice", "Bob", "eve"]);
    press(&mut app, "S");
    assert_eq!(users(&app), ["eve", "Bob", "alice"]);
    press(&mut app, "ssssss");
    assert_eq!(app.order, Order::default());
}

#[test]
fn a_filter_is_checked_while_it_is_typed() {
    let mut app = app(vec![row(1, "alice"), row(2, "bob")]);
    press(&mut app, "/usr=alice\n");
    let Focus::Filter {
        error: Some(error), ..
    } = &app.focus
    else {
        panic!("{:?}", app.focus)
    };
    assert!(
        error.starts_with("column 1: unknown field `usr`"),
        "{error}"
    );
    assert_eq!(users(&app).len(), 2);
    press(&mut app, &"\u{8}".repeat(9));
    press(&mut app, "user=alice and started<2h\n");
    assert_eq!(users(&app), ["alice"]);
    assert_eq!(app.focus, Focus::Table);
    press(&mut app, "/\u{1b}");
    assert_eq!(users(&app), ["alice"], "left as it was");
    press(&mut app, "\u{1b}");
    assert_eq!(users(&app).len(), 2);
}

#[test]
fn nothing_but_y_confirms() {
    let mut app = app(vec![row(1, "alice")]);
    for keys in ["n", "\n", "\u{1b}", "x", "q"] {
        let [Wish::Ask(session)] = &press(&mut app, "x")[..] else {
            panic!("{keys}")
        };
        app.ask(session.clone());
        assert_eq!(press(&mut app, keys), [], "{keys:?}");
        assert!(!app.is_under_way(session.id));
    }
    press(&mut app, "x");
    app.ask(Box::new(session(1, "alice", "192.0.2.20:22")));
    let wishes = press(&mut app, "y");
    assert!(matches!(&wishes[..], [Wish::Kill(session)] if session.user == "alice"));
    assert!(app.is_under_way(1.into()));
    assert_eq!(press(&mut app, "x"), [], "it is under way");
    app.done(1.into(), true, "ended".to_owned());
    assert!(!app.is_under_way(1.into()));
}

#[test]
fn what_is_asked_is_the_session_that_was_selected_then() {
    let mut app = app(vec![row(1, "alice"), row(2, "bob")]);
    let [Wish::Ask(asked)] = &press(&mut app, "x")[..] else {
        panic!()
    };
    app.ask(asked.clone());
    // A new session takes its place before the answer comes.
    app.show(vec![row(1, "alice"), row(2, "bob"), row(3, "eve")], now());
    let wishes = press(&mut app, "y");
    assert!(matches!(&wishes[..], [Wish::Kill(session)] if session.user == "bob"));
}

#[test]
fn ctrl_c_leaves_from_everywhere() {
    for keys in ["", "/user", "?", "x"] {
        let mut app = app(vec![row(1, "alice")]);
        press(&mut app, keys);
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(app.key(key), Some(Wish::Interrupt), "{keys}");
    }
    assert_eq!(press(&mut app(vec![]), "q"), [Wish::Quit]);
}
