//! One token for any number of concurrent calls.

use std::mem;

use super::AccessToken;

/// The token that calls share, and who is fetching it.
///
/// Every call keeps a [`Turn`] and asks [`step`](Self::step) what to do. Of any number of calls
/// that need a token at once, one is told to fetch it and the others to wait; a failed fetch is
/// told to all that waited. A call whose token is refused asks [`refused`](Self::refused) whether
/// to step again, which is granted once. `E` is what a failed fetch is told as.
///
/// ```
/// use std::time::Duration;
/// use pam_proto::Secret;
/// use pam_proto::oauth2::{AccessToken, TokenState, TokenStep, Turn};
///
/// let mut state = TokenState::<String>::new();
/// let (mut one, mut other) = (Turn::default(), Turn::default());
///
/// let TokenStep::Fetch(flight) = state.step(&mut one, 1_000) else { unreachable!() };
/// assert!(matches!(state.step(&mut other, 1_000), TokenStep::Wait));
///
/// let token = AccessToken::new(Secret::new("opaque"), Duration::from_secs(3_600), 1_001)?;
/// state.fetched(flight, Ok(token));
/// assert!(matches!(state.step(&mut one, 1_001), TokenStep::Use(_)));
/// assert!(matches!(state.step(&mut other, 1_001), TokenStep::Use(_)));
/// # Ok::<(), pam_proto::oauth2::InvalidToken>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenState<E> {
    held: Option<(u64, AccessToken)>,
    in_flight: Option<u64>,
    failed: Option<(u64, E)>,
    flights: u64,
}

/// What one call has been through.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    flight: Option<u64>,
    used: Option<u64>,
    refused: bool,
}

/// The right and the duty to fetch a token; it ends in [`TokenState::fetched`] or
/// [`TokenState::abandoned`].
#[derive(Debug)]
#[must_use = "other calls wait until this flight has ended"]
pub struct Flight(u64);

/// What a call does now.
#[derive(Debug)]
pub enum TokenStep<'s, E> {
    /// Sends its request with this token.
    Use(&'s AccessToken),
    /// Fetches a token, tells [`TokenState::fetched`], and steps again.
    Fetch(Flight),
    /// Waits until the flight under way has ended, and steps again.
    Wait,
    /// Fails: the fetch that it waited for, or made, failed so.
    Failed(&'s E),
}

impl<E> TokenState<E> {
    /// No token yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A token from an earlier run, which may be stale.
    #[must_use]
    pub fn with_token(token: AccessToken) -> Self {
        Self {
            held: Some((0, token)),
            ..Self::default()
        }
    }

    /// What this call does at `now`, in seconds since 1970.
    pub fn step(&mut self, turn: &mut Turn, now: u64) -> TokenStep<'_, E> {
        let held = self
            .held
            .as_ref()
            .map(|(flight, token)| (*flight, token.is_fresh(now)));
        if let Some((flight, fresh)) = held {
            // A token that this call waited for is used even if it was born stale: fetching
            // another would bring no better one, again and again.
            let own = turn.flight.is_some_and(|waited| flight >= waited);
            if fresh || own {
                turn.flight = None;
                turn.used = Some(flight);
            } else {
                self.held = None;
            }
        }
        if let Some((_, token)) = &self.held {
            return TokenStep::Use(token);
        }
        let failed = self.failed.as_ref().map(|(flight, _)| *flight);
        let told = turn.flight.is_some_and(|waited| failed >= Some(waited));
        if let Some((_, error)) = self.failed.as_ref().filter(|_| told) {
            return TokenStep::Failed(error);
        }
        if let Some(flight) = self.in_flight {
            turn.flight = Some(flight);
            return TokenStep::Wait;
        }
        self.flights += 1;
        self.in_flight = Some(self.flights);
        turn.flight = Some(self.flights);
        TokenStep::Fetch(Flight(self.flights))
    }

    /// A flight has ended, with a token or without.
    pub fn fetched(&mut self, flight: Flight, result: Result<AccessToken, E>) {
        let number = self.end(flight);
        match result {
            Ok(token) => self.held = Some((number, token)),
            Err(error) => self.failed = Some((number, error)),
        }
    }

    /// A flight was given up without an answer, as when its call was cancelled: the next call that
    /// steps fetches.
    pub fn abandoned(&mut self, flight: Flight) {
        self.end(flight);
    }

    fn end(&mut self, Flight(number): Flight) -> u64 {
        if self.in_flight == Some(number) {
            self.in_flight = None;
        }
        number
    }

    /// The appliance did not accept the token that this call used. True when the call may step
    /// again, which it may once; the refused token is then given up for all.
    pub fn refused(&mut self, turn: &mut Turn) -> bool {
        if mem::replace(&mut turn.refused, true) {
            return false;
        }
        // Another call may have replaced it already.
        if self.held.as_ref().map(|(flight, _)| *flight) == turn.used {
            self.held = None;
        }
        true
    }

    /// The token now held, fresh or not, to be kept for the next run.
    #[must_use]
    pub fn token(&self) -> Option<&AccessToken> {
        self.held.as_ref().map(|(_, token)| token)
    }
}

impl<E> Default for TokenState<E> {
    fn default() -> Self {
        Self {
            held: None,
            in_flight: None,
            failed: None,
            flights: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::secret::Secret;

    const NOW: u64 = 1_700_000_000;

    fn token(name: &str, lifetime: u64) -> AccessToken {
        AccessToken::new(Secret::new(name), Duration::from_secs(lifetime), NOW).unwrap()
    }

    type State = TokenState<&'static str>;

    fn flight(state: &mut State, turn: &mut Turn, now: u64) -> Flight {
        match state.step(turn, now) {
            TokenStep::Fetch(flight) => flight,
            step => panic!("{step:?} instead of a fetch"),
        }
    }

    fn used(state: &mut State, turn: &mut Turn, now: u64) -> String {
        match state.step(turn, now) {
            TokenStep::Use(token) => token.secret().expose().to_owned(),
            step => panic!("{step:?} instead of a token"),
        }
    }

    #[test]
    fn a_fresh_token_is_used_and_a_stale_one_replaced() {
        let mut state = State::with_token(token("cached", 3_600));
        assert_eq!(
            used(&mut state, &mut Turn::default(), NOW + 3_539),
            "cached"
        );
        let mut turn = Turn::default();
        let fetch = flight(&mut state, &mut turn, NOW + 3_540);
        state.fetched(
            fetch,
            AccessToken::until(Secret::new("new"), NOW + 9_000).map_err(|_| "invalid"),
        );
        assert_eq!(used(&mut state, &mut turn, NOW + 3_541), "new");
    }

    #[test]
    fn a_failed_fetch_fails_all_that_waited_and_none_after() {
        let mut state = State::new();
        let (mut fetcher, mut waiter) = (Turn::default(), Turn::default());
        let fetch = flight(&mut state, &mut fetcher, NOW);
        assert!(matches!(state.step(&mut waiter, NOW), TokenStep::Wait));
        state.fetched(fetch, Err("unreachable"));
        for turn in [&mut fetcher, &mut waiter] {
            assert!(matches!(
                state.step(turn, NOW),
                TokenStep::Failed(&"unreachable")
            ));
        }
        let _ = flight(&mut state, &mut Turn::default(), NOW);
    }

    #[test]
    fn an_abandoned_flight_is_taken_up_by_a_waiter() {
        let mut state = State::new();
        let (mut fetcher, mut waiter) = (Turn::default(), Turn::default());
        let fetch = flight(&mut state, &mut fetcher, NOW);
        assert!(matches!(state.step(&mut waiter, NOW), TokenStep::Wait));
        state.abandoned(fetch);
        let fetch = flight(&mut state, &mut waiter, NOW);
        state.fetched(fetch, Ok(token("t", 3_600)));
        assert_eq!(used(&mut state, &mut waiter, NOW), "t");
    }

    #[test]
    fn a_token_that_is_born_stale_serves_those_who_waited() {
        let mut state = State::new();
        let (mut fetcher, mut waiter) = (Turn::default(), Turn::default());
        let fetch = flight(&mut state, &mut fetcher, NOW);
        assert!(matches!(state.step(&mut waiter, NOW), TokenStep::Wait));
        state.fetched(fetch, Ok(token("brief", 0)));
        assert_eq!(used(&mut state, &mut fetcher, NOW), "brief");
        assert_eq!(used(&mut state, &mut waiter, NOW), "brief");
        let _ = flight(&mut state, &mut Turn::default(), NOW);
    }

    #[test]
    fn a_refused_token_is_replaced_once_for_all_calls() {
        let mut state = State::with_token(token("revoked", 3_600));
        let (mut one, mut other) = (Turn::default(), Turn::default());
        used(&mut state, &mut one, NOW);
        used(&mut state, &mut other, NOW);
        assert!(state.refused(&mut one));
        let fetch = flight(&mut state, &mut one, NOW);
        state.fetched(fetch, Ok(token("new", 3_600)));
        assert_eq!(used(&mut state, &mut one, NOW), "new");
        // The other call learns late: the new token is not thrown away for it.
        assert!(state.refused(&mut other));
        assert_eq!(used(&mut state, &mut other, NOW), "new");
        assert!(!state.refused(&mut one), "a second refusal stands");
    }

    #[test]
    fn a_call_whose_every_token_is_refused_ends() {
        let mut state = State::new();
        let mut turn = Turn::default();
        let (mut fetches, mut sent) = (0, 0);
        loop {
            match state.step(&mut turn, NOW) {
                TokenStep::Fetch(flight) => {
                    fetches += 1;
                    state.fetched(flight, Ok(token("refused", 0)));
                }
                TokenStep::Use(_) => {
                    sent += 1;
                    if !state.refused(&mut turn) {
                        break;
                    }
                }
                step => panic!("{step:?}"),
            }
        }
        assert_eq!((fetches, sent), (2, 2));
    }

    proptest! {
        /// Whatever happens in whatever order: never two flights at once, and nobody waits for
        /// none.
        #[test]
        fn at_most_one_flight_is_under_way(
            acts in proptest::collection::vec((0_usize..4, 0_u8..7, 0_u64..400), 1..200)
        ) {
            let mut state = State::new();
            let mut now = NOW;
            let mut turns = vec![Turn::default(); 4];
            let mut open: Option<Flight> = None;
            for (call, act, seconds) in acts {
                now += seconds;
                match (act, open.take()) {
                    (0, Some(flight)) => {
                        let token = AccessToken::until(Secret::new("t"), now + seconds).unwrap();
                        state.fetched(flight, Ok(token));
                    }
                    (1, Some(flight)) => state.fetched(flight, Err("no")),
                    (2, Some(flight)) => state.abandoned(flight),
                    (3, flight) => {
                        open = flight;
                        if !state.refused(&mut turns[call]) {
                            turns[call] = Turn::default();
                        }
                    }
                    (_, flight) => {
                        open = flight;
                        match state.step(&mut turns[call], now) {
                            TokenStep::Use(_) => {}
                            TokenStep::Wait => prop_assert!(open.is_some()),
                            TokenStep::Failed(_) => turns[call] = Turn::default(),
                            TokenStep::Fetch(flight) => {
                                prop_assert!(open.is_none());
                                open = Some(flight);
                            }
                        }
                    }
                }
            }
        }
    }
}
