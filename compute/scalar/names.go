// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"maps"
	"slices"
)

// otherNames maps the names that people bring from pandas, Spark, DuckDB and PostgreSQL to what they write here. Each thing has one name.
var otherNames = map[string]string{
	"regexp_like": "regexp_matches(s, pattern)", "rlike": "regexp_matches(s, pattern)", "regexp_full_match": "regexp_matches(s, '^(…)$')",
	"regexp_substr": "regexp_extract(s, pattern)", "regexp_replace_all": "regexp_replace(s, pattern, replacement)", "str_contains": "contains(s, part)",
	"get_json_object": "json_extract(json, path)", "json_value": "json_extract(json, path)", "json_extract_string": "json_extract(json, path)",
	"json_extract_scalar": "json_extract(json, path)", "json_query": "json_extract(json, path)", "parse_url": "url_host(url), url_path(url) or url_query_param(url, name)",
	"url_extract_host": "url_host(url)", "url_extract_path": "url_path(url)", "url_extract_parameter": "url_query_param(url, name)",
	"edit_distance": "levenshtein(a, b)", "editdistance": "levenshtein(a, b)", "levenshtein_distance": "levenshtein(a, b)", "jaro_winkler_similarity": "jaro_winkler(a, b)",
	"mod": "x % y, of the sign of y", "power": "pow(x, y)", "log": "ln(x), log10(x) or log2(x)", "log_1p": "log1p(x)", "signum": "sign(x)", "ceiling": "ceil(x)", "logistic": "sigmoid(x)",
	"if": "case when … then … else … end", "iff": "case when … then … else … end", "ifnull": "coalesce(x, y)", "nvl": "coalesce(x, y)", "isnull": "x is null", "isnan": "is_nan(x)",
	"array": "list_of(x, …)", "list_value": "list_of(x, …)", "array_contains": "list_contains(l, x)", "array_position": "list_position(l, x)", "array_sort": "list_sort(l)",
	"sort_array": "list_sort(l)", "array_distinct": "list_distinct(l)", "array_join": "list_join(l, separator)", "array_to_string": "list_join(l, separator)", "arrays_overlap": "list_has_any(l, m)",
	"array_max": "list_max(l)", "array_min": "list_min(l)", "cardinality": "list_length(l)", "array_length": "list_length(l)", "array_size": "list_length(l)", "element_at": "l[1] or m['key']", "map_contains_key": "m['key'] is not null",
	"list_cosine_similarity": "list_cosine(l, m)", "cosine_similarity": "list_cosine(l, m)", "list_dot_product": "list_dot(l, m)", "list_inner_product": "list_dot(l, m)", "slice": "list_slice(l, from, to)",
	"dateadd": "date_add(unit, n, ts)", "add_months": "date_add('month', n, ts)", "datediff": "date_diff(unit, from, to)", "datetrunc": "date_trunc(unit, ts)", "dayofweek": "day_of_week(ts)", "dayofyear": "day_of_year(ts)", "weekofyear": "week(ts)",
	"unix_timestamp": "epoch_s(ts)", "from_unixtime": "timestamp_s(n)", "to_timestamp": "cast(s as timestamp)", "to_date": "cast(s as date)", "current_timestamp": "now()", "cut": "width_bucket(x, lo, hi, n) or bin_index(x, edge, …)", "searchsorted": "bin_index(x, edge, …)",
	"great_circle_distance": "haversine_km(lat1, lon1, lat2, lon2)", "st_distance": "geodesic_km(lat1, lon1, lat2, lon2)", "hash": "hash64(x)", "xxhash64": "hash64(x)", "sha2": "sha256(s)", "get_dummies": "one_hot(x, v, …)",
	"date_format": "strftime(ts, pattern)", "to_char": "strftime(ts, pattern)", "format_datetime": "strftime(ts, pattern)", "dayname": "strftime(ts, '%A')", "monthname": "strftime(ts, '%B')", "date_part": "year(ts), month(ts) and the like",
	"date_sub": "date_add(unit, -n, ts) or elapsed(unit, from, to)", "datesub": "elapsed(unit, from, to)", "age": "elapsed('year', from, to)", "months_between": "elapsed('month', from, to)", "makedate": "make_date(year, month, day)",
	"is_business_day": "not is_weekend(ts) and not list_contains(holidays, date(ts))", "map": "map_of(key, x, …)", "map_from_arrays": "map_of(key, x, …)", "geo_to_h3": "geohash(lat, lon, precision): H3 needs a library of C",
	"h3_latlng_to_cell": "geohash(lat, lon, precision): H3 needs a library of C", "latlng_to_cell": "geohash(lat, lon, precision): H3 needs a library of C",
	"ratio": "x / nullif(y, 0)", "safe_divide": "x / nullif(y, 0)", "try_divide": "x / nullif(y, 0)", "div0null": "x / nullif(y, 0)",
	"minmax_scale": "min_max_scale(x, lo, hi)", "zscore": "standard_scale(x, mean, deviation)", "len": "length(s)", "char_length": "length(s)", "instr": "strpos(s, part)", "position": "strpos(s, part)", "substring": "substr(s, start, n)",
}

// OtherNames returns the names of other systems, sorted.
func OtherNames() []string { return slices.Sorted(maps.Keys(otherNames)) }

// OtherName returns what to write here for a name of another system; ok is false where it is none.
func OtherName(name string) (write string, ok bool) {
	write, ok = otherNames[name]
	return write, ok
}
