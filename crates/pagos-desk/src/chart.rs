//! Small charts of counts over time, as SVG within the page.

use std::collections::BTreeSet;

use crate::view::{Sample, Total};

/// The charts of one account.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) account: String,
    /// Payouts that are to be sent or under way.
    pub(crate) in_flight: Chart,
    /// Payouts in doubt or in quarantine.
    pub(crate) in_doubt: Chart,
    /// Final statuses that turned into their opposite.
    pub(crate) reversed: Chart,
}

/// One chart.
#[derive(Debug)]
pub(crate) struct Chart {
    /// The points of a line, as SVG wants them; empty if there is nothing to draw.
    pub(crate) points: String,
    pub(crate) least: u64,
    pub(crate) most: u64,
    pub(crate) newest: u64,
    pub(crate) sum: u64,
}

pub(crate) const WIDTH: usize = 160;
pub(crate) const HEIGHT: usize = 32;

/// A row for each account that has payouts.
pub(crate) fn rows(samples: &[Sample], totals: &[Total]) -> Vec<Row> {
    let accounts: BTreeSet<&str> = totals.iter().map(|row| row.account.as_str()).collect();
    let rows = accounts.into_iter().map(|account| {
        let count = |statuses: &[&str]| {
            let of = |sample: &Sample| {
                let counts = sample.counts.iter().filter(|count| {
                    count.account == account && statuses.contains(&count.status.as_str())
                });
                counts.map(|count| count.count).sum()
            };
            Chart::of(&samples.iter().map(of).collect::<Vec<u64>>())
        };
        let reversed = |sample: &Sample| sample.reversed.get(account).copied().unwrap_or_default();
        Row {
            account: account.to_owned(),
            in_flight: count(&["created", "pending"]),
            in_doubt: count(&["unknown", "quarantined"]),
            reversed: Chart::of(&samples.iter().map(reversed).collect::<Vec<_>>()),
        }
    });
    rows.collect()
}

impl Chart {
    fn of(values: &[u64]) -> Self {
        let most = values.iter().copied().max().unwrap_or_default();
        let steps = values.len().saturating_sub(1).max(1);
        // The line stays a pixel within the frame.
        let (width, height) = (WIDTH - 2, HEIGHT - 2);
        let points = values.iter().enumerate().map(|(index, value)| {
            let x = 1 + index * width / steps;
            let up = u128::from(*value) * height as u128 / u128::from(most.max(1));
            let y = HEIGHT - 1 - usize::try_from(up).unwrap_or(height);
            format!("{x},{y}")
        });
        let points: Vec<String> = points.collect();
        Self {
            points: if points.len() < 2 { String::new() } else { points.join(" ") },
            least: values.iter().copied().min().unwrap_or_default(),
            most,
            newest: values.last().copied().unwrap_or_default(),
            sum: values.iter().sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_left_ends_right_and_touches_its_highest_value() {
        let chart = Chart::of(&[0, 10, 5]);
        assert_eq!(chart.points, "1,31 80,1 159,16");
        assert_eq!((chart.least, chart.most, chart.newest, chart.sum), (0, 10, 5, 15));
    }

    #[test]
    fn little_is_no_line() {
        for values in [&[][..], &[3]] {
            assert_eq!(Chart::of(values).points, "");
        }
        assert_eq!(Chart::of(&[0, 0]).points, "1,31 159,31");
        assert_eq!(Chart::of(&[u64::MAX, 0]).points, "1,1 159,31");
    }
}
