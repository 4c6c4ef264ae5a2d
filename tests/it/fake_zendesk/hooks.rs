//! Moments of a request at which a test is told, or holds the request until it says go.
//!
//! ```ignore
//! let hold = fake.hold(Point::Acted, Which::writes().nth(3));
//! // ... start the client ...
//! let write = hold.wait();      // the third write was carried out, and the client doesn't know yet
//! child.kill();
//! hold.release();
//! ```

use std::fmt;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::lock;
use super::log::Logged;
use super::state::State;
use super::which::Which;

/// A moment of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// It was received whole, and nothing was done.
    Received,
    /// It was carried out or refused, and nothing was answered.
    Acted,
    /// The last byte of the answer was handed to the network. It can't be held any more; a hook is told.
    Answered,
}

/// What a hook does.
#[derive(Clone)]
pub enum Action {
    Call(Arc<dyn Fn(&Logged) + Send + Sync>),
    Hold { reached: mpsc::Sender<Logged>, released: watch::Receiver<bool> },
}

/// A moment, the requests for which it counts, and what happens then.
pub struct Hook {
    pub point: Point,
    pub which: Which,
    pub action: Action,
}

impl fmt::Debug for Hook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Hook at {:?} of {:?}", self.point, self.which)
    }
}

/// A hold on requests, which ends when this is dropped.
pub struct Hold {
    reached: mpsc::Receiver<Logged>,
    release: watch::Sender<bool>,
}

impl Hold {
    /// A hold, and its part of the hook.
    pub fn new() -> (Self, Action) {
        let (tell, reached) = mpsc::channel();
        let (release, released) = watch::channel(false);
        (Self { reached, release }, Action::Hold { reached: tell, released })
    }

    /// Waits until a request is held, half a minute at most, and returns it.
    pub fn wait(&self) -> Logged {
        self.wait_for(Duration::from_secs(30)).expect("a request comes to where it is to be held")
    }

    /// The same with another time-out; `None` when none came.
    pub fn wait_for(&self, timeout: Duration) -> Option<Logged> {
        self.reached.recv_timeout(timeout).ok()
    }

    /// Lets the held requests go on, and all later ones.
    pub fn release(&self) {
        let _ = self.release.send(true);
    }
}

/// Runs the hooks of a moment, and waits where one holds.
pub async fn pass(state: &Arc<Mutex<State>>, point: Point, seq: u64) {
    for (action, logged) in told(state, point, seq) {
        match action {
            Action::Call(call) => call(&logged),
            Action::Hold { reached, mut released } => {
                let _ = reached.send(logged);
                // An error means that the hold was dropped.
                let _ = released.wait_for(|released| *released).await;
            }
        }
    }
}

/// The same for a moment at which nothing can be held.
pub fn pass_at_once(state: &Arc<Mutex<State>>, point: Point, seq: u64) {
    for (action, logged) in told(state, point, seq) {
        match action {
            Action::Call(call) => call(&logged),
            Action::Hold { reached, .. } => {
                let _ = reached.send(logged);
            }
        }
    }
}

/// The lock is free again when the hooks run, so they may look at the fake.
fn told(state: &Arc<Mutex<State>>, point: Point, seq: u64) -> Vec<(Action, Logged)> {
    lock(state).hooks_at(point, seq)
}
