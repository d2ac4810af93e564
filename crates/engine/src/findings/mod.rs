//! From judgements to findings: grades with hysteresis, episodes with stable identities, and the sentence for a person.

pub(crate) mod episode;
pub(crate) mod grade;
pub(crate) mod text;
