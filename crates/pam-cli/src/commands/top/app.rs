//! What is on the screen and what a key does to it: no terminal, no clock, no appliance.

use jiff::civil::DateTime;
use pam_guard::Filter;
use pam_proto::{Session, SessionNumber};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::order::Order;

/// A session that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) session: Session,
    /// The rule of the policy that protects it.
    pub(super) protected: Option<String>,
}

/// What the keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Focus {
    Table,
    /// A filter is typed; with what is wrong with it.
    Filter {
        text: String,
        error: Option<String>,
    },
    /// Whether this session is to be terminated.
    Confirm(Box<Session>),
    Help,
}

/// What the keys ask of the world outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// End the program.
    Quit,
    /// End it as Ctrl-C does.
    Interrupt,
    /// Read the sessions now.
    Refresh,
    /// May this session be terminated? [`App::ask`] or [`App::say`] is the answer.
    Ask(Box<Session>),
    /// Terminate it; it was confirmed.
    Kill(Box<Session>),
}

/// Something that was said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) good: bool,
}

/// How the last reading went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    First,
    Good,
    Failed(String),
}

/// The state of the screen.
#[derive(Debug)]
pub(super) struct App {
    /// Where the appliance is.
    pub(super) appliance: String,
    pub(super) reading: Reading,
    pub(super) focus: Focus,
    pub(super) details: bool,
    pub(super) order: Order,
    pub(super) filter: Option<Filter>,
    pub(super) message: Option<Message>,
    /// By the appliance's clock.
    pub(super) now: DateTime,
    rows: Vec<Row>,
    /// The places of the rows that are shown, in their order.
    shown: Vec<usize>,
    selected: Option<SessionNumber>,
    under_way: Vec<SessionNumber>,
    /// How many rows fit on the screen, as it was drawn last.
    pub(super) page: usize,
}

impl App {
    pub(super) fn new(appliance: String, filter: Option<Filter>, now: DateTime) -> Self {
        Self {
            appliance,
            reading: Reading::First,
            focus: Focus::Table,
            details: false,
            order: Order::default(),
            filter,
            message: None,
            now,
            rows: Vec::new(),
            shown: Vec::new(),
            selected: None,
            under_way: Vec::new(),
            page: 10,
        }
    }

    /// Shows these sessions instead of the ones before. Who was selected stays selected.
    pub(super) fn show(&mut self, rows: Vec<Row>, now: DateTime) {
        let place = self.place().unwrap_or(0);
        self.rows = rows;
        self.now = now;
        self.arrange_at(place);
    }

    /// The rows to show, in their order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        let shown = self.shown.iter().filter_map(|at| self.rows.get(*at));
        shown.collect::<Vec<_>>().into_iter()
    }

    /// How many sessions run, shown or not.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// The place of the selected row among those shown.
    pub(super) fn place(&self) -> Option<usize> {
        let selected = self.selected?;
        self.rows().position(|row| row.session.id == selected)
    }

    pub(super) fn selected(&self) -> Option<&Row> {
        self.rows().nth(self.place()?)
    }

    /// Whether a termination of it is under way.
    pub(super) fn is_under_way(&self, session: SessionNumber) -> bool {
        self.under_way.contains(&session)
    }

    /// Asks whether to terminate it.
    pub(super) fn ask(&mut self, session: Box<Session>) {
        self.focus = Focus::Confirm(session);
    }

    /// Says something; it stays until something else is said.
    pub(super) fn say(&mut self, good: bool, text: impl Into<String>) {
        self.message = Some(Message {
            text: text.into(),
            good,
        });
    }

    /// A termination has come to this.
    pub(super) fn done(&mut self, session: SessionNumber, good: bool, text: String) {
        self.under_way.retain(|under_way| *under_way != session);
        self.say(good, text);
    }

    /// What a key does.
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<Wish> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && key.code == KeyCode::Char('c') {
            return Some(Wish::Interrupt);
        }
        match std::mem::replace(&mut self.focus, Focus::Table) {
            Focus::Table => self.key_in_table(key.code),
            Focus::Filter { text, .. } => {
                self.focus = self.key_in_filter(text, key.code, control);
                None
            }
            Focus::Confirm(session) => match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.under_way.push(session.id);
                    self.say(true, format!("terminating session {} …", session.id));
                    Some(Wish::Kill(session))
                }
                _ => {
                    self.say(true, "not confirmed; nothing was terminated");
                    None
                }
            },
            Focus::Help => None,
        }
    }

    fn key_in_table(&mut self, code: KeyCode) -> Option<Wish> {
        let place = self.place().unwrap_or(0);
        match code {
            KeyCode::Char('q') => return Some(Wish::Quit),
            KeyCode::Char('r') | KeyCode::F(5) => return Some(Wish::Refresh),
            KeyCode::Char('x' | 'K') | KeyCode::Delete => {
                let session = self.selected()?.session.clone();
                if self.is_under_way(session.id) {
                    self.say(false, format!("session {} is being terminated", session.id));
                    return None;
                }
                return Some(Wish::Ask(Box::new(session)));
            }
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.focus = Focus::Help,
            KeyCode::Char('/') => {
                let text = self.filter.as_ref().map(ToString::to_string);
                self.focus = Focus::Filter {
                    text: text.unwrap_or_default(),
                    error: None,
                };
            }
            KeyCode::Esc if self.details => self.details = false,
            KeyCode::Esc => {
                self.filter = None;
                self.arrange();
            }
            KeyCode::Enter | KeyCode::Char(' ') => self.details = !self.details,
            KeyCode::Char('s') => {
                self.order.next();
                self.arrange();
            }
            KeyCode::Char('S') => {
                self.order.turn();
                self.arrange();
            }
            KeyCode::Up | KeyCode::Char('k') => self.select(place.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.select(place + 1),
            KeyCode::PageUp => self.select(place.saturating_sub(self.page)),
            KeyCode::PageDown => self.select(place + self.page),
            KeyCode::Home | KeyCode::Char('g') => self.select(0),
            KeyCode::End | KeyCode::Char('G') => self.select(usize::MAX),
            _ => {}
        }
        None
    }

    fn key_in_filter(&mut self, mut text: String, code: KeyCode, control: bool) -> Focus {
        match code {
            KeyCode::Esc => return Focus::Table,
            KeyCode::Enter if text.trim().is_empty() => {
                self.filter = None;
                self.arrange();
                return Focus::Table;
            }
            KeyCode::Enter => {
                if let Ok(filter) = text.parse() {
                    self.filter = Some(filter);
                    self.arrange();
                    return Focus::Table;
                }
            }
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char('u') if control => text.clear(),
            KeyCode::Char(c) if !control => text.push(c),
            _ => {}
        }
        let error = text.parse::<Filter>().err();
        let error = error.filter(|_| !text.trim().is_empty());
        Focus::Filter {
            error: error.map(|error| format!("column {}: {}", error.column, error.reason)),
            text,
        }
    }

    fn select(&mut self, place: usize) {
        let last = self.shown.len().saturating_sub(1);
        let row = self.rows().nth(place.min(last));
        self.selected = row.map(|row| row.session.id);
    }

    fn arrange(&mut self) {
        self.arrange_at(self.place().unwrap_or(0));
    }

    /// Filters and sorts, and keeps the selection, or what is in this place now.
    fn arrange_at(&mut self, place: usize) {
        let meant = |row: &Row| {
            let filter = self.filter.as_ref();
            filter.is_none_or(|filter| filter.matches(&row.session, self.now))
        };
        let rows = self.rows.iter().enumerate();
        let mut shown: Vec<usize> = rows
            .filter(|(_, row)| meant(row))
            .map(|(at, _)| at)
            .collect();
        shown.sort_by(|a, b| match (self.rows.get(*a), self.rows.get(*b)) {
            (Some(a), Some(b)) => self.order.compare(&a.session, &b.session),
            _ => a.cmp(b),
        });
        self.shown = shown;
        if self.place().is_none() {
            self.select(place);
        }
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
