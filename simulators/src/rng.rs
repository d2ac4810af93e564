//! The simulator's own random numbers: SplitMix64, seeded per purpose.
//!
//! Own code and not the `rand` crate, because *same seed, same bytes* must hold for years and across dependency updates.
//! Each machine and each purpose (weather, sensor noise, demand …) draws from a stream of its own, so that adding a
//! machine or publishing fewer signals does not change what the others do.

/// A stream of random numbers (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    spare_normal: Option<f64>,
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream of a seed and a path of labels, e.g. `Rng::stream(seed, &["s01", "m001", "noise"])`.
    #[must_use]
    pub fn stream(seed: u64, path: &[&str]) -> Self {
        // FNV-1a over the labels with a separator, then mixed: labels that differ in one letter give unrelated streams.
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        for byte in path.iter().flat_map(|label| label.bytes().chain([0xFF])) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Self { state: mix(hash ^ mix(seed.wrapping_add(GAMMA))), spare_normal: None }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let bits = (self.next_u64() >> 11) as f64;
        bits * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in [low, high).
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether an event of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A place in a list of `count` things; 0 when there are none.
    pub fn index(&mut self, count: usize) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "smaller than count, which is a usize")]
        let place = ((u128::from(self.next_u64()) * count as u128) >> 64) as usize;
        place
    }

    /// Standard normal, by Box and Muller's method; the second of each pair is kept.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.unit()).sin_cos();
        self.spare_normal = Some(radius * sin);
        radius * cos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_never_changes() {
        let mut rng = Rng::stream(41, &["s01", "m001", "noise"]);
        let first: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        expect_test::expect![[r#"
            [
                15294871808415313066,
                10193163009428297184,
                889690551235847556,
            ]
        "#]]
        .assert_debug_eq(&first);
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut rng = Rng::stream(1, &["normal"]);
        let draws: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn labels_that_run_together_are_different_streams() {
        assert_ne!(Rng::stream(1, &["ab", "c"]).next_u64(), Rng::stream(1, &["a", "bc"]).next_u64());
    }
}
