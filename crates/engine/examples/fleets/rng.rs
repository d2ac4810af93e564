//! A small seeded generator (splitmix64), so that a seed means the same fleet on every machine.

/// Seeded stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// An independent stream for a part of the whole.
    pub(crate) fn fork(&self, part: u64) -> Self {
        let mut fork = Self(self.0 ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        fork.bits();
        fork
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.between(0.0, 1.0) < probability
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[(self.between(0.0, of.len() as f64) as usize).min(of.len() - 1)]
    }

    /// One of these by its chances.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(T, f64)]) -> T {
        let mut left = self.between(0.0, of.iter().map(|(_, chance)| chance).sum());
        for (value, chance) in of {
            left -= chance;
            if left < 0.0 {
                return *value;
            }
        }
        of[of.len() - 1].0
    }

    /// How often something happens that happens `mean` times on average (Poisson).
    pub(crate) fn count(&mut self, mean: f64) -> usize {
        let (mut count, mut left) = (0, (-mean).exp());
        let place = self.between(0.0, 1.0);
        let mut below = left;
        while below < place && count < 100 {
            count += 1;
            left *= mean / count as f64;
            below += left;
        }
        count
    }

    /// Standard normal (sum of twelve uniforms: tails beyond 6 sd do not matter here).
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }
}
