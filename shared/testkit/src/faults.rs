//! Fault plans: which outbound call fails, and how.

use std::sync::{Arc, Mutex, PoisonError};

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails before it has any effect (a 500, a refused connection).
    Before,
    /// It takes effect, and the answer is an error.
    After,
    /// It takes effect, and no answer ever comes: the caller's time limit ends it.
    Timeout,
    /// It is refused for being one too many, before it has any effect.
    Throttle,
}

/// Decides the fate of each call in turn. Clones share one plan, so a run is reproducible from its seed.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    rule: Rule,
    calls: Vec<String>,
    struck: Vec<(usize, String, Fault)>,
}

#[derive(Debug, Default)]
enum Rule {
    #[default]
    Never,
    /// Each call fails with this chance, in percent.
    Seeded { state: u64, percent: u64 },
    /// The call of this index (from 0) fails, no other.
    Nth { index: usize, fault: Fault },
}

impl Faults {
    /// Nothing fails.
    pub fn none() -> Self {
        Self::default()
    }

    /// Each call fails with a chance of `percent`, in a way drawn from `seed`.
    pub fn seeded(seed: u64, percent: u8) -> Self {
        Self::with(Rule::Seeded { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, percent: percent.into() })
    }

    /// Only the call number `index`, counted from 0, fails.
    pub fn nth(index: usize, fault: Fault) -> Self {
        Self::with(Rule::Nth { index, fault })
    }

    fn with(rule: Rule) -> Self {
        Self(Arc::new(Mutex::new(Plan { rule, ..Plan::default() })))
    }

    /// Ends the plan: from now on nothing fails.
    pub fn heal(&self) {
        self.plan().rule = Rule::Never;
    }

    /// Takes over the rule of `plan`, counting calls from 0 again.
    pub fn start(&self, plan: &Self) {
        let rule = std::mem::take(&mut plan.plan().rule);
        *self.plan() = Plan { rule, ..Plan::default() };
    }

    /// Asked once by every double and connector for every call it is about to serve. `call` names it for the report.
    pub fn next(&self, call: &str) -> Option<Fault> {
        let mut plan = self.plan();
        let index = plan.calls.len();
        plan.calls.push(call.to_owned());
        let fault = plan.rule.decide(index)?;
        plan.struck.push((index, call.to_owned(), fault));
        Some(fault)
    }

    /// How many calls were asked about.
    pub fn calls(&self) -> usize {
        self.plan().calls.len()
    }

    /// The names of the calls that were asked about, in their order.
    pub fn called(&self) -> Vec<String> {
        self.plan().calls.clone()
    }

    /// The calls that were made to fail: index, name, fault.
    pub fn struck(&self) -> Vec<(usize, String, Fault)> {
        self.plan().struck.clone()
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn decide(&mut self, index: usize) -> Option<Fault> {
        match self {
            Self::Never => None,
            Self::Nth { index: at, fault } => (*at == index).then_some(*fault),
            Self::Seeded { state, percent } => {
                // xorshift64*: small, seedable, good enough to pick faults.
                *state ^= *state >> 12;
                *state ^= *state << 25;
                *state ^= *state >> 27;
                let drawn = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
                (drawn % 100 < *percent).then_some(match (drawn / 100) % 4 {
                    0 => Fault::Before,
                    1 => Fault::After,
                    2 => Fault::Timeout,
                    _ => Fault::Throttle,
                })
            }
        }
    }
}
