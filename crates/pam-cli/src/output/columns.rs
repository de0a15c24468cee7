//! Aligned columns for a person: fitted to the terminal, streamed.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::printable::printable;

/// How many rows are held back to learn how wide the columns must be.
const SAMPLE: usize = 256;
/// Blanks between two columns.
const GAP: usize = 2;
/// A column that can shrink does not get narrower than this.
const NARROWEST: usize = 8;

/// How a column behaves when there is not enough room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Shown whole, always: an id that is cut off is of no use.
    Whole,
    /// Cut, and left out when cutting is not enough; those with the highest number go first.
    Optional(u8),
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) fit: Fit,
}

/// How a column is shown once the widths are known.
#[derive(Debug, Clone, Copy)]
enum Shown {
    /// Left out.
    Not,
    /// Padded to this width; a longer text sticks out.
    Padded(usize),
    /// Padded, or cut, to this width.
    Cut(usize),
}

/// Writes rows as aligned columns while they come. The first rows decide the widths, so memory
/// stays flat however many follow; without a width to fit into, nothing is ever cut.
pub(crate) struct Columns<W> {
    out: W,
    columns: Vec<Column>,
    room: Option<usize>,
    /// How wide each column is at least, where there is room for it.
    usual: Vec<usize>,
    held: Vec<Vec<String>>,
    widths: Option<Vec<Shown>>,
}

impl<W: Write> Columns<W> {
    /// Columns over `out`, fitted to `room` terminal cells.
    pub(crate) fn new(out: W, columns: &[Column], room: Option<usize>) -> Self {
        Self {
            out,
            columns: columns.to_vec(),
            room,
            usual: Vec::new(),
            held: Vec::new(),
            widths: None,
        }
    }

    /// Makes the columns wide enough for a row like this, for a table whose rows come too slowly
    /// to wait for a sample of them.
    pub(crate) fn expecting<'a>(mut self, usual: impl IntoIterator<Item = &'a str>) -> Self {
        self.usual = usual.into_iter().map(UnicodeWidthStr::width).collect();
        self
    }

    /// Adds a row: one text for each column.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| printable(cell).into_owned())
            .collect();
        match &self.widths {
            Some(widths) => write_row(&mut self.out, widths, &cells),
            None => {
                self.held.push(cells);
                if self.held.len() < SAMPLE {
                    Ok(())
                } else {
                    self.release()
                }
            }
        }
    }

    /// Writes what is held back, and the header even when there was no row.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.widths.is_none() {
            self.release()?;
        }
        self.out.flush()
    }

    fn release(&mut self) -> io::Result<()> {
        let widths = self.columns.iter().zip(self.fitted());
        let widths: Vec<Shown> = widths
            .map(|(column, width)| match (column.fit, self.room, width) {
                (_, _, None) => Shown::Not,
                (Fit::Optional(_), Some(_), Some(width)) => Shown::Cut(width),
                (_, _, Some(width)) => Shown::Padded(width),
            })
            .collect();
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
        write_row(&mut self.out, &widths, &titles)?;
        for row in self.held.drain(..) {
            write_row(&mut self.out, &widths, &row)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    /// For each column its width, or nothing when there is no room for it.
    fn fitted(&self) -> Vec<Option<usize>> {
        let natural = |index: usize, column: &Column| {
            let cells = self.held.iter().filter_map(|row| row.get(index));
            cells
                .map(|cell| cell.width())
                .chain(self.usual.get(index).copied())
                .max()
                .unwrap_or(0)
                .max(column.title.width())
        };
        let mut widths: Vec<Option<usize>> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, c)| Some(natural(i, c)))
            .collect();
        let Some(room) = self.room else { return widths };
        while total(&widths) > room {
            let narrowest =
                self.columns
                    .iter()
                    .zip(&widths)
                    .map(|(column, width)| match column.fit {
                        Fit::Whole => *width,
                        Fit::Optional(_) => {
                            width.map(|width| width.min(NARROWEST.max(column.title.width())))
                        }
                    });
            if total(&narrowest.collect::<Vec<_>>()) <= room {
                self.shrink(&mut widths, room);
                break;
            }
            let Some(last) = self.last_optional(&widths) else {
                break;
            };
            if let Some(width) = widths.get_mut(last) {
                *width = None;
            }
        }
        widths
    }

    /// Takes cells from the widest column that may shrink until the row fits.
    fn shrink(&self, widths: &mut [Option<usize>], room: usize) {
        for _ in room..total(widths) {
            let optional = self.columns.iter().zip(widths.iter_mut());
            let optional = optional.filter(|(column, _)| column.fit != Fit::Whole);
            if let Some(width) = optional.filter_map(|(_, width)| width.as_mut()).max() {
                *width -= 1;
            }
        }
    }

    fn last_optional(&self, widths: &[Option<usize>]) -> Option<usize> {
        let shown = self.columns.iter().zip(widths).enumerate();
        let ranked = shown.filter_map(|(index, (column, width))| match (column.fit, width) {
            (Fit::Optional(rank), Some(_)) => Some((rank, index)),
            _ => None,
        });
        ranked.max().map(|(_, index)| index)
    }
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

fn write_row<W: Write>(out: &mut W, widths: &[Shown], cells: &[String]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, shown) in cells.iter().zip(widths) {
        let (cell, width) = match *shown {
            Shown::Not => continue,
            Shown::Padded(width) => (cell.clone(), width),
            Shown::Cut(width) => (cut(cell, width), width),
        };
        line.push_str(&cell);
        let blanks = width.saturating_sub(cell.width()) + GAP;
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// The text, or as much of it as fits with an ellipsis.
fn cut(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = cell.chars().take_while(|c| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    });
    fits.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column {
            title: "ID",
            fit: Fit::Whole,
        },
        Column {
            title: "USER",
            fit: Fit::Optional(0),
        },
        Column {
            title: "DEVICE",
            fit: Fit::Optional(1),
        },
        Column {
            title: "SESSION_ID",
            fit: Fit::Whole,
        },
    ];

    fn table(room: Option<usize>, rows: &[[&str; 4]]) -> String {
        let mut out = Vec::new();
        let mut columns = Columns::new(&mut out, &COLUMNS, room);
        for row in rows {
            columns.row(row.iter().copied()).unwrap();
        }
        columns.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    const ROW: [&str; 4] = [
        "540",
        "a-very-long-user-name",
        "192.0.2.20:22",
        "3fcf1e4a16104e328d67",
    ];

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        assert_eq!(
            table(None, &[ROW]),
            "ID   USER                   DEVICE         SESSION_ID\n\
             540  a-very-long-user-name  192.0.2.20:22  3fcf1e4a16104e328d67\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_then_drops_and_never_touches_an_id() {
        for room in 1..80 {
            let text = table(Some(room), &[ROW]);
            let needed = "540  3fcf1e4a16104e328d67".len();
            let widest = text.lines().map(|line| line.width()).max().unwrap();
            assert!(widest <= room.max(needed), "{room}: {text}");
            assert!(
                text.contains("540") && text.contains("3fcf1e4a16104e328d67"),
                "{text}"
            );
        }
        assert!(table(Some(48), &[ROW]).contains('…'));
        assert!(!table(Some(38), &[ROW]).contains("DEVICE"));
    }

    #[test]
    fn wide_characters_count_twice() {
        let text = table(
            Some(45),
            &[["1", "日本日本日本日本", "d", "s"], ["2", "u", "d", "s"]],
        );
        let [_, wide, narrow] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        let place = |line: &str| line.split(" d ").next().unwrap().width();
        assert_eq!(place(wide), place(narrow), "{text}");
    }

    #[test]
    fn rows_after_the_sample_keep_the_widths_and_are_not_held() {
        let mut out = Vec::new();
        let mut columns = Columns::new(&mut out, &COLUMNS, None);
        for _ in 0..SAMPLE + 5 {
            columns.row(ROW).unwrap();
            assert!(columns.held.len() < SAMPLE);
        }
        columns.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), SAMPLE + 6);
    }

    #[test]
    fn an_expected_row_makes_room_for_those_that_come_later() {
        let mut out = Vec::new();
        let mut columns = Columns::new(&mut out, &COLUMNS, Some(80)).expecting(ROW);
        columns.row(["1", "u", "d", "s"]).unwrap();
        columns.finish().unwrap();
        columns.row(ROW).unwrap();
        columns.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.ends_with("540  a-very-long-user-name  192.0.2.20:22  3fcf1e4a16104e328d67\n")
        );
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn an_escape_sequence_in_a_field_is_shown_not_sent() {
        let text = table(None, &[["1", "\u{1b}[31mred", "d", "s"]]);
        assert!(
            text.contains("\\x1b[31mred") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}
