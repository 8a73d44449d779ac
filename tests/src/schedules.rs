//! The clock's part: what the schedules of the template call for.

use crate::TestStack;

impl TestStack {
    /// Does what a schedule calls for, once.
    pub async fn run_schedule(&self, name: &str) {
        self.stack.run_schedule(name).await.expect("the run succeeds");
    }

    /// Does what every schedule calls for, once, without the jobs that come of it.
    pub async fn reconcile(&self) {
        for name in self.stack.schedules() {
            self.run_schedule(name).await;
        }
    }
}
