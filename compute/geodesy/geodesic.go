// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package geodesy holds distances on the WGS-84 ellipsoid, with the same bits on every platform. It knows nothing of columns.
//
// Between two points the auxiliary sphere of Bessel is used: latitudes are reduced, the azimuth is found by which the longitude
// comes out, and the two elliptic integrals of Bessel's equations are computed by the rule of Gauss and Legendre with 12 nodes,
// whose error for this ellipsoid is below the rounding of float64. Points that are nearly opposite, where the iteration of the
// longitude does not settle, are solved by halving the azimuth. The error is below a micrometre for all pairs of points.
// Functions are pure; compute/expr calls them.
package geodesy

import (
	"math"

	"selfsame/compute/transcend"
)

const (
	equatorial = 6378137.0
	flattening = 1 / 298.257223563
	polar      = equatorial * (1 - flattening)
	eccentric2 = flattening * (2 - flattening) / ((1 - flattening) * (1 - flattening)) // second eccentricity, squared
	radian     = math.Pi / 180
)

// nodes and weights of the rule of Gauss and Legendre on [-1, 1]; each node stands for itself and its negative.
var nodes = [6][2]float64{
	{0.1252334085114689154724414, 0.2491470458134027850005624}, {0.3678314989981801937526915, 0.2334925365383548087608499},
	{0.5873179542866174472967024, 0.2031674267230659217490645}, {0.7699026741943046870368938, 0.1600783285433462263346525},
	{0.9041172563704748566784659, 0.1069393259953184309602547}, {0.9815606342467192506905491, 0.0471753363865118271946160},
}

// Distance returns the length in metres of the shortest line on the ellipsoid between two points given in degrees, with latitudes in
// [-90, 90] and any finite longitudes. It is NaN where an argument is.
func Distance(lat1, lon1, lat2, lon2 float64) float64 {
	l := math.Abs(math.Remainder(lon2-lon1, 360)) * radian
	if l != l || lat1 != lat1 || lat2 != lat2 {
		return math.NaN()
	}
	if math.Abs(lat1) < math.Abs(lat2) { // the line has no direction: the first point lies farther south than the other lies north
		lat1, lat2 = lat2, lat1
	}
	if lat1 > 0 {
		lat1, lat2 = -lat1, -lat2
	}
	p := pair{longitude: l}
	p.sin1, p.cos1 = reduced(lat1)
	p.sin2, p.cos2 = reduced(lat2)
	if lat1 == 0 && l <= (1-flattening)*math.Pi {
		return equatorial * l
	}
	if metres, ok := p.settle(); ok {
		return metres
	}
	return p.halve()
}

// reduced is the sine and cosine of the reduced latitude.
func reduced(lat float64) (sin, cos float64) {
	if math.Abs(lat) == 90 {
		return lat / 90, 0
	}
	s, c := float64((1-flattening)*transcend.Sin(float64(lat*radian))), transcend.Cos(float64(lat*radian))
	norm := math.Sqrt(float64(s*s) + float64(c*c))
	return s / norm, c / norm
}

// pair is two points by reduced latitudes, the first not north and at least as far from the equator, and the longitude between them.
type pair struct {
	sin1, cos1, sin2, cos2, longitude float64
}

// integrals returns the length along the ellipsoid from sigma1 over sigma12, in polar radii, and by how much the longitude on the
// sphere is ahead, both for a line of the given sine of the azimuth at the equator.
func integrals(sinAlpha0, sigma1, sigma12 float64) (length, ahead float64) {
	k2 := eccentric2 * (1 - float64(sinAlpha0*sinAlpha0))
	half := 0.5 * sigma12
	mid := sigma1 + half
	for _, n := range nodes {
		step := float64(half * n[0])
		for _, at := range [2]float64{mid - step, mid + step} {
			s := transcend.Sin(at)
			q := math.Sqrt(1 + float64(k2*float64(s*s)))
			length += float64(n[1] * q)
			ahead += n[1] * (2 - flattening) / (1 + float64((1-flattening)*q))
		}
	}
	return float64(half * length), float64(flattening * sinAlpha0 * float64(half*ahead))
}

// settle iterates the longitude on the sphere; false where it does not settle, for points that are nearly opposite.
func (p *pair) settle() (metres float64, ok bool) {
	omega := p.longitude
	for range 20 {
		half := transcend.Sin(0.5 * omega)
		lift := float64(float64(p.sin1*p.cos2) * float64(2*float64(half*half)))
		z := float64(p.sin2*p.cos1) - float64(p.cos2*p.sin1) + lift
		y := float64(p.cos2 * transcend.Sin(omega))
		sinSigma := math.Sqrt(float64(y*y) + float64(z*z))
		cosSigma := float64(p.sin1*p.sin2) + float64(float64(p.cos1*p.cos2)*transcend.Cos(omega))
		if sinSigma == 0 {
			if cosSigma < 0 { // opposite: half a meridian
				metres, _ = integrals(0, 0, math.Pi)
			}
			return float64(polar * metres), true
		}
		sigma12 := transcend.Atan2(sinSigma, cosSigma)
		sinAlpha0 := float64(y*p.cos1) / sinSigma
		sigma1 := transcend.Atan2(p.sin1, float64(p.cos1*z)/sinSigma)
		length, ahead := integrals(sinAlpha0, sigma1, sigma12)
		next := p.longitude + ahead
		if next > math.Pi {
			return 0, false
		}
		if rest := next - omega; math.Abs(rest) < 1e-13 {
			return float64(polar*length) + float64(float64(equatorial*sinAlpha0)*rest), true
		}
		omega = next
	}
	return 0, false
}

// halve brackets the azimuth at the first point: the longitude that it leads to grows with it.
func (p *pair) halve() float64 {
	if p.longitude == math.Pi { // along a meridian
		_, metres := p.reach(math.Pi)
		return metres
	}
	low, high := 0.0, math.Pi
	for range 64 {
		mid := low + float64(0.5*(high-low))
		if rest, _ := p.reach(mid); rest > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	_, metres := p.reach(low + float64(0.5*(high-low)))
	return metres
}

// reach follows the line that leaves the first point by an azimuth to the latitude of the second: the longitude that is missing there,
// and the length, corrected for it.
func (p *pair) reach(azimuth float64) (missing, metres float64) {
	sin1, sinAlpha1, cosAlpha1 := min(p.sin1, -1e-200), transcend.Sin(azimuth), transcend.Cos(azimuth)
	if azimuth == math.Pi {
		sinAlpha1 = 0
	}
	sinAlpha0 := float64(sinAlpha1 * p.cos1)
	x1 := float64(cosAlpha1 * p.cos1)
	x2 := math.Sqrt(max(0, float64(x1*x1)+float64((p.cos2-p.cos1)*(p.cos2+p.cos1)))) // cosine of the second azimuth by that of its latitude
	sigma1, sigma2 := transcend.Atan2(sin1, x1), transcend.Atan2(p.sin2, x2)
	omega := transcend.Atan2(float64(sinAlpha0*p.sin2), x2) - transcend.Atan2(float64(sinAlpha0*sin1), x1)
	length, ahead := integrals(sinAlpha0, sigma1, sigma2-sigma1)
	missing = p.longitude - (omega - ahead)
	return missing, float64(polar*length) + float64(float64(equatorial*sinAlpha0)*missing)
}
