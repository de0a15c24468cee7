//! Numbers that look random: reproducible ones from a seed, and unguessable ones.

use base16ct::lower;

/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same on every machine for ever,
/// so that a seed keeps its meaning.
#[derive(Debug, Clone)]
pub(crate) struct Seeded(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Seeded {
    /// An own series for the `index`th thing of one seed.
    pub(crate) fn nth(seed: u64, index: u64) -> Self {
        Self(mix(seed) ^ mix(index.wrapping_mul(STEP)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// From 0 up to but not including `bound`; 0 when there is nothing below it.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The bias is below one in a million for every bound used here.
        self.next().checked_rem(bound).unwrap_or(0)
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(of.len() as u64);
        of.get(usize::try_from(index).unwrap_or(0))
    }

    /// From 0 up to but not including 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How long until the next of things that happen `per_minute` times a minute on average
    /// (exponential distribution), in milliseconds.
    pub(crate) fn gap(&mut self, per_minute: f64) -> i64 {
        let minutes = -(1.0 - self.fraction()).ln() / per_minute;
        // A float beyond the range saturates.
        ((minutes * 60_000.0) as i64).max(1)
    }
}

/// A bijection on 64 bits that leaves no pattern visible.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What [`mix`] was given.
pub(crate) fn unmix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 31) ^ (bits >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    bits = (bits ^ (bits >> 27) ^ (bits >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    bits ^ (bits >> 30) ^ (bits >> 60)
}

/// `bytes` bytes from the system's random source, in hexadecimal.
pub(crate) fn unguessable(bytes: usize) -> Result<String, getrandom::Error> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer)?;
    Ok(lower::encode_string(&buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmix_takes_mix_back() {
        let mut seeded = Seeded(7);
        for _ in 0..1000 {
            let bits = seeded.next();
            assert_eq!(unmix(mix(bits)), bits);
        }
    }

    #[test]
    fn a_seed_keeps_its_meaning() {
        // The published first outputs of SplitMix64 for seed 1234567.
        let mut seeded = Seeded(1_234_567);
        assert_eq!(seeded.next(), 6_457_827_717_110_365_317);
        assert_eq!(seeded.next(), 3_203_168_211_198_807_973);
    }
}
