// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import (
	"math"
	"math/big"
	"sync"
)

// The reference: the same functions in math/big by the plainest series, to more than 200 bits. It shares nothing with the
// package but the definition of the functions.

const precision = 320

func real(x float64) *big.Float { return newReal().SetFloat64(x) }
func newReal() *big.Float       { return new(big.Float).SetPrec(precision) }
func whole(n int64) *big.Float  { return newReal().SetInt64(n) }

func add(a, b *big.Float) *big.Float { return newReal().Add(a, b) }
func sub(a, b *big.Float) *big.Float { return newReal().Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return newReal().Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return newReal().Quo(a, b) }
func root(a *big.Float) *big.Float   { return newReal().Sqrt(a) }
func shift(a *big.Float, k int) *big.Float {
	return newReal().SetMantExp(a, k)
}

// negligible reports whether term no longer changes sum.
func negligible(term, sum *big.Float) bool {
	return term.Sign() == 0 || sum.Sign() != 0 && term.MantExp(nil) < sum.MantExp(nil)-precision
}

// odd is Σ ±t^(2n+1)/(2n+1), the series of atan (alternating) and atanh.
func odd(t *big.Float, alternating bool) *big.Float {
	square := mul(t, t)
	if alternating {
		square.Neg(square)
	}
	sum, power := newReal().Set(t), newReal().Set(t)
	for n := int64(3); ; n += 2 {
		power = mul(power, square)
		term := quo(power, whole(n))
		if negligible(term, sum) {
			return sum
		}
		sum = add(sum, term)
	}
}

// bigPi returns π to prec bits, by Machin's formula.
var bigPi = func(prec uint) *big.Float {
	inverseAtan := func(n int64) *big.Int { // 2^prec·atan(1/n)
		term := new(big.Int).Lsh(big.NewInt(1), prec+32)
		term.Quo(term, big.NewInt(n))
		sum := new(big.Int).Set(term)
		for k := int64(3); term.Sign() != 0; k += 2 {
			term.Quo(term, big.NewInt(-n*n))
			sum.Add(sum, new(big.Int).Quo(term, big.NewInt(k)))
		}
		return sum
	}
	p := new(big.Int).Mul(inverseAtan(5), big.NewInt(16))
	p.Sub(p, new(big.Int).Mul(inverseAtan(239), big.NewInt(4)))
	f := new(big.Float).SetPrec(prec).SetInt(p)
	return f.SetMantExp(f, -int(prec)-32)
}

var (
	pi320   = sync.OnceValue(func() *big.Float { return newReal().Set(bigPi(precision + 32)) })
	pi2000  = sync.OnceValue(func() *big.Float { return bigPi(2000) })
	ln2Ref  = sync.OnceValue(func() *big.Float { return shift(odd(quo(whole(1), whole(3)), false), 1) })
	ln10Ref = sync.OnceValue(func() *big.Float { return refLog(whole(10)) })
)

// refExp is e^x: x halved until it is small, the series, and squared back.
func refExp(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return whole(1)
	}
	k, _ := quo(x, ln2Ref()).Int64()
	r := sub(x, mul(whole(k), ln2Ref()))
	const halvings = 12
	r = shift(r, -halvings)
	sum, term := whole(1), whole(1)
	for n := int64(1); ; n++ {
		term = quo(mul(term, r), whole(n))
		if negligible(term, sum) {
			break
		}
		sum = add(sum, term)
	}
	for range halvings {
		sum = mul(sum, sum)
	}
	return shift(sum, int(k))
}

// refLog is ln x for x > 0: 2·atanh((m-1)/(m+1)) + k·ln 2.
func refLog(x *big.Float) *big.Float {
	m := newReal()
	k := x.MantExp(m) // m in [½, 1)
	if m.Cmp(real(0.70710678)) < 0 {
		m = shift(m, 1)
		k--
	}
	l := shift(odd(quo(sub(m, whole(1)), add(m, whole(1))), false), 1)
	if m.Cmp(whole(1)) == 0 {
		l = newReal()
	}
	return add(l, mul(whole(int64(k)), ln2Ref()))
}

// refReduce returns |x| - q·π/2, of magnitude at most π/4, and q modulo 4.
func refReduce(x float64) (q int, r *big.Float) {
	a := new(big.Float).SetPrec(2000).SetFloat64(math.Abs(x))
	half := new(big.Float).SetPrec(2000).SetMantExp(pi2000(), -1)
	n := new(big.Float).SetPrec(2000).Quo(a, half)
	n.Add(n, new(big.Float).SetFloat64(0.5))
	k, _ := n.Int(nil)
	n.SetInt(k)
	n.Mul(n, half)
	return int(new(big.Int).And(k, big.NewInt(3)).Int64()), newReal().Set(a.Sub(a, n))
}

// circular is the series of sine (n = 1) or cosine (n = 0).
func circular(r *big.Float, n int64) *big.Float {
	term := whole(1)
	if n == 1 {
		term = newReal().Set(r)
	}
	if term.Sign() == 0 {
		return term
	}
	sum := newReal().Set(term)
	square := mul(r, r)
	square.Neg(square)
	for k := n + 1; ; k += 2 {
		term = quo(mul(term, square), whole(k*(k+1)))
		if negligible(term, sum) {
			return sum
		}
		sum = add(sum, term)
	}
}

func refSinOf(q int, r *big.Float) *big.Float {
	s := circular(r, int64(1-q&1))
	if q&2 != 0 {
		s.Neg(s)
	}
	return s
}

func refSin(x float64) *big.Float {
	q, r := refReduce(x)
	s := refSinOf(q, r)
	if x < 0 {
		s.Neg(s)
	}
	return s
}

func refCos(x float64) *big.Float {
	q, r := refReduce(x)
	return refSinOf((q+1)&3, r)
}

// refAtan is atan t for t >= 0, halved with tan(a/2) = t / (1 + √(1 + t²)) until the series is quick.
func refAtan(t *big.Float) *big.Float {
	if t.Sign() == 0 {
		return newReal()
	}
	const halvings = 5
	for range halvings {
		t = quo(t, add(whole(1), root(add(whole(1), mul(t, t)))))
	}
	return shift(odd(t, true), halvings)
}

// refAngle is the angle of (x, y), not both 0.
func refAngle(y, x *big.Float) *big.Float {
	ay, ax := newReal().Abs(y), newReal().Abs(x)
	var a *big.Float
	if ay.Cmp(ax) <= 0 {
		a = refAtan(quo(ay, ax))
	} else {
		a = sub(shift(pi320(), -1), refAtan(quo(ax, ay)))
	}
	if x.Sign() < 0 {
		a = sub(pi320(), a)
	}
	if y.Signbit() {
		a.Neg(a)
	}
	return a
}

// refCathetus is √(1 - x²), exact before the root.
func refCathetus(x float64) *big.Float { return root(sub(whole(1), mul(real(x), real(x)))) }
