//! A small Cholesky factor of any size: the normal equations of a relation's terms.

/// Lower triangular factor of a positive definite matrix.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    size: usize,
    lower: Vec<f64>,
}

impl Factor {
    /// Factors a symmetric matrix given row by row; a pivot that rounding has made non-positive is lifted.
    pub(super) fn new(matrix: &[f64], size: usize) -> Self {
        let mut lower = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..=i {
                let rest = dot(&lower[i * size..i * size + j], &lower[j * size..j * size + j]);
                lower[i * size + j] = if i == j {
                    (matrix[i * size + i] - rest).max(1e-9).sqrt()
                } else {
                    (matrix[i * size + j] - rest) / lower[j * size + j]
                };
            }
        }
        Self { size, lower }
    }

    /// Solves `A x = b`.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        self.half_solve(&mut x);
        for i in (0..self.size).rev() {
            let rest: f64 = (i + 1..self.size).map(|k| self.lower[k * self.size + i] * x[k]).sum();
            x[i] = (x[i] - rest) / self.lower[i * self.size + i];
        }
        x
    }

    /// `bᵀ A⁻¹ b`; `b` is used up.
    pub(super) fn variance(&self, b: &mut [f64]) -> f64 {
        self.half_solve(b);
        dot(b, b)
    }

    fn half_solve(&self, b: &mut [f64]) {
        for i in 0..self.size {
            let row = &self.lower[i * self.size..];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Adds `sign * x xᵀ` to a matrix given row by row.
pub(super) fn add_outer(matrix: &mut [f64], x: &[f64], sign: f64) {
    for (row, xi) in matrix.chunks_exact_mut(x.len()).zip(x) {
        row.iter_mut().zip(x).for_each(|(cell, xj)| *cell += sign * xi * xj);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_factored() {
        let size = 5;
        let matrix: Vec<f64> =
            (0..25).map(|n| if n / size == n % size { 2.0 + (n / size) as f64 } else { 0.3 }).collect();
        let x = [1.0, -2.0, 0.5, 3.0, -1.5];
        let b: Vec<f64> = matrix.chunks_exact(size).map(|row| dot(row, &x)).collect();
        let factor = Factor::new(&matrix, size);
        assert!(factor.solve(&b).iter().zip(&x).all(|(got, want)| (got - want).abs() < 1e-12));
        assert!((factor.variance(&mut b.clone()) - dot(&b, &x)).abs() < 1e-9);
    }
}
