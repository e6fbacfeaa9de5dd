// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"math"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/geodesy"
)

// cellFunctions are part of the section geo of the reference.
var cellFunctions = []Function{
	{Name: "geodesic_km", Group: "geo", Params: "lat1, lon1, lat2, lon2",
		Summary: "The length in kilometres of the shortest line on the WGS-84 ellipsoid between two points in degrees, to a micrometre; null outside the bounds of haversine_km, which is faster and off by up to 0.6 per cent.",
		Example: "round(geodesic_km(34.05, -118.24, 40.71, -74.0), 3)", Result: "3944.736", Bind: choose("geodesic_km", "lat1, lon1, lat2, lon2",
			overload{args: takes(floatType, floatType, floatType, floatType), result: floatType, kernel: evalGeodesic})},
	{Name: "geohash_neighbors", Group: "geo", Params: "hash",
		Summary: "The eight geohashes around one: north, northeast, east and so on; null beyond a pole. Null for what is no geohash of 1 to 12 characters.",
		Example: "geohash_neighbors('ezs42')", Result: "[ezs48, ezs49, ezs43, ezs41, ezs40, ezefp, ezefr, ezefx]", Bind: choose("geohash_neighbors", "hash",
			overload{args: takes(stringType), result: selfsame.ListOf(stringType), kernel: evalNeighbors})},
	cellFunction("geohash_lat", "The latitude in degrees of the centre of a geohash; null for what is none.", "geohash_lat('ezs42')", "42.60498046875", 1, 180),
	cellFunction("geohash_lon", "The longitude in degrees of the centre of a geohash; null for what is none.", "geohash_lon('ezs42')", "-5.60302734375", 0, 360),
}

func evalGeodesic(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	out.Resize(rows)
	lon1, lat2, lon2 := args[1].Floats[:rows], args[2].Floats[:rows], args[3].Floats[:rows]
	for i, lat1 := range args[0].Floats[:rows] {
		out.Floats[i] = 0
		switch {
		case skipped(skip, i):
		case math.Abs(lat1) > 90 || math.Abs(lat2[i]) > 90 || math.Abs(lon1[i]) > 360 || math.Abs(lon2[i]) > 360:
			setNull(out, skip, i)
		default:
			out.Floats[i] = geodesy.Distance(lat1, lon1[i], lat2[i], lon2[i]) / 1000
		}
	}
}

// readCell reads a geohash: which cell of the grid it is, from the west and from the south, and the bits of each number.
func readCell(hash []byte) (place [2]int64, bits [2]int, ok bool) {
	if len(hash) < 1 || len(hash) > 12 {
		return place, bits, false
	}
	side := 0 // bits take turns, longitude first
	for _, c := range hash {
		v := strings.IndexByte(geohashAlphabet, c)
		if v < 0 {
			return place, bits, false
		}
		for b := 4; b >= 0; b-- {
			place[side] = place[side]<<1 | int64(v>>b&1)
			bits[side]++
			side = 1 - side
		}
	}
	return place, bits, true
}

// appendCell appends the geohash of a cell.
func appendCell(dst []byte, place [2]int64, bits [2]int) []byte {
	v, side, all := 0, 0, bits[0]+bits[1]
	for k := 1; k <= all; k++ {
		bits[side]--
		v = v<<1 | int(place[side]>>bits[side]&1)
		side = 1 - side
		if k%5 == 0 {
			dst = append(dst, geohashAlphabet[v])
			v = 0
		}
	}
	return dst
}

// compass are the steps to the neighbours, east and north.
var compass = [8][2]int64{{0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}, {-1, 0}, {-1, 1}}

func evalNeighbors(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
	for i := range rows {
		if skipped(skip, i) {
			out.AppendStatus(selfsame.Present)
			continue
		}
		place, bits, ok := readCell(args[0].Str(i))
		if !ok {
			out.AppendStatus(selfsame.Null)
			continue
		}
		for _, step := range compass {
			near := [2]int64{floorMod(place[0]+step[0], 1<<bits[0]), place[1] + step[1]}
			if near[1] < 0 || near[1] >= 1<<bits[1] {
				out.Elems.AppendStatus(selfsame.Null)
				continue
			}
			out.Elems.Bytes = appendCell(out.Elems.Bytes, near, bits)
			out.Elems.AppendBytes(nil)
		}
		out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
	}
}

// cellFunction is a coordinate of the centre of a geohash: 0 the longitude, 1 the latitude, of the whole range in degrees.
func cellFunction(name, summary, example, result string, side int, whole float64) Function {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			place, bits, ok := readCell(args[0].Str(i))
			out.Floats[i] = float64((float64(place[side])+0.5)*(whole/float64(int64(1)<<bits[side]))) - whole/2 // exact
			if !ok {
				setNull(out, skip, i)
			}
		}
	}
	return Function{Name: name, Group: "geo", Params: "hash", Summary: summary, Example: example, Result: result,
		Bind: choose(name, "hash", overload{args: takes(stringType), result: floatType, kernel: kernel})}
}
