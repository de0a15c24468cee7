//! How the state is drawn.

use jiff::Unit;
use jiff::civil::DateTime;
use pam_proto::Session;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Clear, Paragraph, Row as Cells, Table, TableState, Wrap};

use super::app::{App, Focus, Reading, Row};
use super::order::Key;
use crate::output::printable::printable;

/// The colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    title: Style,
    good: Style,
    bad: Style,
    protected: Style,
    faint: Style,
}

impl Palette {
    pub(super) fn new(colours: bool) -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let in_colour = |colour| if colours { bold.fg(colour) } else { bold };
        Self {
            title: bold,
            good: in_colour(Color::Green),
            bad: in_colour(Color::Red),
            protected: in_colour(Color::Yellow),
            faint: if colours {
                Style::new().fg(Color::DarkGray)
            } else {
                Style::new()
            },
        }
    }
}

const KEYS: &str =
    "↑↓ move  Enter details  x terminate  / filter  s sort  r refresh  ? help  q quit";

const HELP: [(&str, &str); 13] = [
    ("↑ ↓  k j", "move by one row"),
    ("PgUp PgDn", "move by one page"),
    ("Home End  g G", "first and last row"),
    ("Enter, space", "show or hide the details"),
    (
        "x, Delete",
        "terminate the selected session, after a question",
    ),
    ("/", "filter, such as user=alice and started<2h"),
    ("Esc", "close the details; then, show all sessions"),
    ("s", "order by the next column"),
    ("S", "turn the order round"),
    ("r, F5", "read the sessions now"),
    ("?", "this page"),
    ("q", "quit"),
    ("P in front", "the policy protects the session"),
];

/// Draws everything, and takes note of how many rows fit.
pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App, palette: Palette) {
    let details = match app.selected() {
        Some(_) if app.details => 9,
        _ => 0,
    };
    let [head, table, below, message, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(details),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    app.page = usize::from(table.height.saturating_sub(1)).max(1);
    frame.render_widget(headline(app, palette, head.width), head);
    rows(frame, app, palette, table);
    if let Some(row) = app.selected().filter(|_| app.details) {
        frame.render_widget(detail(row, palette), below);
    }
    frame.render_widget(last_line(app, palette), message);
    frame.render_widget(Line::styled(KEYS, palette.faint), keys);
    match &app.focus {
        Focus::Help => help(frame, palette),
        Focus::Confirm(session) => question(frame, session, palette),
        Focus::Table | Focus::Filter { .. } => {}
    }
}

fn headline(app: &App, palette: Palette, width: u16) -> Line<'static> {
    let (all, shown) = (app.count(), app.rows().len());
    let count = match all {
        _ if shown < all => format!("{shown} of {all} sessions"),
        1 => "1 session".to_owned(),
        _ => format!("{all} sessions"),
    };
    let (state, style) = match &app.reading {
        Reading::First => ("reading …".to_owned(), palette.faint),
        Reading::Good => (app.now.strftime("%H:%M:%S").to_string(), palette.faint),
        Reading::Failed(_) => (
            format!("not current since {}", app.now.strftime("%H:%M:%S")),
            palette.bad,
        ),
    };
    let left = format!("pamctl top  {}  {count}", printable(&app.appliance));
    let used = left.chars().count() + state.chars().count();
    let gap = usize::from(width).saturating_sub(used).max(2);
    Line::from(vec![
        Span::styled(left, palette.title),
        Span::raw(" ".repeat(gap)),
        Span::styled(state, style),
    ])
}

/// A column: its title, how wide it is, from which width of the screen on it is shown, and what it
/// orders by.
struct Column {
    title: &'static str,
    width: Constraint,
    from: u16,
    key: Key,
    text: fn(&Session, DateTime) -> String,
}

const COLUMNS: [Column; 7] = [
    Column {
        title: "ID",
        width: Constraint::Length(8),
        from: 0,
        key: Key::Id,
        text: |session, _| session.id.to_string(),
    },
    Column {
        title: "USER",
        width: Constraint::Fill(3),
        from: 0,
        key: Key::User,
        text: |session, _| session.user.clone(),
    },
    Column {
        title: "CREDENTIAL",
        width: Constraint::Fill(2),
        from: 60,
        key: Key::Credential,
        text: |session, _| session.credential.clone(),
    },
    Column {
        title: "DEVICE",
        width: Constraint::Length(21),
        from: 0,
        key: Key::Device,
        text: |session, _| session.device.clone(),
    },
    Column {
        title: "PROTOCOL",
        width: Constraint::Length(9),
        from: 70,
        key: Key::Protocol,
        text: |session, _| session.protocol.clone(),
    },
    Column {
        title: "ORIGIN",
        width: Constraint::Length(16),
        from: 100,
        key: Key::Origin,
        text: |session, _| session.origin_ip.clone(),
    },
    Column {
        title: "AGE",
        width: Constraint::Length(8),
        from: 40,
        key: Key::Started,
        text: age,
    },
];

/// How long ago it started: `45s`, `12m`, `3h05m`, `2d04h`. Nothing when it can't be known.
fn age(session: &Session, now: DateTime) -> String {
    let Ok(started) = session.started_at.parse::<DateTime>() else {
        return String::new();
    };
    let span = now.since((Unit::Second, started));
    let seconds = span.map_or(-1, |span| span.get_seconds());
    match seconds {
        ..0 => String::new(),
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

fn rows(frame: &mut Frame<'_>, app: &App, palette: Palette, area: Rect) {
    let columns = COLUMNS.iter().filter(|column| area.width >= column.from);
    let columns: Vec<&Column> = columns.collect();
    let titles = columns.iter().map(|column| {
        let arrow = match app.order.descending {
            _ if column.key != app.order.key => "",
            true => "▼",
            false => "▲",
        };
        format!("{}{arrow}", column.title)
    });
    let titles = std::iter::once(String::new()).chain(titles);
    let widths = columns.iter().map(|column| column.width);
    let widths = std::iter::once(Constraint::Length(2)).chain(widths);
    let body = app.rows().map(|row| {
        let session = &row.session;
        let (mark, style) = if app.is_under_way(session.id) {
            ("…", palette.bad)
        } else if row.protected.is_some() {
            ("P", palette.protected)
        } else {
            ("", Style::new())
        };
        let texts = columns.iter().map(|column| {
            let text = (column.text)(session, app.now);
            printable(&text).into_owned()
        });
        Cells::new(std::iter::once(mark.to_owned()).chain(texts)).style(style)
    });
    let table = Table::new(body, widths)
        .header(Cells::new(titles).style(palette.title))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected(app.place());
    frame.render_stateful_widget(table, area, &mut state);
    if app.rows().len() == 0 {
        let middle = Rect {
            y: area.y + area.height / 2,
            height: 1,
            ..area
        };
        let text = match &app.reading {
            Reading::Good if app.count() > 0 => "no session matches the filter; Esc shows all",
            Reading::Good => "no session runs",
            Reading::First => "reading the sessions …",
            Reading::Failed(_) => "the sessions can't be read",
        };
        frame.render_widget(Line::raw(text).alignment(Alignment::Center), middle);
    }
}

fn detail(row: &Row, palette: Palette) -> Paragraph<'static> {
    let session = &row.session;
    let id = session.session_id.as_ref().map_or("none", |id| id.as_str());
    let pairs = |pairs: [(&str, &str); 2]| {
        let spans = pairs.into_iter().flat_map(|(name, value)| {
            [
                Span::styled(format!("{name:<12}"), palette.faint),
                Span::raw(format!("{:<26}", printable(value))),
            ]
        });
        Line::from(spans.collect::<Vec<_>>())
    };
    let wide = |name: &str, value: &str| {
        Line::from(vec![
            Span::styled(format!("{name:<12}"), palette.faint),
            Span::raw(printable(value).into_owned()),
        ])
    };
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut lines = vec![
        wide("session_id", id),
        pairs([("user", &session.user), ("origin", &session.origin_ip)]),
        pairs([
            ("credential", &session.credential),
            ("device", &session.device),
        ]),
        pairs([("protocol", &session.protocol), ("proxy", &session.proxy)]),
        pairs([
            ("started", &session.started_at),
            ("request", &optional(&session.request)),
        ]),
        wide("itsm", &optional(&session.itsm)),
    ];
    lines.push(match &row.protected {
        Some(rule) => Line::styled(
            format!("protected   by policy rule {}", printable(rule)),
            palette.protected,
        ),
        None => Line::default(),
    });
    let title = format!(" session {} ", session.id);
    Paragraph::new(lines).block(Block::bordered().title(title))
}

/// The filter while it is typed; else what was said last, or why nothing can be read.
fn last_line<'a>(app: &'a App, palette: Palette) -> Line<'a> {
    if let Focus::Filter { text, error } = &app.focus {
        let mut spans = vec![
            Span::styled("filter: ", palette.title),
            Span::raw(printable(text)),
            Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
        ];
        if let Some(error) = error {
            spans.push(Span::styled(format!("  {}", printable(error)), palette.bad));
        }
        return Line::from(spans);
    }
    match (&app.message, &app.reading, &app.filter) {
        (Some(message), _, _) => {
            let style = if message.good {
                palette.good
            } else {
                palette.bad
            };
            Line::styled(printable(&message.text), style)
        }
        (None, Reading::Failed(why), _) => Line::styled(printable(why), palette.bad),
        (None, _, Some(filter)) => {
            Line::from(format!("filter: {}", printable(&filter.to_string())))
        }
        (None, _, None) => Line::default(),
    }
}

fn question(frame: &mut Frame<'_>, session: &Session, palette: Palette) {
    let line = |text: String| Line::raw(printable(&text).into_owned());
    let text = vec![
        line(format!("{} as {}", session.user, session.credential)),
        line(format!("on {} ({})", session.device, session.protocol)),
        line(format!(
            "since {} from {}",
            session.started_at, session.origin_ip
        )),
        Line::default(),
        Line::from(vec![
            Span::styled("y", palette.bad),
            Span::raw(" terminates it, any other key does not"),
        ]),
    ];
    let title = format!(" Terminate session {}? ", session.id);
    popup(frame, &title, text, 60);
}

fn help(frame: &mut Frame<'_>, palette: Palette) {
    let lines = HELP.iter().map(|(keys, what)| {
        Line::from(vec![
            Span::styled(format!("{keys:<15}"), palette.title),
            Span::raw(*what),
        ])
    });
    popup(frame, " Keys; any key closes this ", lines.collect(), 68);
}

fn popup(frame: &mut Frame<'_>, title: &str, lines: Vec<Line<'_>>, width: u16) {
    let screen = frame.area();
    let width = width.min(screen.width);
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(screen.height);
    let area = Rect {
        x: (screen.width - width) / 2,
        y: (screen.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(title.to_owned());
    let text = Paragraph::new(Text::from(lines)).wrap(Wrap { trim: false });
    frame.render_widget(text.block(block), area);
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
