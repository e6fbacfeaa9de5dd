// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import "math/big"

// This file finishes exact sums of products: skewness, kurtosis, covariance, correlation and the line through pairs. Each is a rational number, or the
// root of one, of integers, and is rounded once.

// Skewness returns the float64 nearest to the skewness of n values with those Σx, Σx², Σx³, of a sample with the usual correction √(n(n-1)) / (n-2),
// for which n > 2. ok is false where all values are equal.
func Skewness(n uint64, s1, s2, s3 *ProductSum, sample bool) (skew float64, ok bool) {
	e := common([]int{1, 2, 3}, s1, s2, s3)
	count, a, b, c := new(big.Int).SetUint64(n), s1.at(e), s2.at(2*e), s3.at(3*e)
	spread := spreadOf(count, a, a, b) // n²σ²
	if spread.Sign() <= 0 {
		return 0, false
	}
	// n³ · Σ(x-μ)³/n = n²Σx³ - 3nΣxΣx² + 2(Σx)³
	third := product(count, count, c)
	third.Sub(third, product(big.NewInt(3), count, a, b))
	third.Add(third, product(big.NewInt(2), a, a, a))
	num, den := product(third, third), product(spread, spread, spread)
	if sample {
		less1, less2 := less(count, 1), less(count, 2)
		num, den = product(num, count, less1), product(den, less2, less2)
	}
	return bigRoot(third.Sign() < 0, num, den), true
}

// Kurtosis returns the float64 nearest to the excess kurtosis of n values with those Σx … Σx⁴, of a sample with the usual correction, for which n > 3.
// ok is false where all values are equal.
func Kurtosis(n uint64, s1, s2, s3, s4 *ProductSum, sample bool) (kurtosis float64, ok bool) {
	e := common([]int{1, 2, 3, 4}, s1, s2, s3, s4)
	count, a, b, c, d := new(big.Int).SetUint64(n), s1.at(e), s2.at(2*e), s3.at(3*e), s4.at(4*e)
	spread := spreadOf(count, a, a, b)
	if spread.Sign() <= 0 {
		return 0, false
	}
	// n⁴ · Σ(x-μ)⁴/n = n³Σx⁴ - 4n²ΣxΣx³ + 6n(Σx)²Σx² - 3(Σx)⁴
	fourth := product(count, count, count, d)
	fourth.Sub(fourth, product(big.NewInt(4), count, count, a, c))
	fourth.Add(fourth, product(big.NewInt(6), count, a, a, b))
	fourth.Sub(fourth, product(big.NewInt(3), a, a, a, a))
	den := product(spread, spread)
	num := fourth.Sub(fourth, product(big.NewInt(3), den))
	if sample { // (n-1) / ((n-2)(n-3)) · ((n+1)g + 6)
		num = product(num, less(count, -1))
		num.Add(num, product(big.NewInt(6), den))
		num = product(num, less(count, 1))
		den = product(den, less(count, 2), less(count, 3))
	}
	return bigRatio(num, den, 0), true
}

// Pairs are the sums over n pairs (x, y), exact; those that a finisher does not name may be nil. The values are unscaled: x and y stand for
// themselves divided by 10^ScaleX and 10^ScaleY.
type Pairs struct {
	N                uint64
	X, Y, XX, YY, XY *ProductSum
	ScaleX, ScaleY   uint8
}

// Covariance returns the float64 nearest to the covariance, of X, Y and XY. N > 1 for a sample.
func (p *Pairs) Covariance(sample bool) float64 {
	ex, ey := p.exponents()
	count := new(big.Int).SetUint64(p.N)
	cross := spreadOf(count, p.X.at(ex), p.Y.at(ey), p.XY.at(ex+ey))
	divisor := count
	if sample {
		divisor = less(count, 1)
	}
	return bigRatio(cross, product(count, divisor, tens(p.ScaleX+p.ScaleY)), ex+ey)
}

// Correlation returns the float64 nearest to Pearson's coefficient, of all sums; ok is false where all x or all y are equal.
func (p *Pairs) Correlation() (r float64, ok bool) {
	ex, ey := p.exponents()
	count, x, y := new(big.Int).SetUint64(p.N), p.X.at(ex), p.Y.at(ey)
	a, b := spreadOf(count, x, x, p.XX.at(2*ex)), spreadOf(count, y, y, p.YY.at(2*ey))
	if a.Sign() <= 0 || b.Sign() <= 0 {
		return 0, false
	}
	cross := spreadOf(count, x, y, p.XY.at(ex+ey))
	return bigRoot(cross.Sign() < 0, product(cross, cross), product(a, b)), true
}

// Slope returns the float64 nearest to the slope of the least squares line of y over x, of X, Y, XX and XY; ok is false where all x are equal.
func (p *Pairs) Slope() (slope float64, ok bool) {
	ex, ey := p.exponents()
	count, x := new(big.Int).SetUint64(p.N), p.X.at(ex)
	spread := spreadOf(count, x, x, p.XX.at(2*ex))
	if spread.Sign() <= 0 {
		return 0, false
	}
	cross := spreadOf(count, x, p.Y.at(ey), p.XY.at(ex+ey))
	return bigRatio(product(cross, tens(p.ScaleX)), product(spread, tens(p.ScaleY)), ey-ex), true
}

// Intercept returns the float64 nearest to the value of the least squares line of y over x at x = 0; ok is false where all x are equal.
func (p *Pairs) Intercept() (intercept float64, ok bool) {
	ex, ey := p.exponents()
	count, x, y, xx := new(big.Int).SetUint64(p.N), p.X.at(ex), p.Y.at(ey), p.XX.at(2*ex)
	spread := spreadOf(count, x, x, xx)
	if spread.Sign() <= 0 {
		return 0, false
	}
	num := product(y, xx) // (ΣyΣx² - ΣxΣxy) / (nΣx² - (Σx)²)
	num.Sub(num, product(x, p.XY.at(ex+ey)))
	return bigRatio(num, product(spread, tens(p.ScaleY)), ey), true
}

// exponents returns exponents of x and y of which the sums are multiples.
func (p *Pairs) exponents() (ex, ey int) {
	ex, ey = exponentOf(p.X, p.XX), exponentOf(p.Y, p.YY)
	if low, ok := p.XY.exponent(); ok && low < ex+ey {
		ex -= ex + ey - low
	}
	return ex, ey
}

func exponentOf(sum, squares *ProductSum) int {
	if squares == nil {
		return common([]int{1}, sum)
	}
	return common([]int{1, 2}, sum, squares)
}

// spreadOf returns nΣxy - ΣxΣy.
func spreadOf(n, x, y, xy *big.Int) *big.Int {
	z := product(n, xy)
	return z.Sub(z, product(x, y))
}

func product(factors ...*big.Int) *big.Int {
	z := new(big.Int).Set(factors[0])
	for _, f := range factors[1:] {
		z.Mul(z, f)
	}
	return z
}

func less(n *big.Int, by int64) *big.Int { return new(big.Int).Sub(n, big.NewInt(by)) }

func tens(n uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// bigRoot returns the float64 nearest to ±√(num / den), ties to even; num >= 0, den > 0.
func bigRoot(neg bool, num, den *big.Int) float64 {
	if num.Sign() == 0 {
		return 0
	}
	// Scaled by a square so that the root has at least 65 bits; what is cut off is only ever asked whether it is zero.
	half := max(0, (132+den.BitLen()-num.BitLen())/2)
	q, r := new(big.Int).QuoRem(new(big.Int).Lsh(num, uint(2*half)), den, new(big.Int))
	root := new(big.Int).Sqrt(q)
	exact := r.Sign() == 0 && new(big.Int).Mul(root, root).Cmp(q) == 0
	return packBig(neg, root, !exact, -half)
}
