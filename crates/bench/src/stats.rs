//! What is made of repeated measurements.

use serde::Serialize;

/// The values of the repetitions of one measurement.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Sample {
    values: Vec<f64>,
}

impl Sample {
    /// Adds the value of one more repetition.
    pub(crate) fn add(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The value in the middle, of an even number the mean of the two; 0 if there are none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => 0.0,
            count if count % 2 == 1 => sorted[count / 2],
            count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
        }
    }

    /// The smallest and the largest.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let mut spread = self.values.iter().fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), value| (least.min(*value), most.max(*value)),
        );
        if self.values.is_empty() {
            spread = (0.0, 0.0);
        }
        spread
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values, in the order in which they were measured.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self {
            values: values.into_iter().collect(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // The numbers are exact.
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(Sample::from_iter([9.0, 1.0, 5.0]).median(), 5.0);
        assert_eq!(Sample::from_iter([9.0, 1.0, 5.0, 6.0]).median(), 5.5);
        assert_eq!(Sample::default().median(), 0.0);
    }

    #[test]
    fn the_spread_is_the_smallest_and_the_largest() {
        assert_eq!(Sample::from_iter([5.0, 1.0, 9.0]).spread(), (1.0, 9.0));
        assert_eq!(Sample::default().spread(), (0.0, 0.0));
    }
}
