//! The grammar of JSON (RFC 8259) as an automaton that can stop at any byte and go on with the
//! next one, without recursion and with as much state as fits in a few words.

use super::scan;

/// The most containers inside one another; what `serde_json` accepts too.
pub(super) const DEPTH_MAX: u32 = 127;

/// Why something is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    Syntax,
    TooDeep,
    Trailing,
}

/// What the automaton came upon at the depth that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The bytes are used up.
    More,
    /// A key begins; its text is next.
    Key,
    /// A key has ended; its closing quote is the last byte that was taken.
    KeyEnd,
    /// A value begins and is next.
    Value,
    /// A value that began here has ended.
    End,
    /// The container whose members are watched has ended.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// A value begins with the next byte, and that was told.
    Told,
    FirstElement,
    FirstKey,
    NextKey,
    Key(Within),
    Colon,
    Text(Within),
    Number(Part),
    /// The rest of `true`, `false` or `null`.
    Literal(&'static [u8]),
    After,
}

/// Where in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Plain,
    Escape,
    /// So many hexadecimal digits are still to come.
    Hex(u8),
}

/// The last part of a number that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

/// Where in a JSON text the next byte stands.
#[derive(Debug, Clone)]
pub(super) struct Grammar {
    state: State,
    depth: u32,
    /// A bit for each open container, the innermost one lowest: 1 is an object.
    kinds: u128,
}

impl Grammar {
    /// At the beginning of a value inside so many containers, whose kinds don't matter.
    pub(super) fn value_at(depth: u32) -> Self {
        Self {
            state: State::Told,
            depth,
            kinds: 0,
        }
    }

    /// Behind a member's value of the innermost of so many containers.
    pub(super) fn after_member(depth: u32) -> Self {
        Self {
            state: State::After,
            depth,
            kinds: 1,
        }
    }

    /// Behind the brace of an object that is all there is.
    pub(super) fn in_object() -> Self {
        Self {
            state: State::FirstKey,
            depth: 1,
            kinds: 1,
        }
    }

    /// Whether the whole text has been read.
    pub(super) fn is_complete(&self) -> bool {
        self.depth == 0 && self.state == State::After
    }

    /// The value that was told has been read by someone else.
    pub(super) fn value_was_read(&mut self) {
        self.state = State::After;
    }

    /// The value that was told is an object that someone else has read up to a member's value,
    /// which is next and will be told.
    pub(super) fn enter_object_at_value(&mut self) -> Result<(), Damage> {
        self.open(true)?;
        self.state = State::Value;
        Ok(())
    }

    /// Takes the comma before an object that is the next element of the innermost of so many
    /// containers, if that is what comes; the object is next, and was told.
    pub(super) fn next_object(&mut self, bytes: &[u8], at: &mut usize, watched: u32) -> bool {
        let is_behind_element =
            self.state == State::After && self.depth == watched && self.kinds & 1 == 0;
        let is_next = is_behind_element && bytes.get(*at..*at + 2) == Some(b",{");
        if is_next {
            *at += 1;
            self.state = State::Told;
        }
        is_next
    }

    /// Takes bytes from `at` on until something happens at depth `watched`: to a value or key that
    /// so many containers are open around.
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
        watched: u32,
    ) -> Result<Event, Damage> {
        while let Some(&byte) = bytes.get(*at) {
            let here = self.depth == watched;
            match self.state {
                State::Text(within) | State::Key(within) => {
                    if within == Within::Plain {
                        *at = scan::special(bytes, *at);
                        let Some(&byte) = bytes.get(*at) else { break };
                        if byte == b'"' {
                            *at += 1;
                            if matches!(self.state, State::Text(_)) {
                                self.state = State::After;
                                if here {
                                    return Ok(Event::End);
                                }
                            } else {
                                self.state = State::Colon;
                                if here {
                                    return Ok(Event::KeyEnd);
                                }
                            }
                            continue;
                        }
                        self.within(match byte {
                            b'\\' => Within::Escape,
                            _ => return Err(Damage::Syntax),
                        });
                    } else {
                        self.within(match (within, byte) {
                            (Within::Escape, b'u') => Within::Hex(4),
                            (
                                Within::Escape,
                                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                            ) => Within::Plain,
                            (Within::Hex(1), digit) if digit.is_ascii_hexdigit() => Within::Plain,
                            (Within::Hex(left), digit) if digit.is_ascii_hexdigit() => {
                                Within::Hex(left - 1)
                            }
                            _ => return Err(Damage::Syntax),
                        });
                    }
                }
                State::Number(part) => match part.next(byte) {
                    Some(part) => self.state = State::Number(part),
                    None if part.may_end() => {
                        self.state = State::After;
                        if here {
                            return Ok(Event::End);
                        }
                        continue;
                    }
                    None => return Err(Damage::Syntax),
                },
                State::Literal(rest) => match rest {
                    [expected, rest @ ..] if *expected == byte => {
                        *at += 1;
                        self.state = State::Literal(rest);
                        if rest.is_empty() {
                            self.state = State::After;
                            if here {
                                return Ok(Event::End);
                            }
                        }
                        continue;
                    }
                    _ => return Err(Damage::Syntax),
                },
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => {}
                State::Told => {
                    self.begin(byte)?;
                }
                State::FirstElement if byte == b']' => {
                    *at += 1;
                    match self.close(watched) {
                        Some(event) => return Ok(event),
                        None => continue,
                    }
                }
                State::Value | State::FirstElement => {
                    self.state = State::Told;
                    if here {
                        return Ok(Event::Value);
                    }
                    continue;
                }
                State::FirstKey if byte == b'}' => {
                    *at += 1;
                    match self.close(watched) {
                        Some(event) => return Ok(event),
                        None => continue,
                    }
                }
                State::FirstKey | State::NextKey if byte == b'"' => {
                    *at += 1;
                    self.state = State::Key(Within::Plain);
                    if here {
                        return Ok(Event::Key);
                    }
                    continue;
                }
                State::Colon if byte == b':' => self.state = State::Value,
                State::After => {
                    let in_object = self.kinds & 1 == 1;
                    match (byte, in_object) {
                        _ if self.depth == 0 => return Err(Damage::Trailing),
                        (b',', true) => self.state = State::NextKey,
                        (b',', false) => self.state = State::Value,
                        (b'}', true) | (b']', false) => {
                            *at += 1;
                            match self.close(watched) {
                                Some(event) => return Ok(event),
                                None => continue,
                            }
                        }
                        _ => return Err(Damage::Syntax),
                    }
                }
                State::FirstKey | State::NextKey | State::Colon => return Err(Damage::Syntax),
            }
            *at += 1;
        }
        Ok(Event::More)
    }

    fn within(&mut self, within: Within) {
        self.state = match self.state {
            State::Key(_) => State::Key(within),
            _ => State::Text(within),
        };
    }

    fn begin(&mut self, byte: u8) -> Result<(), Damage> {
        self.state = match byte {
            b'{' => {
                self.open(true)?;
                State::FirstKey
            }
            b'[' => {
                self.open(false)?;
                State::FirstElement
            }
            b'"' => State::Text(Within::Plain),
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            b'-' => State::Number(Part::Minus),
            b'0' => State::Number(Part::Zero),
            b'1'..=b'9' => State::Number(Part::Integer),
            _ => return Err(Damage::Syntax),
        };
        Ok(())
    }

    fn open(&mut self, object: bool) -> Result<(), Damage> {
        if self.depth == DEPTH_MAX {
            return Err(Damage::TooDeep);
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u128::from(object);
        Ok(())
    }

    /// The innermost container has ended.
    fn close(&mut self, watched: u32) -> Option<Event> {
        self.depth -= 1;
        self.kinds >>= 1;
        self.state = State::After;
        if self.depth + 1 == watched {
            Some(Event::Close)
        } else {
            (self.depth == watched).then_some(Event::End)
        }
    }
}

impl Part {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Exponent
        )
    }
}
