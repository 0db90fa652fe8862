//! What the cells of an index space hold.

use super::block::Block;

/// Counts everywhere, but for the first cell of each series of a histogram, which holds the bits of its sum.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The series that have a sum, in order of their cells.
    sums: Vec<Run>,
    len: usize,
}

/// Series with a sum that lie one behind the other.
#[derive(Debug)]
struct Run {
    first: usize,
    stride: usize,
    count: usize,
}

impl Layout {
    /// Cells in a cache line. A series with a sum begins on one, so that its sum shares a line with its first buckets.
    const LINE: usize = 8;

    pub(crate) const fn empty() -> Self {
        Self { sums: Vec::new(), len: 0 }
    }

    /// Takes `count` series of `stride` cells and gives back the index of the first cell; with `sums`, the first cell
    /// of each is a sum.
    pub(crate) fn take(&mut self, count: usize, stride: usize, sums: bool) -> usize {
        if !sums {
            self.len += count * stride;
            return self.len - count * stride;
        }
        let first = self.len.next_multiple_of(Self::LINE);
        self.len = first + count * stride;
        match self.sums.last_mut() {
            Some(run) if run.stride == stride && run.first + run.count * stride == first => {
                run.count += count;
            }
            _ => self.sums.push(Run { first, stride, count }),
        }
        first
    }

    /// The number of cells taken, and skipped for alignment.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Adds the cells of a block to totals, which are made to reach as far.
    pub(super) fn add(&self, totals: &mut Vec<u64>, block: &Block) {
        let reach = block.len().min(self.len);
        if totals.len() < reach {
            totals.resize(reach, 0);
        }
        let mut sums = self.sums.iter().flat_map(|run| (0..run.count).map(|at| run.first + at * run.stride));
        let mut sum = sums.next();
        for (index, (total, bits)) in totals.iter_mut().zip(block.values()).enumerate() {
            if Some(index) == sum {
                sum = sums.next();
                *total = (f64::from_bits(*total) + f64::from_bits(bits)).to_bits();
            } else {
                *total = total.wrapping_add(bits);
            }
        }
    }
}
