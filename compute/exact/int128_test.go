// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"selfsame"
)

// random returns a source with a fixed seed, so that every failure, which prints its case, can be repeated.
func random(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(20260101, uint64(len(t.Name()))))
}

// anyInt128 draws integers of every length, and often the ends.
func anyInt128(r *rand.Rand) selfsame.Int128 {
	switch r.IntN(12) {
	case 0:
		return MaxInt128
	case 1:
		return MinInt128
	case 2:
		return FromInt64(int64(r.IntN(5) - 2))
	case 3:
		return FromInt64(math.MinInt64)
	}
	v := selfsame.Int128{Hi: int64(r.Uint64()), Lo: r.Uint64()}
	s := r.IntN(128)
	if s >= 64 {
		return FromInt64(v.Hi >> (s - 64))
	}
	return selfsame.Int128{Hi: v.Hi >> s, Lo: v.Lo}
}

func fromBig(z *big.Int) (v selfsame.Int128, ok bool) {
	var w big.Int
	lo := w.And(z, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	hi := w.Rsh(z, 64)
	return selfsame.Int128{Hi: hi.Int64(), Lo: lo}, hi.IsInt64()
}

func TestInt128AgreesWithBig(t *testing.T) {
	r := random(t)
	ops := []struct {
		name string
		fast func(a, b selfsame.Int128) (selfsame.Int128, bool)
		slow func(z, a, b *big.Int) *big.Int
	}{
		{"add", Add, (*big.Int).Add}, {"sub", Sub, (*big.Int).Sub}, {"mul", Mul, (*big.Int).Mul},
		{"neg", func(a, _ selfsame.Int128) (selfsame.Int128, bool) { return Neg(a) }, func(z, a, _ *big.Int) *big.Int { return z.Neg(a) }},
	}
	for range 20000 {
		a, b := anyInt128(r), anyInt128(r)
		x, y := toBig(a), toBig(b)
		for _, op := range ops {
			got, ok := op.fast(a, b)
			want, fits := fromBig(op.slow(new(big.Int), x, y))
			if ok != fits || (ok && got != want) {
				t.Fatalf("%s(%v, %v) = %v, %v, want %v, %v", op.name, a, b, got, ok, want, fits)
			}
		}
		if got, want := Cmp(a, b), x.Cmp(y); got != want {
			t.Fatalf("Cmp(%v, %v) = %d, want %d", a, b, got, want)
		}
		if got, want := Sign(a), x.Sign(); got != want {
			t.Fatalf("Sign(%v) = %d, want %d", a, got, want)
		}
		if got, want := MulInt64(int64(a.Lo), int64(b.Lo)), new(big.Int).Mul(big.NewInt(int64(a.Lo)), big.NewInt(int64(b.Lo))); toBig(got).Cmp(want) != 0 {
			t.Fatalf("MulInt64(%d, %d) = %v, want %v", int64(a.Lo), int64(b.Lo), got, want)
		}
		if i, ok := ToInt64(a); ok != x.IsInt64() || (ok && i != x.Int64()) {
			t.Fatalf("ToInt64(%v) = %d, %v", a, i, ok)
		}
	}
}

func TestQuoRemAgreesWithBig(t *testing.T) {
	r := random(t)
	for range 50000 {
		a, b := anyInt128(r), anyInt128(r)
		quo, rem, ok := QuoRem(a, b)
		if Sign(b) == 0 {
			if ok {
				t.Fatalf("QuoRem(%v, 0) is ok", a)
			}
			continue
		}
		wantQuo, wantRem := new(big.Int).QuoRem(toBig(a), toBig(b), new(big.Int))
		q, fits := fromBig(wantQuo)
		m, _ := fromBig(wantRem)
		if ok != fits || (ok && (quo != q || rem != m)) {
			t.Fatalf("QuoRem(%v, %v) = %v, %v, %v, want %v, %v, %v", a, b, quo, rem, ok, q, m, fits)
		}
	}
}

func TestRescaleRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		v        string
		from, to uint8
		want     string
	}{
		{"2.5", 1, 0, "3"}, {"-2.5", 1, 0, "-3"}, {"2.4", 1, 0, "2"}, {"-2.49", 2, 1, "-2.5"}, {"1", 0, 3, "1.000"},
		{"0.05", 2, 1, "0.1"}, {"99999999999999999999999999999999999.995", 3, 2, "100000000000000000000000000000000000.00"},
	} {
		v, err := ParseDecimal(c.v, c.from)
		if err != nil {
			t.Fatal(c.v, err)
		}
		got, ok := Rescale(v, c.from, c.to)
		if s := FormatDecimal(got, c.to); !ok || s != c.want {
			t.Errorf("Rescale(%s, %d, %d) = %s, %v, want %s", c.v, c.from, c.to, s, ok, c.want)
		}
	}
	if _, ok := Rescale(MaxInt128, 0, 1); ok {
		t.Error("Rescale of the greatest Int128 to one digit more is ok")
	}
}

func TestParseDecimal(t *testing.T) {
	nines := "99999999999999999999999999999999999999"
	for _, c := range []struct {
		text  string
		scale uint8
		want  string
		err   error
	}{
		{"0", 0, "0", nil}, {"-0", 2, "0.00", nil}, {"12.5", 2, "12.50", nil}, {"+.5", 1, "0.5", nil}, {"5.", 0, "5", nil},
		{"1.2500", 2, "1.25", nil}, {"1.251", 2, "", ErrInexact}, {"1e3", 0, "1000", nil}, {"1.5E-2", 3, "0.015", nil},
		{"100e-2", 0, "1", nil}, {"0e99999999999", 0, "0", nil}, {"1e99999999999999999999", 0, "", ErrOverflow}, {"1e-9999999", 5, "", ErrInexact},
		{nines, 0, nines, nil}, {"-" + nines, 0, "-" + nines, nil}, {nines + "0", 0, "", ErrOverflow}, {nines, 1, "", ErrOverflow},
		{"0000000000000000000000000000000000000000000000001", 0, "1", nil},
		{"", 0, "", ErrSyntax}, {".", 0, "", ErrSyntax}, {"-", 0, "", ErrSyntax}, {"1.2.3", 2, "", ErrSyntax}, {"1e", 0, "", ErrSyntax},
		{"1e+", 0, "", ErrSyntax}, {"x", 0, "", ErrSyntax}, {"1 ", 0, "", ErrSyntax}, {"1e5x", 0, "", ErrSyntax}, {"NaN", 0, "", ErrSyntax},
		{"100.0e1", 0, "1000", nil}, {"0.00010e4", 0, "1", nil},
	} {
		v, err := ParseDecimal(c.text, c.scale)
		if err != c.err {
			t.Errorf("ParseDecimal(%q, %d): error %v, want %v", c.text, c.scale, err, c.err)
			continue
		}
		if got := FormatDecimal(v, c.scale); err == nil && got != c.want {
			t.Errorf("ParseDecimal(%q, %d) = %s, want %s", c.text, c.scale, got, c.want)
		}
	}
}

func TestDecimalTextRoundTrip(t *testing.T) {
	r := random(t)
	for range 5000 {
		v, scale := anyInt128(r), uint8(r.IntN(39))
		s := FormatDecimal(v, scale)
		got, err := ParseDecimal([]byte(s), scale)
		if want := Fits(v, MaxDigits); (err == nil) != want || (want && got != v) {
			t.Fatalf("%v at scale %d is %q, parsed as %v, %v", v, scale, s, got, err)
		}
		rat, ok := new(big.Rat).SetString(s)
		if want := new(big.Rat).SetFrac(toBig(v), toBig(Pow10(int(scale)))); !ok || rat.Cmp(want) != 0 {
			t.Fatalf("%v at scale %d is %q", v, scale, s)
		}
	}
}

func TestDecimalToFloatIsNearest(t *testing.T) {
	r := random(t)
	for range 20000 {
		v, scale := anyInt128(r), uint8(r.IntN(39))
		got := DecimalToFloat(v, scale)
		want, _ := new(big.Rat).SetFrac(toBig(v), toBig(Pow10(int(scale)))).Float64()
		if got != want {
			t.Fatalf("DecimalToFloat(%v, %d) = %v, want %v", v, scale, got, want)
		}
	}
}

func TestDecimalFromFloatRoundsHalfAway(t *testing.T) {
	r := random(t)
	for range 20000 {
		f := anyFloat(r)
		if r.IntN(2) == 0 {
			f = float64(r.IntN(2000001)-1000000) / 16
		}
		scale := uint8(r.IntN(39))
		got, ok := DecimalFromFloat(f, scale)
		exact := new(big.Rat).SetFloat64(f)
		exact.Mul(exact, new(big.Rat).SetInt(toBig(Pow10(int(scale)))))
		twice := new(big.Int).Abs(exact.Num())
		twice.Lsh(twice, 1).Add(twice, exact.Denom())
		want := twice.Quo(twice, new(big.Int).Lsh(exact.Denom(), 1))
		if exact.Sign() < 0 {
			want.Neg(want)
		}
		fits := want.CmpAbs(toBig(Pow10(38))) < 0
		if ok != fits || (ok && toBig(got).Cmp(want) != 0) {
			t.Fatalf("DecimalFromFloat(%v, %d) = %v, %v, want %v, %v", f, scale, toBig(got), ok, want, fits)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 2e38} {
		if v, ok := DecimalFromFloat(f, 0); ok {
			t.Errorf("DecimalFromFloat(%v, 0) = %v, want none", f, v)
		}
	}
}

func TestIntFromFloat(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want int64
		ok   bool
	}{
		{1.9, 1, true}, {-1.9, -1, true}, {-0x1p63, math.MinInt64, true}, {0x1p63, 0, false}, {math.NaN(), 0, false},
		{math.Inf(1), 0, false}, {math.Nextafter(0x1p63, 0), math.MaxInt64 - 1023, true}, {math.Nextafter(-0x1p63, math.Inf(-1)), 0, false},
	} {
		if got, ok := IntFromFloat(c.f); got != c.want || ok != c.ok {
			t.Errorf("IntFromFloat(%v) = %d, %v, want %d, %v", c.f, got, ok, c.want, c.ok)
		}
	}
}

// anyFloat draws finite doubles of every exponent, subnormals among them.
func anyFloat(r *rand.Rand) float64 {
	for {
		f := math.Float64frombits(r.Uint64())
		if r.IntN(20) == 0 {
			f = math.Float64frombits(r.Uint64N(1<<52)) * float64(1-2*r.IntN(2))
		}
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
}
