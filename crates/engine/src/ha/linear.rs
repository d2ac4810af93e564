//! A small dense Cholesky factor on the stack: the posterior of a handful of coefficients, many times a day.
//!
//! The daily fit itself is linfa's; this is for the hundreds of one-column extensions of it that the change-point scan
//! weighs, where only the factor of the shared part is needed.

use super::baseline::TERMS;

pub(crate) type Vector = [f64; TERMS];

/// Lower triangular factor of a positive definite matrix.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    lower: [Vector; TERMS],
    /// One over each pivot: solving is the scan's daily bread, and a division costs as much as a whole row.
    over_pivot: Vector,
}

impl Cholesky {
    /// Factors `matrix`; a pivot that rounding has made non-positive is lifted, so the factor always exists.
    pub(crate) fn new(matrix: &[Vector; TERMS]) -> Self {
        let mut lower = [[0.0; TERMS]; TERMS];
        for i in 0..TERMS {
            for j in 0..=i {
                let rest: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                if i == j {
                    lower[i][i] = (matrix[i][i] - rest).max(1e-9).sqrt();
                } else {
                    lower[i][j] = (matrix[i][j] - rest) / lower[j][j];
                }
            }
        }
        Self { lower, over_pivot: std::array::from_fn(|i| lower[i][i].recip()) }
    }

    /// The transposed factor.
    pub(crate) fn upper(&self) -> [Vector; TERMS] {
        std::array::from_fn(|i| std::array::from_fn(|j| self.lower[j][i]))
    }

    /// Solves `L v = b`.
    pub(crate) fn half_solve(&self, b: &Vector) -> Vector {
        let mut v = [0.0; TERMS];
        for i in 0..TERMS {
            let rest: f64 = (0..i).map(|k| self.lower[i][k] * v[k]).sum();
            v[i] = (b[i] - rest) * self.over_pivot[i];
        }
        v
    }

    /// Solves `L Lᵀ x = b`.
    pub(crate) fn solve(&self, b: &Vector) -> Vector {
        self.half_solve_transposed(&self.half_solve(b))
    }

    /// Solves `Lᵀ x = v`.
    pub(crate) fn half_solve_transposed(&self, v: &Vector) -> Vector {
        let mut x = [0.0; TERMS];
        for i in (0..TERMS).rev() {
            let rest: f64 = (i + 1..TERMS).map(|k| self.lower[k][i] * x[k]).sum();
            x[i] = (v[i] - rest) * self.over_pivot[i];
        }
        x
    }

    /// `bᵀ A⁻¹ b`, the variance of the combination `b` of coefficients.
    pub(crate) fn variance(&self, b: &Vector) -> f64 {
        let v = self.half_solve(b);
        dot(&v, &v)
    }
}

pub(crate) fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Least-squares slope of residuals, K, against ambients, degC; `None` when the ambient hardly moved.
pub(super) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let sxx: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let sxy: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    (sxx > 20.0).then(|| sxy / sxx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_what_it_factored() {
        let mut a = [[0.3; TERMS]; TERMS];
        a.iter_mut().enumerate().for_each(|(i, row)| row[i] = 2.0 + i as f64);
        let x = std::array::from_fn(|i| i as f64 - 2.5);
        let b: Vector = std::array::from_fn(|i| dot(&a[i], &x));
        let chol = Cholesky::new(&a);
        assert!(chol.solve(&b).iter().zip(&x).all(|(got, want)| (got - want).abs() < 1e-12));
        assert!((chol.variance(&b) - dot(&b, &x)).abs() < 1e-9);
    }
}
