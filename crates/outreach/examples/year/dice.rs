//! Chance from one seed, and a letter-box that keeps what is delivered.

use std::sync::{Arc, Mutex};

use foretell_outreach::{Channel, DeliveryError, Parcel};

/// Random numbers (SplitMix64): the same seed, the same year.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.uniform()
    }

    /// Roughly normal, mean 0, deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// What was delivered by any way.
pub(crate) type Delivered = Arc<Mutex<Vec<Parcel>>>;

/// How an address begins at which nobody is any more.
pub(crate) const GONE: &str = "gone";

/// A way out that keeps what it delivers, and refuses addresses at which nobody is.
pub(crate) struct Post {
    pub(crate) medium: &'static str,
    pub(crate) parcels: Delivered,
}

impl Channel for Post {
    fn name(&self) -> &str {
        self.medium
    }
    fn medium(&self) -> &str {
        self.medium
    }
    fn is_idempotent(&self) -> bool {
        true
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        if parcel.to.starts_with(GONE) {
            return Err(DeliveryError::Permanent("no such user".to_owned()));
        }
        let mut parcels = self.parcels.lock().map_err(|e| DeliveryError::Temporary(e.to_string()))?;
        parcels.push(parcel.clone());
        Ok(())
    }
}
