//! What dirt truly shows: how much hotter a machine is than a twin with a clean cooler, in the same air and with the same work, in the
//! hottest hour of each day.

/// An hour says something when so much of it was loaded, s.
const LOADED_S: f64 = 600.0;

/// How much hotter a machine is than its twin.
#[derive(Default)]
pub(crate) struct Shown {
    /// Loaded seconds of the running hour, and temperature times seconds of the machine and of the twin.
    hour: (f64, f64, f64),
    /// The hottest hour of the day so far: its mean, degC, and how much of it the dirt made, K.
    hottest: Option<(f64, f64)>,
    /// What the dirt made of each day's hottest hour, K.
    pub(crate) days_k: Vec<f64>,
}

impl Shown {
    /// The `step_s` seconds from `second` of the whole life on; temperatures of the machine and of the twin, degC, while both are
    /// loaded.
    pub(crate) fn step(&mut self, second: usize, step_s: usize, loaded_c: Option<(f64, f64)>) {
        if let Some((machine_c, twin_c)) = loaded_c {
            self.hour.0 += step_s as f64;
            self.hour.1 += step_s as f64 * machine_c;
            self.hour.2 += step_s as f64 * twin_c;
        }
        let next = second + step_s;
        if next.is_multiple_of(3600) {
            let (loaded_s, of_machine, of_twin) = std::mem::take(&mut self.hour);
            if loaded_s >= LOADED_S && self.hottest.is_none_or(|(hottest_c, _)| of_machine / loaded_s > hottest_c) {
                self.hottest = Some((of_machine / loaded_s, (of_machine - of_twin) / loaded_s));
            }
        }
        if next.is_multiple_of(86_400) {
            // A day without work shows nothing new.
            let before_k = self.days_k.last().copied().unwrap_or(0.0);
            self.days_k.push(self.hottest.take().map_or(before_k, |(_, made_k)| made_k));
        }
    }

    /// As [`Truth::excess_k`](crate::fleet::Truth::excess_k) has it.
    pub(crate) fn excess_k(self) -> Vec<(f64, f64)> {
        self.days_k.into_iter().map(|k| (k, k)).collect()
    }
}
