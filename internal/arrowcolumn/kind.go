// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrowcolumn

import (
	"github.com/apache/arrow-go/v18/arrow"

	"selfsame"
)

// TypeOf returns the type that holds every value of an Arrow type exactly, or why there is none.
func TypeOf(t arrow.DataType) (selfsame.Type, string) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return selfsame.Scalar(selfsame.Bool), ""
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return selfsame.Scalar(selfsame.Int64), ""
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type:
		return selfsame.Scalar(selfsame.Float64), ""
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return selfsame.Scalar(selfsame.String), ""
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return selfsame.Scalar(selfsame.Bytes), ""
	case *arrow.Date32Type, *arrow.Date64Type:
		return selfsame.Scalar(selfsame.Date), ""
	case *arrow.TimestampType:
		return selfsame.Scalar(selfsame.Timestamp), ""
	case *arrow.NullType:
		return selfsame.Type{}, ""
	case *arrow.DictionaryType:
		return TypeOf(t.ValueType)
	case arrow.DecimalType:
		if p, s := t.GetPrecision(), t.GetScale(); p >= 1 && p <= 38 && s >= 0 && s <= p {
			return selfsame.DecimalOf(uint8(p), uint8(s)), ""
		}
		return selfsame.Type{}, t.String() + " has no type in Selfsame: decimals have at most 38 digits"
	case *arrow.MapType:
		if k, _ := TypeOf(t.KeyType()); k.Kind != selfsame.String {
			return selfsame.Type{}, t.String() + " has no type in Selfsame: the keys of maps are strings"
		}
		return nested(t.ItemType(), selfsame.MapOf)
	case *arrow.ListType, *arrow.LargeListType, *arrow.FixedSizeListType:
		return nested(t.(arrow.ListLikeType).Elem(), selfsame.ListOf)
	}
	return selfsame.Type{}, t.String() + " has no type in Selfsame"
}

func nested(elem arrow.DataType, of func(selfsame.Type) selfsame.Type) (selfsame.Type, string) {
	e, reason := TypeOf(elem)
	if reason != "" {
		return selfsame.Type{}, reason
	}
	if e.Kind == selfsame.Unknown {
		e = selfsame.Scalar(selfsame.String)
	}
	return of(e), ""
}
