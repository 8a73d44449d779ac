//! What goes wrong: events in any order and any number, calls that fail before or after they took effect, workers that
//! are killed, messages that nobody can read, everything at once, and GitHub saying no. Whatever happens on the way, the
//! end is the same, and it comes once.
//!
//! **Schedules.** [`schedules`] plays seeded stories while calls to AWS, Stripe and GitHub fail at random, and checks at
//! the end what must hold. `TOLLGATE_SCHEDULES=20000` plays that many instead of the usual number;
//! `TOLLGATE_SEED=1234` plays that schedule alone. A schedule follows from its seed and has a system of its own, so a
//! failure, which prints its seed and the calls that were struck, can be played again.
//!
//! **Waiting.** Nothing here waits for a timer. Time is the test's own clock. The embedded queues hold their waits
//! (`Services::hold_waits`): a message that is sent with a delay, and one that was received but not dealt with, come
//! back when the test says that so much time has passed (`Services::end_waits`), and no sooner. Calls to AWS that "time
//! out" do so at once; the client of GitHub and Stripe gives up after [`world::PATIENCE`].
#![expect(clippy::unwrap_used, reason = "tests: whatever goes wrong is a failed test, and the panic says where")]

mod clocks;
mod github_events;
mod interleavings;
mod invariants;
mod invitations;
mod kills;
mod outcomes;
mod permutations;
mod poison;
mod races;
mod repairs;
mod revocations;
mod rotations;
mod schedules;
mod sockets;
mod stories;
mod whole_path;
mod world;
