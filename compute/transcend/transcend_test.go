// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package transcend

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// subject is a function of one or two arguments with its reference, its inputs and its bound.
type subject struct {
	name  string
	f     func(x, y float64) float64
	ref   func(x, y float64) *big.Float // nil: outside the domain or not finite
	bound float64                       // ulp
	in    func(r *rand.Rand) (x, y float64)
}

func one(f func(float64) float64) func(x, y float64) float64 {
	return func(x, _ float64) float64 { return f(x) }
}

// anyFloat is a float64 of any bits: huge, subnormal, and now and then NaN or infinite.
func anyFloat(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64()) }

// spread is a float64 with an exponent from lo to hi, of any sign.
func spread(r *rand.Rand, lo, hi int) float64 {
	x := math.Ldexp(1+r.Float64(), lo+r.IntN(hi-lo+1))
	if r.IntN(2) == 0 {
		return -x
	}
	return x
}

// near is a float64 within a few thousand steps of x.
func near(r *rand.Rand, x float64) float64 {
	return math.Float64frombits(math.Float64bits(x) + r.Uint64N(8192) - 4096)
}

func inExp(r *rand.Rand) (float64, float64) {
	switch r.IntN(5) {
	case 0:
		return anyFloat(r), 0
	case 1:
		return spread(r, -60, 3), 0
	case 2:
		return near(r, []float64{709.782712893384, -708.3964185322641, -745.1332191019411, 1023.9999999999999, -1022, -1074.9}[r.IntN(6)]), 0
	}
	return r.Float64()*1500 - 770, 0
}

func inLog(r *rand.Rand) (float64, float64) {
	switch r.IntN(4) {
	case 0:
		return near(r, 1), 0
	case 1:
		return 1 + spread(r, -50, -2), 0
	case 2:
		return math.Abs(spread(r, -1074, -1020)), 0
	}
	return math.Abs(anyFloat(r)), 0
}

func inPow(r *rand.Rand) (float64, float64) {
	switch r.IntN(5) {
	case 0:
		return math.Abs(spread(r, -20, 20)), spread(r, -10, 8)
	case 1: // a result of any size from any base
		x := math.Abs(anyFloat(r))
		return x, (r.Float64()*1500 - 760) / math.Log(x)
	case 2: // bases near 1
		x := 1 + spread(r, -52, -3)
		return x, (r.Float64()*1500 - 760) / math.Log(x)
	case 3:
		return float64(r.IntN(40) - 20), float64(r.IntN(40) - 20)
	}
	return anyFloat(r), anyFloat(r)
}

// hardAngles are the float64 near to a multiple of π/2, relative to their size: the worst of all binades, and of 53-bit integers.
var hardAngles = []float64{
	6381956970095103 * 0x1p797, 5.319372648326541e+255, 1.5707963267948966, 3.141592653589793, 6.283185307179586, 4.71238898038469,
	math.Pi / 4, 3 * math.Pi / 4, 1e22, 1e300, math.MaxFloat64, 2.356194490192345, 411557987, 1068966896 * 0x1p1, 1.0478477e11,
}

func inAngle(r *rand.Rand) (float64, float64) {
	switch r.IntN(6) {
	case 0:
		return anyFloat(r), 0
	case 1:
		return near(r, hardAngles[r.IntN(len(hardAngles))]), 0
	case 2: // near a multiple of π/2
		return near(r, float64(r.IntN(1<<20))*(math.Pi/2)), 0
	case 3:
		return spread(r, -40, -1), 0
	case 4:
		return hardAngles[r.IntN(len(hardAngles))], 0
	}
	return spread(r, -2, 30), 0
}

func inUnit(r *rand.Rand) (float64, float64) {
	switch r.IntN(5) {
	case 0:
		return spread(r, -80, -1), 0
	case 1:
		return math.Copysign(1-math.Abs(spread(r, -53, -2)), r.Float64()-0.5), 0
	case 2:
		return near(r, 0.5), 0
	}
	return r.Float64()*2 - 1, 0
}

func inAtan(r *rand.Rand) (float64, float64) {
	switch r.IntN(4) {
	case 0:
		return anyFloat(r), 0
	case 1:
		return near(r, float64(1+r.IntN(128))/64), 0
	}
	return spread(r, -40, 40), 0
}

func inAtan2(r *rand.Rand) (float64, float64) {
	switch r.IntN(4) {
	case 0:
		return anyFloat(r), anyFloat(r)
	case 1:
		return spread(r, -1074, -1010), spread(r, -1074, -1010)
	case 2:
		e := r.IntN(2000) - 1000
		return spread(r, e-70, e), spread(r, e-70, e)
	}
	return spread(r, -3, 3), spread(r, -3, 3)
}

func refUnit(f func(x float64) *big.Float) func(x, _ float64) *big.Float {
	return func(x, _ float64) *big.Float {
		if !(math.Abs(x) <= 1) {
			return nil
		}
		return f(x)
	}
}

func refFinite(f func(x float64) *big.Float) func(x, _ float64) *big.Float {
	return func(x, _ float64) *big.Float {
		if !(math.Abs(x) <= math.MaxFloat64) {
			return nil
		}
		return f(x)
	}
}

func refPower(f func(x float64) *big.Float) func(x, _ float64) *big.Float {
	return func(x, _ float64) *big.Float {
		if !(math.Abs(x) < 2000) {
			return nil
		}
		return f(x)
	}
}

func refLogarithm(base func() *big.Float) func(x, _ float64) *big.Float {
	return func(x, _ float64) *big.Float {
		if !(x > 0 && x <= math.MaxFloat64) {
			return nil
		}
		return quo(refLog(real(x)), base())
	}
}

func refPow(x, y float64) *big.Float {
	if !(math.Abs(x) <= math.MaxFloat64) || !(math.Abs(y) <= math.MaxFloat64) || x == 0 || x < 0 && y != math.Trunc(y) {
		return nil
	}
	e := mul(refLog(real(math.Abs(x))), real(y))
	if e.Cmp(whole(2000)) > 0 || e.Cmp(whole(-2000)) < 0 {
		return nil
	}
	p := refExp(e)
	if x < 0 && math.Mod(y, 2) != 0 {
		p.Neg(p)
	}
	return p
}

func refAtan2(y, x float64) *big.Float {
	if !(math.Abs(x) <= math.MaxFloat64) || !(math.Abs(y) <= math.MaxFloat64) || x == 0 && y == 0 {
		return nil
	}
	return refAngle(real(y), real(x))
}

var subjects = []subject{
	{"Exp", one(Exp), refPower(func(x float64) *big.Float { return refExp(real(x)) }), 0.55, inExp},
	{"Exp2", one(Exp2), refPower(func(x float64) *big.Float { return refExp(mul(real(x), ln2Ref())) }), 0.55, inExp},
	{"Log", one(Log), refLogarithm(func() *big.Float { return whole(1) }), 0.55, inLog},
	{"Log2", one(Log2), refLogarithm(ln2Ref), 0.55, inLog},
	{"Log10", one(Log10), refLogarithm(ln10Ref), 0.55, inLog},
	{"Pow", Pow, refPow, 0.55, inPow},
	{"Sin", one(Sin), refFinite(refSin), 0.8, inAngle},
	{"Cos", one(Cos), refFinite(refCos), 0.8, inAngle},
	{"Tan", one(Tan), refFinite(func(x float64) *big.Float { return quo(refSin(x), refCos(x)) }), 0.8, inAngle},
	{"Asin", one(Asin), refUnit(func(x float64) *big.Float { return refAngle(real(x), refCathetus(x)) }), 0.55, inUnit},
	{"Acos", one(Acos), refUnit(func(x float64) *big.Float { return refAngle(refCathetus(x), real(x)) }), 0.55, inUnit},
	{"Atan", one(Atan), refFinite(func(x float64) *big.Float { return refAngle(real(x), whole(1)) }), 0.55, inAtan},
	{"Atan2", Atan2, refAtan2, 0.55, inAtan2},
	{"Cbrt", one(Cbrt), refFinite(refCbrt), 0.55, inAtan},
	{"Log1p", one(Log1p), refLog1p, 0.8, inLog1p},
	{"Expm1", one(Expm1), refPower(func(x float64) *big.Float { return sub(refExp(real(x)), whole(1)) }), 1.6, inHyperbolic},
	{"Sinh", one(Sinh), refPower(func(x float64) *big.Float { return shift(sub(refExp(real(x)), refExp(real(-x))), -1) }), 3, inHyperbolic},
	{"Cosh", one(Cosh), refPower(func(x float64) *big.Float { return shift(add(refExp(real(x)), refExp(real(-x))), -1) }), 3, inHyperbolic},
	{"Tanh", one(Tanh), refPower(func(x float64) *big.Float {
		return quo(sub(refExp(real(x)), refExp(real(-x))), add(refExp(real(x)), refExp(real(-x))))
	}), 4, inHyperbolic},
}

// inHyperbolic leaves out what is so near 0 that the reference loses it.
func inHyperbolic(r *rand.Rand) (float64, float64) {
	switch r.IntN(3) {
	case 0:
		return spread(r, -40, 9), 0
	case 1:
		return near(r, float64(r.IntN(2600)-1300)*(math.Ln2/128)), 0
	}
	return r.Float64()*1400 - 700, 0
}

func inLog1p(r *rand.Rand) (float64, float64) {
	switch r.IntN(4) {
	case 0:
		return spread(r, -60, -2), 0
	case 1:
		return near(r, -1), 0
	case 2:
		return spread(r, -3, 60), 0
	}
	return math.Abs(spread(r, -30, 1020)), 0
}

func refLog1p(x, _ float64) *big.Float {
	if !(x > -1) {
		return nil
	}
	return refLog(add(whole(1), real(x)))
}

// refCbrt is found by Newton's iteration.
func refCbrt(x float64) *big.Float {
	if x == 0 {
		return whole(0)
	}
	m, e := math.Frexp(x)
	for e%3 != 0 {
		m, e = m/2, e+1
	}
	t, c := real(math.Cbrt(m)), real(m)
	for range 4 {
		t = quo(add(shift(t, 1), quo(c, mul(t, t))), whole(3))
	}
	return shift(t, e/3)
}

// ulps is the error of got against want in units of the last place of want, and whether want is subnormal.
func ulps(got float64, want *big.Float) (err float64, subnormal bool) {
	limit := newReal().SetMantExp(whole(1), 1024)
	if newReal().Abs(want).Cmp(limit) >= 0 || math.IsInf(got, 0) {
		f, _ := want.Float64()
		if f == got || math.IsInf(got, 0) && math.Abs(f) == math.MaxFloat64 {
			return 0, false // overflow, or half a step from it
		}
		return math.Inf(1), false
	}
	if got != got {
		return math.Inf(1), false
	}
	unit := max(want.MantExp(nil)-53, -1074)
	d := sub(real(got), want)
	e, _ := shift(d, -unit).Float64()
	return math.Abs(e), unit == -1074
}

// TestErrorBound compares each function with the reference.
func TestErrorBound(t *testing.T) {
	const samples = 6000
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(len(s.name)), 42))
			worst, at, tried := 0.0, [2]float64{}, 0
			for range samples {
				x, y := s.in(r)
				want := s.ref(x, y)
				if want == nil {
					continue
				}
				tried++
				got := s.f(x, y)
				e, subnormal := ulps(got, want)
				if bound := s.bound; e > bound && !(subnormal && e <= 0.76) {
					t.Fatalf("%s(%x, %x) = %x, want %s: %.3f ulp", s.name, x, y, got, want.Text('p', 20), e)
				}
				if e > worst && !subnormal {
					worst, at = e, [2]float64{x, y}
				}
			}
			if tried < samples/3 {
				t.Fatalf("only %d of %d inputs are in the domain", tried, samples)
			}
			t.Logf("worst %.4f ulp at %x of %d", worst, at, tried)
		})
	}
}

// TestSpecialValues pins zeros, infinities, NaN and exact results, bits and sign.
func TestSpecialValues(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct {
		name string
		got  float64
		want float64
	}{
		{"Exp(-Inf)", Exp(-inf), 0}, {"Exp(Inf)", Exp(inf), inf}, {"Exp(NaN)", Exp(nan), nan}, {"Exp(-0)", Exp(zero), 1}, {"Exp(1)", Exp(1), math.E},
		{"Exp(-745.2)", Exp(-745.2), 0}, {"Exp(709.8)", Exp(709.8), inf}, {"Exp2(-1074)", Exp2(-1074), 0x1p-1074}, {"Exp2(1023)", Exp2(1023), 0x1p1023},
		{"Exp2(-1022)", Exp2(-1022), 0x1p-1022}, {"Exp2(Inf)", Exp2(inf), inf}, {"Exp2(-Inf)", Exp2(-inf), 0}, {"Exp2(NaN)", Exp2(nan), nan},
		{"Log(0)", Log(0), -inf}, {"Log(-1)", Log(-1), nan}, {"Log(Inf)", Log(inf), inf}, {"Log(NaN)", Log(nan), nan}, {"Log(1)", Log(1), 0},
		{"Log2(2^-1074)", Log2(0x1p-1074), -1074}, {"Log2(8)", Log2(8), 3}, {"Log10(1000)", Log10(1000), 3}, {"Log10(1e22)", Log10(1e22), 22}, {"Log10(Inf)", Log10(inf), inf},
		{"Pow(NaN,0)", Pow(nan, 0), 1}, {"Pow(1,NaN)", Pow(1, nan), 1}, {"Pow(-1,Inf)", Pow(-1, inf), 1}, {"Pow(0.5,Inf)", Pow(0.5, inf), 0}, {"Pow(0.5,-Inf)", Pow(0.5, -inf), inf},
		{"Pow(-8,1/3)", Pow(-8, 1.0/3), nan}, {"Pow(-2,3)", Pow(-2, 3), -8}, {"Pow(-0,3)", Pow(zero, 3), zero}, {"Pow(-0,2)", Pow(zero, 2), 0}, {"Pow(-0,-3)", Pow(zero, -3), -inf},
		{"Pow(-Inf,3)", Pow(-inf, 3), -inf}, {"Pow(-Inf,-3)", Pow(-inf, -3), zero}, {"Pow(-Inf,0.5)", Pow(-inf, 0.5), inf}, {"Pow(10,15)", Pow(10, 15), 1e15}, {"Pow(10,-3)", Pow(10, -3), 1e-3},
		{"Pow(2,0.5)", Pow(2, 0.5), math.Sqrt2}, {"Pow(2,1e300)", Pow(2, 1e300), inf}, {"Pow(2,-1e300)", Pow(2, -1e300), 0}, {"Pow(3,1e-300)", Pow(3, 1e-300), 1}, {"Pow(NaN,2)", Pow(nan, 2), nan},
		{"Sin(-0)", Sin(zero), zero}, {"Sin(Inf)", Sin(inf), nan}, {"Cos(Inf)", Cos(inf), nan}, {"Tan(-Inf)", Tan(-inf), nan}, {"Cos(0)", Cos(0), 1}, {"Tan(-0)", Tan(zero), zero},
		{"Asin(-0)", Asin(zero), zero}, {"Asin(1)", Asin(1), math.Pi / 2}, {"Asin(-1)", Asin(-1), -math.Pi / 2}, {"Asin(1.1)", Asin(1.1), nan}, {"Acos(1)", Acos(1), 0},
		{"Acos(-1)", Acos(-1), math.Pi}, {"Acos(0)", Acos(0), math.Pi / 2}, {"Acos(-2)", Acos(-2), nan}, {"Acos(NaN)", Acos(nan), nan}, {"Asin(NaN)", Asin(nan), nan},
		{"Atan(Inf)", Atan(inf), math.Pi / 2}, {"Atan(-Inf)", Atan(-inf), -math.Pi / 2}, {"Atan(1)", Atan(1), math.Pi / 4}, {"Atan(-0)", Atan(zero), zero}, {"Atan(NaN)", Atan(nan), nan},
		{"Atan2(0,1)", Atan2(0, 1), 0}, {"Atan2(-0,1)", Atan2(zero, 1), zero}, {"Atan2(0,-1)", Atan2(0, -1), math.Pi}, {"Atan2(-0,-1)", Atan2(zero, -1), -math.Pi}, {"Atan2(0,-0)", Atan2(0, zero), math.Pi},
		{"Atan2(1,0)", Atan2(1, 0), math.Pi / 2}, {"Atan2(-1,-0)", Atan2(-1, zero), -math.Pi / 2}, {"Atan2(Inf,Inf)", Atan2(inf, inf), math.Pi / 4}, {"Atan2(Inf,-Inf)", Atan2(inf, -inf), 3 * math.Pi / 4},
		{"Atan2(1,-Inf)", Atan2(1, -inf), math.Pi}, {"Atan2(1,Inf)", Atan2(1, inf), 0}, {"Atan2(-Inf,1)", Atan2(-inf, 1), -math.Pi / 2}, {"Atan2(NaN,1)", Atan2(nan, 1), nan},
	} {
		if math.Float64bits(c.got) != math.Float64bits(c.want) && !(c.got != c.got && c.want != c.want) {
			t.Errorf("%s = %v (%x), want %v (%x)", c.name, c.got, c.got, c.want, c.want)
		}
	}
	for k := -307; k <= 308; k++ {
		x, _ := new(big.Float).SetPrec(53).SetString(fmt.Sprintf("1e%d", k))
		f, _ := x.Float64()
		if got := Log10(f); got != float64(k) {
			t.Errorf("Log10(1e%d) = %v", k, got)
		}
	}
}

// TestGolden pins bits: those of the vectors in the file, and of a hash over a million inputs of each function.
func TestGolden(t *testing.T) {
	const path = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(path, golden(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	vectors := 0
	for line := range strings.Lines(string(file)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, s := range subjects {
			if s.name != name {
				continue
			}
			vectors++
			if want, ok := strings.CutPrefix(rest, "hash "); ok {
				if got := s.hash(); got != want {
					t.Errorf("%s: the hash over 2^20 inputs is %s, want %s", name, got, want)
				}
				continue
			}
			var x, y, want uint64
			if _, err := fmt.Sscanf(rest, "%x %x %x", &x, &y, &want); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if got := canonicalBits(s.f(math.Float64frombits(x), math.Float64frombits(y))); got != want {
				t.Errorf("%s(%016x, %016x) = %016x, want %016x", name, x, y, got, want)
			}
		}
	}
	if vectors != len(subjects)*25 {
		t.Errorf("%s holds %d lines for the functions, want %d", path, vectors, len(subjects)*25)
	}
}

func golden() []byte {
	var b bytes.Buffer
	for _, s := range subjects {
		r := rand.New(rand.NewPCG(7, uint64(len(s.name))))
		for range 24 {
			x, y := s.in(r)
			fmt.Fprintf(&b, "%s %016x %016x %016x\n", s.name, math.Float64bits(x), math.Float64bits(y), canonicalBits(s.f(x, y)))
		}
		fmt.Fprintf(&b, "%s hash %s\n", s.name, s.hash())
	}
	return b.Bytes()
}

func (s *subject) hash() string {
	h := sha256.New()
	buf := make([]byte, 0, 8192)
	g := generator(1)
	for i := range 1 << 20 {
		x, y := g.input(i)
		buf = binary.LittleEndian.AppendUint64(buf, canonicalBits(s.f(x, y)))
		if len(buf) == cap(buf) {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}

// canonicalBits is the bits of x, one pattern for every NaN.
func canonicalBits(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000001
	}
	return math.Float64bits(x)
}

// generator is splitmix64; it makes the inputs of the hashes from integers alone.
type generator uint64

func (g *generator) next() uint64 {
	*g += 0x9e3779b97f4a7c15
	z := uint64(*g)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// input takes turns between any bits and exponents from -16 to 15.
func (g *generator) input(i int) (x, y float64) {
	a, b := g.next(), g.next()
	if i&3 != 0 {
		a = a&^(0x7ff<<52) | (1007+a>>52&31)<<52
		b = b&^(0x7ff<<52) | (1007+b>>52&31)<<52
	}
	return math.Float64frombits(a), math.Float64frombits(b)
}

func BenchmarkFunctions(b *testing.B) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			xs, ys := make([]float64, 1024), make([]float64, 1024)
			r := rand.New(rand.NewPCG(1, 1))
			for i := range xs {
				xs[i], ys[i] = r.Float64(), r.Float64()*10
				if s.name[0] != 'A' {
					xs[i] *= 20
				}
			}
			i := 0
			for b.Loop() {
				sink += s.f(xs[i&1023], ys[i&1023])
				i++
			}
		})
	}
}

var sink float64
