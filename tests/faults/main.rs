//! What goes wrong: events in any order and any number, calls that fail before or after they took effect, workers that
//! are killed, messages that nobody can read, everything at once, and GitHub saying no. Whatever happens on the way, the
//! end is the same, and it comes once.
//!
//! **Schedules.** [`schedules`] plays seeded stories while calls to AWS, Stripe and GitHub fail at random, and checks at
//! the end what must hold, of letters too ([`letters`]). `TOLLGATE_SCHEDULES=20000` plays that many instead of the usual
//! number; `TOLLGATE_SEED=1234` plays that schedule alone. A schedule follows from its seed and has a system of its own,
//! so a failure, which prints its seed and the calls that were struck, can be played again.
//!
//! **Waiting.** Nothing here waits for a timer. Time is the test's own clock. The embedded queues hold their waits
//! (`Services::hold_waits`): a message that is sent with a delay, and one that was received but not dealt with, come
//! back when the test says that so much time has passed (`Services::end_waits`), and no sooner. Calls to AWS that "time
//! out" do so at once; the client of GitHub and Stripe gives up after [`world::PATIENCE`]. Where a machine is so busy that
//! answers take longer, `TOLLGATE_PATIENCE_MS` lets [`schedules`] wait for them.
//!
//! **What is held where.** `cargo test -p journeys --test faults` plays all of it but the rows that name another target.
//!
//! | fault | held by |
//! |---|---|
//! | F1: an event comes many times, at once or days apart | [`permutations`], [`whole_path`], [`races`], [`clocks`] |
//! | F2: events in every order | [`permutations`] (the rules: every order of up to seven events), [`whole_path`] (a sample of the orders), [`orders`] (those that were seen) |
//! | F3, F4: the intake's message is not sent, or sent and not answered | [`schedules`] (each call of a purchase fails once in each way) |
//! | F5: a worker is killed at any call of a batch | [`kills`]; whole processes: `infra/local/tests/process/kills.rs` |
//! | F6, F7: a message that nobody can read | [`poison`] |
//! | F8, F9: AWS throttles, fails, or does what it was asked and says that it failed | [`schedules`] |
//! | F10: many writers on one counter | [`races`] |
//! | F11: GitHub says no, in each of its ways | [`outcomes`] |
//! | F12: the 51st invitation of a day | [`invitations`] |
//! | F13: an invitation was sent and the answer was lost | [`schedules`], [`interleavings`] |
//! | F14: access is taken back while it is being given | [`interleavings`] (a refund, an operator) |
//! | F15: no webhooks for a day | [`repairs`] |
//! | F16: clocks that are off, bodies that are replayed | [`clocks`] |
//! | F17: secrets are rotated in the middle of a stream | [`rotations`]; sessions' keys: `contract/sign_in/sessions.rs` |
//! | F20: a credential is taken back during a hundred requests | [`revocations`] |
//! | F21: the table of counters is out of reach | `contract/rate_limits.rs` (`without_its_counters_…`), `contract/limiter.rs` |
//! | F23: a frozen process, dead sockets | [`sockets`] |
//! | a package's sync: killed at, failing at and interrupted at each of its calls; what forges answer; webhooks; random | [`syncs`] |
//! | F24: two repairs at once, one that dies | [`repairs`] |
//!
//! F18, F19, F22 and F25 are about registries and outgoing webhooks, which Tollgate does not have.
#![expect(clippy::unwrap_used, reason = "tests: whatever goes wrong is a failed test, and the panic says where")]

mod clocks;
mod github_events;
mod interleavings;
mod invariants;
mod invitations;
mod kills;
mod letters;
mod orders;
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
mod syncs;
mod whole_path;
mod world;
