// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/transcend"
)

const earthRadiusKM = 6371.0088 // mean radius, IUGG

// geoFunctions is the section geo of the reference.
var geoFunctions = []Function{
	{Name: "haversine_km", Group: "geo", Params: "lat1, lon1, lat2, lon2",
		Summary: "The great-circle distance in kilometres of two points in degrees, on a sphere of radius 6371.0088 km; null for a latitude outside [-90, 90] or a longitude outside [-360, 360].",
		Example: "round(haversine_km(34.05, -118.24, 40.71, -74.0), 1)", Result: "3936.1", Bind: choose("haversine_km", "lat1, lon1, lat2, lon2",
			overload{args: takes(floatType, floatType, floatType, floatType), result: floatType, kernel: evalHaversine})},
	{Name: "geohash", Group: "geo", Params: "lat, lon, precision",
		Summary: "The geohash of a point in degrees, of precision (1 to 12, default 12) characters; null outside [-90, 90] and [-180, 180] and for another precision.",
		Example: "geohash(57.64911, 10.40744, 11)", Result: "u4pruydqqvj", Bind: choose("geohash", "lat, lon, precision",
			overload{args: takes(floatType, floatType, intType), optional: 1, result: stringType, kernel: evalGeohash})},
}

func evalHaversine(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	lon1, lat2, lon2 := args[1].Floats[:rows], args[2].Floats[:rows], args[3].Floats[:rows]
	for i, lat1 := range args[0].Floats[:rows] {
		d, ok := haversineKM(lat1, lon1[i], lat2[i], lon2[i])
		out.Floats[i] = d
		if !ok {
			setNull(out, skip, i)
		}
	}
}

// haversineKM is NaN where an argument is.
func haversineKM(lat1, lon1, lat2, lon2 float64) (km float64, ok bool) {
	if math.Abs(lat1) > 90 || math.Abs(lat2) > 90 || math.Abs(lon1) > 360 || math.Abs(lon2) > 360 {
		return 0, false
	}
	const radian = math.Pi / 180
	s := transcend.Sin(float64((lat2 - lat1) * (radian / 2)))
	u := transcend.Sin(float64((lon2 - lon1) * (radian / 2)))
	c := float64(transcend.Cos(float64(lat1*radian)) * transcend.Cos(float64(lat2*radian)))
	h := float64(s*s) + float64(c*float64(u*u))
	return float64(2 * earthRadiusKM * transcend.Asin(min(1, math.Sqrt(h)))), true
}

const geohashAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

func evalGeohash(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	for i := range rows {
		if skipped(skip, i) {
			out.AppendStatus(selfsame.Present)
			continue
		}
		n := int64(12)
		if len(args) > 2 {
			n = args[2].Ints[i]
		}
		lat, lon := args[0].Floats[i], args[1].Floats[i]
		if n < 1 || n > 12 || !(math.Abs(lat) <= 90) || !(math.Abs(lon) <= 180) {
			out.AppendStatus(selfsame.Null)
			continue
		}
		cell := spread(cellOf(lon, 180))<<1 | spread(cellOf(lat, 90))
		for j := range n {
			out.Bytes = append(out.Bytes, geohashAlphabet[cell>>(55-5*j)&31])
		}
		out.AppendBytes(nil)
	}
}

// cellOf returns which of 2^30 equal parts of [-half, half) x is in; half itself is in the last. The bounds of the parts are exact
// in float64, and the guess of the division is corrected against them.
func cellOf(x, half float64) uint64 {
	const cells = 1 << 30
	k := int64((x + half) / (2 * half) * cells)
	k = min(max(k, 0), cells-1)
	bound := func(k int64) float64 { return float64(float64(k)*(2*half)/cells) - half }
	for k > 0 && x < bound(k) {
		k--
	}
	for k < cells-1 && x >= bound(k+1) {
		k++
	}
	return uint64(k)
}

// spread moves bit i of a 30-bit number to bit 2i.
func spread(v uint64) uint64 {
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}
