//! What is allowed to be seen: one state, and after an operation without an answer another one.

use crate::operation::{Answer, ObjectName, Operation, Outcome};
use crate::state::State;
use types::ErrorCode;

/// The states that what was answered allows.
#[derive(Clone, Debug)]
pub struct Model {
    candidates: Vec<State>,
    in_doubt: bool,
}

/// True if an error leaves open whether the operation happened.
fn leaves_it_open(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InternalError | ErrorCode::StorageFull | ErrorCode::ServiceUnavailable)
}

impl Model {
    /// Nothing but `state` may be seen.
    pub fn of(state: State) -> Self {
        Self { candidates: vec![state], in_doubt: false }
    }

    /// Says whether a failed write may still come to light. If so, an answer for which nothing was written (a
    /// refusal, the removal of what is not there) does not decide that it will not.
    pub fn set_in_doubt(&mut self, in_doubt: bool) {
        self.in_doubt = in_doubt;
    }

    /// Every state that is allowed; first the one in which nothing happened that was not acknowledged.
    pub fn candidates(&self) -> &[State] {
        &self.candidates
    }

    /// What may be seen after one more operation with its outcome.
    ///
    /// # Panics
    /// If no state allows that outcome.
    pub fn record(&mut self, operation: &Operation, outcome: &Outcome) {
        let before = std::mem::take(&mut self.candidates);
        self.candidates = after(&before, operation, outcome, self.in_doubt);
        assert!(!self.candidates.is_empty(), "{operation:.200?} must not be answered {outcome:?} after {before:?}");
    }

    /// As [`Model::record`], for two operations at once: in either order.
    ///
    /// # Panics
    /// If no state allows the outcomes in any order.
    pub fn record_pair(&mut self, [first, second]: [&(Operation, Outcome); 2]) {
        let before = std::mem::take(&mut self.candidates);
        for (one, other) in [(first, second), (second, first)] {
            let between = after(&before, &one.0, &one.1, self.in_doubt);
            add_all(&mut self.candidates, after(&between, &other.0, &other.1, self.in_doubt));
        }
        assert!(!self.candidates.is_empty(), "{first:.300?} beside {second:.300?} after {before:?}");
    }

    /// Checks what a reader sees.
    ///
    /// # Panics
    /// If it is not allowed.
    pub fn check(&self, seen: &State, when: &str) {
        let allowed = self.candidates.iter().any(|state| state.clone().named_as_in(seen) == *seen);
        assert!(allowed, "{when}: seen\n{seen:#?}\nwhere only this was allowed:\n{:#?}", self.candidates);
    }
}

/// Every state that one of `before` may have become.
fn after(before: &[State], operation: &Operation, outcome: &Outcome, in_doubt: bool) -> Vec<State> {
    if let Operation::DeleteMany(bucket, keys) = operation
        && let Some(each) = outcome_of_each(keys, outcome)
    {
        let mut states = before.to_vec();
        for (key, one) in keys.iter().zip(each) {
            let delete = Operation::Delete(ObjectName::new(bucket, key));
            states = after(&states, &delete, &one.map(|()| Answer::Done), in_doubt);
        }
        return states;
    }
    let (mut states, mut wrote_nothing) = (Vec::new(), false);
    for state in before {
        let allowed = after_one(state, operation, outcome);
        wrote_nothing |= outcome_is_definite(outcome) && allowed.contains(state);
        add_all(&mut states, allowed);
    }
    if in_doubt && wrote_nothing {
        add_all(&mut states, before.to_vec());
    }
    states
}

/// What became of each of several keys; `None` if their bucket was not found.
fn outcome_of_each(keys: &[String], outcome: &Outcome) -> Option<Vec<Result<(), ErrorCode>>> {
    match outcome {
        Ok(Answer::Each(each)) => Some(each.clone()),
        Err(code) if leaves_it_open(*code) => Some(vec![Err(*code); keys.len()]),
        Ok(_) | Err(_) => None,
    }
}

/// Every state that `state` may have become; none if it does not allow the outcome.
fn after_one(state: &State, operation: &Operation, outcome: &Outcome) -> Vec<State> {
    if let (Operation::Get(at), Ok(Answer::Bytes(bytes))) = (operation, outcome) {
        let seen = state.clone().object(at).is_ok_and(|object| object.bytes == *bytes);
        return if seen { vec![state.clone()] } else { Vec::new() };
    }
    let mut changed = state.clone();
    let upload = if let Ok(Answer::Upload(id)) = outcome { Some(*id) } else { None };
    let answer = changed.apply(operation, upload);
    match outcome {
        Ok(_) if answer.is_ok() => vec![changed],
        Err(code) if leaves_it_open(*code) => vec![state.clone(), changed],
        Err(code) if answer == Err(*code) => vec![state.clone()],
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn outcome_is_definite(outcome: &Outcome) -> bool {
    !outcome.as_ref().is_err_and(|code| leaves_it_open(*code))
}

fn add_all(states: &mut Vec<State>, more: impl IntoIterator<Item = State>) {
    for state in more {
        if !states.contains(&state) {
            states.push(state);
        }
    }
}
