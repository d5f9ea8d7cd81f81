//! Which of very many rows of one height are in the page: those that are seen, some around them, and a few that must
//! never leave it (the tab stop, a field that is being typed in). Pure, so that it is tested without a window.

use std::collections::BTreeSet;
use std::ops::Range;

/// Rows beyond each edge of what is seen, so that a turn of the wheel shows rows and not a gap.
const OVERSCAN: usize = 16;

/// The range moves in steps of so many rows: scrolling by one row draws nothing.
const STEP: usize = 8;

/// The rows that are in the page before it is known how much of the list is seen.
pub const AT_FIRST: Range<usize> = 0..64;

/// A row that is in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its place in the whole list, from 0.
    pub index: usize,
    /// Height of what is left out right above it, in rows.
    pub gap: usize,
}

/// The rows that should be in the page when `height` pixels of the list are seen from `top` pixels below its start
/// (negative while the list begins below the edge), each row `row` pixels high. It may reach beyond the list's end.
pub fn seen(top: f64, height: f64, row: f64) -> Range<usize> {
    // A list that is not laid out has rows of no height.
    if !(row >= 1.0 && top.is_finite() && height.is_finite()) {
        return AT_FIRST;
    }
    // A float becomes an integer saturating: what lies above the list is row 0.
    let first = ((top / row).floor() as usize).saturating_sub(OVERSCAN);
    let end = ((top + height.max(0.0)) / row).ceil() as usize + OVERSCAN;
    first / STEP * STEP..end.div_ceil(STEP) * STEP
}

/// Places the rows in `seen` and those in `always` of a list of `count`, in the list's order. The second value is the
/// height of what is left out below the last of them, in rows.
pub fn place(
    count: usize,
    seen: &Range<usize>,
    always: impl IntoIterator<Item = usize>,
) -> (Vec<Placed>, usize) {
    let mut all: BTreeSet<usize> = always.into_iter().filter(|index| *index < count).collect();
    all.extend(seen.start.min(count)..seen.end.min(count));
    let mut next = 0;
    let placed = all
        .into_iter()
        .map(|index| {
            let gap = index - next;
            next = index + 1;
            Placed { index, gap }
        })
        .collect();
    (placed, count - next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_list_is_wholly_in_the_page() {
        let (rows, below) = place(20, &seen(0.0, 640.0, 32.0), [3, 19]);
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
        assert!(rows.iter().all(|row| row.gap == 0));
        assert_eq!(below, 0);
    }

    #[test]
    fn of_a_thousand_rows_few_are_in_the_page_and_the_tab_stop_is() {
        let (rows, below) = place(1_000, &seen(500.0 * 32.0, 640.0, 32.0), [2]);
        assert!(rows.len() < 80, "{}", rows.len());
        assert_eq!(rows[0], Placed { index: 2, gap: 2 });
        assert!(rows.iter().any(|row| row.index == 500) && rows.iter().any(|row| row.index == 520));
        assert!(below > 400);
    }

    #[test]
    fn one_row_more_or_less_moves_nothing() {
        assert_eq!(seen(3_210.0, 640.0, 32.0), seen(3_242.0, 640.0, 32.0));
        assert_eq!(seen(0.0, 640.0, 0.0), AT_FIRST);
        assert_eq!(seen(f64::NAN, 640.0, 32.0), AT_FIRST);
    }

    proptest! {
        #[test]
        fn gaps_and_rows_make_up_the_whole_list(
            count in 0_usize..3_000,
            top in -2_000.0_f64..100_000.0,
            height in 0.0_f64..3_000.0,
            always in proptest::collection::vec(0_usize..3_000, 0..4),
        ) {
            let range = seen(top, height, 32.0);
            let (rows, below) = place(count, &range, always.clone());
            let mut at = 0;
            for row in &rows {
                at += row.gap;
                prop_assert_eq!(at, row.index);
                at += 1;
            }
            prop_assert_eq!(at + below, count);
            // What is under any seen pixel is there.
            for pixel in [top, top + height / 2.0, top + height] {
                let index = (pixel / 32.0).floor();
                if index >= 0.0 && (index as usize) < count {
                    prop_assert!(rows.iter().any(|row| row.index == index as usize));
                }
            }
            for index in always.into_iter().filter(|index| *index < count) {
                prop_assert!(rows.iter().any(|row| row.index == index));
            }
        }
    }
}
