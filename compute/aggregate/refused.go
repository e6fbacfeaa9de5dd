// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// Reasons that several names share.
const (
	orderDependent = "its result depends on the order in which events come, so no two runs need agree; "

	writePercentile   = orderDependent + "write approx_percentile(x, 0.95), whose relative error is 0.4 %, or percentile_cont(x, 0.95) and percentile_disc(x, 0.95), both exact"
	writeApprox       = "write approx_percentile(x, 0.95), whose relative error is 0.4 %, or percentile_cont(x, 0.95) and percentile_disc(x, 0.95), both exact"
	writeQuantile     = "write percentile_cont(x, 0.95), which interpolates, percentile_disc(x, 0.95), or approx_percentile(x, 0.95), which has no bound"
	writeApproxMedian = "write approx_percentile(x, 0.5), whose relative error is 0.4 %, or median(x), which is exact"
	writeDistinct     = "write approx_count_distinct(x), or count(distinct x), which is exact up to max_values"
	writeSample       = orderDependent + "write sample(x, 100), which chooses by a hash"
	writeCountBy      = "write count_by(x), a map from the values of x, cast to strings where they are none, to how often each occurs"
	writeTopK         = orderDependent + "write top_k(x, 5), which is exact up to max_values, or approx_top_k(x, 5, 'a', 'b', 'c') for values that you name"
	writeList         = "write collect(x), oldest first; last(x, 100) are the newest, newest first"
	writeLag          = "write last(x), the value before T, and nth_last(x, 2), the one before that; last(x) respect nulls counts nulls too"
	writeFirstValue   = "write first(x), or first(x) respect nulls; OpenMLDB's first_value, the newest, is last(x) respect nulls"
	writeRank         = "a feature sees the events of its entity and no other rows; write count(*) filter (where x < 10), the number of events below a value"
	writeFilter       = "write the condition as a filter: "
)

// refusals maps the names that people bring from other systems to what they write here. Each thing has one name.
var refusals = map[string]string{
	// Other names of what there is.
	"mean": "write avg(x)", "average": "write avg(x)",
	"total": "write sum(x)", "sum0": "write sum(x), with default: 0 in the long form of the feature",
	"size": "write count(*)", "count_all": "write count(*)",
	"minimum": "write min(x)", "maximum": "write max(x)",
	"var": "write variance(x)", "var_samp": "write variance(x), the sample variance", "variance_samp": "write variance(x), the sample variance",
	"var_pop": "write variance_pop(x)", "std": "write stddev(x)", "stdev": "write stddev(x)",
	"std_dev": "write stddev(x)", "stddev_samp": "write stddev(x), the sample standard deviation", "std_pop": "write stddev_pop(x)",
	"every": "write bool_and(x)", "all": "write bool_and(x)", "logical_and": "write bool_and(x)",
	"any": "write bool_or(x)", "some": "write bool_or(x)", "logical_or": "write bool_or(x)",
	"any_value": orderDependent + "write last(x) or first(x)", "arbitrary": orderDependent + "write last(x) or first(x)",
	"first_value": writeFirstValue, "last_value": "write last(x), or last(x) respect nulls", "latest": "write last(x)", "newest": "write last(x)",
	"earliest": "write first(x)", "oldest": "write first(x)",
	"first_n": "write first(x, 5)", "last_n": "write last(x, 5)", "lastn": "write last(x, 5)", "firstn": "write first(x, 5)",
	"last_k": "write last(x, 5)", "first_k": "write first(x, 5)", "lastk": "write last(x, 5)", "firstk": "write first(x, 5)",
	"first_distinct": "write list_slice(list_distinct(collect(x) over 30d), 1, 5), or collect_distinct(x)", "latest_n": "write last(x, 5)", "last_distinct_n": "write last_distinct(x, 5)",
	"lag": writeLag, "at": writeLag, "nth_value": "write nth_last(x, 2), which counts from the newest; nth_last(x, 2) respect nulls counts nulls too",
	"nth_value_where": writeFilter + "nth_last(x, 2) filter (where y > 0)",
	"argmin":          "write arg_min(x, y)", "argmax": "write arg_max(x, y)",
	"count_distinct": "write count(distinct x)", "countdistinct": "write count(distinct x)", "nunique": "write count(distinct x)",
	"distinct_count": "write count(distinct x)", "n_unique": "write count(distinct x)", "unique_count": "write count(distinct x)", "uniqexact": "write count(distinct x)",
	"quantile":      writeQuantile,
	"quantile_cont": "write percentile_cont(x, 0.95)", "quantile_disc": "write percentile_disc(x, 0.95)",
	"percentile": writeQuantile,
	"count_if":   writeFilter + "count(*) filter (where x > 0)", "countif": writeFilter + "count(*) filter (where x > 0)",
	"count_where": writeFilter + "count(*) filter (where x > 0)", "sum_if": writeFilter + "sum(x) filter (where y > 0)",
	"sumif": writeFilter + "sum(x) filter (where y > 0)", "sum_where": writeFilter + "sum(x) filter (where y > 0)",
	"min_where": writeFilter + "min(x) filter (where y > 0)", "max_where": writeFilter + "max(x) filter (where y > 0)",
	"avg_if": writeFilter + "avg(x) filter (where y > 0)", "avg_where": writeFilter + "avg(x) filter (where y > 0)",
	"skew": "write skewness(x), or skewness_pop(x) as Spark has it", "skew_samp": "write skewness(x)", "skew_pop": "write skewness_pop(x)",
	"skewness_samp": "write skewness(x)", "kurt": "write kurtosis(x), or kurtosis_pop(x) as Spark has it", "kurtosis_samp": "write kurtosis(x)", "kurt_pop": "write kurtosis_pop(x)",
	"covar": "write covar_samp(x, y), or covar_pop(x, y)", "cov": "write covar_samp(x, y), or covar_pop(x, y)", "covariance": "write covar_samp(x, y), or covar_pop(x, y)",
	"covar_sample": "write covar_samp(x, y)", "correlation": "write corr(x, y)", "pearson": "write corr(x, y)",
	"slope": "write regr_slope(y, x)", "intercept": "write regr_intercept(y, x)", "linear_regression": "write regr_slope(y, x) and regr_intercept(y, x)",
	"regr_r2": "write corr(y, x) * corr(y, x)", "regr_count": "write count(x) filter (where y is not null)",
	"regr_avgx": "write avg(x) filter (where y is not null)", "regr_avgy": "write avg(y) filter (where x is not null)",
	"regr_sxx": "write variance_pop(x) * count(x), both filter (where y is not null)", "regr_syy": "write variance_pop(y) * count(y), both filter (where x is not null)",
	"regr_sxy": "write covar_pop(y, x) * count(x) filter (where y is not null)", "geomean": "write geometric_mean(x)", "gmean": "write geometric_mean(x)",
	"bitwise_and": "write bit_and(x)", "bitwise_or": "write bit_or(x)", "bitwise_xor": "write bit_xor(x)",
	"group_bit_and": "write bit_and(x)", "group_bit_or": "write bit_or(x)", "group_bit_xor": "write bit_xor(x)",
	"bit_and_agg": "write bit_and(x)", "bit_or_agg": "write bit_or(x)", "bit_xor_agg": "write bit_xor(x)",
	"avg_pooling": "write vector_avg(x)", "sum_pooling": "write vector_sum(x)", "max_pooling": "write vector_max(x)", "min_pooling": "write vector_min(x)",
	"mean_pooling": "write vector_avg(x)", "vector_mean": "write vector_avg(x)", "sum_for_each": "write vector_sum(x)", "avg_for_each": "write vector_avg(x)",
	"elementwise_sum": "write vector_sum(x)", "elementwise_avg": "write vector_avg(x)", "elementwise_min": "write vector_min(x)", "elementwise_max": "write vector_max(x)",
	"timesince": "write time_since_last(x)", "time_since": "write time_since_last(x), or time_since_last() for rows whatever they hold",
	"recency": "write time_since_last()", "age": "write time_since_first() or time_since_last()",
	"mean_time_gap": "write mean_gap()", "avg_gap": "write mean_gap()", "inter_arrival": "write mean_gap() or max_gap()",
	"interarrival_time": "write mean_gap() or max_gap()", "avg_time_between": "write mean_gap()", "max_time_gap": "write max_gap()",
	"max_time_between": "write max_gap()", "distinct_days": "write active_days()", "n_unique_days": "write active_days()",
	"days_active": "write active_days()", "current_streak": "write streak(x)", "longest_run": "write longest_streak(x)",
	"max_streak": "write longest_streak(x)", "max_consecutive_true": "write longest_streak(x)",
	"max_drawdown": "write drawdown(x)", "maximum_drawdown": "write drawdown(x)",

	// Sketches and samples whose state depends on the order of events.
	"kll": writePercentile, "kll_quantile": writePercentile, "approx_quantile": writeApprox, "approx_quantiles": writeApprox,
	"percentile_approx": writeApprox, "approx_percentile_cont": writeApprox,
	"tdigest": writePercentile, "t_digest": writePercentile, "quantile_tdigest": writePercentile, "tdigest_agg": writePercentile,
	"quantile_gk": writePercentile, "gk_quantile": writePercentile, "req_quantile": writePercentile, "reservoir_quantile": writePercentile,
	"ddsketch": writeApprox, "histogram_quantile": writeApprox,
	"approx_median": writeApproxMedian, "median_approx": writeApproxMedian,
	"reservoir": writeSample, "reservoir_sample": writeSample,
	"space_saving": writeTopK, "approx_frequent_k": writeTopK, "approx_heavy_hitters_k": writeTopK, "approx_top_count": writeTopK, "approx_most_frequent": writeTopK,
	"misra_gries": writeTopK,
	"ewma":        "write decayed_avg(x, half_life 1d, step 1h), which weighs by time",
	"ema":         "write decayed_avg(x, half_life 1d, step 1h), which weighs by time",

	// The later catalogue.
	"approx_distinct": writeDistinct, "approx_unique_count": writeDistinct, "hll": writeDistinct, "hyperloglog": writeDistinct,
	"hll_count_distinct": writeDistinct, "uniq": writeDistinct, "ndv": writeDistinct, "theta_sketch": writeDistinct,
	"count_cate_where": writeFilter + "count_by(key) filter (where y > 0)", "sum_cate_where": writeFilter + "sum_by(x, key) filter (where y > 0)",
	"avg_cate_where": writeFilter + "avg_by(x, key) filter (where y > 0)", "min_cate_where": writeFilter + "min_by(x, key) filter (where y > 0)",
	"max_cate_where": writeFilter + "max_by(x, key) filter (where y > 0)", "top_n_key_count_cate_where": writeFilter + "count_by(key) filter (where y > 0)",
	"top_n_key_sum_cate_where": writeFilter + "sum_by(x, key) filter (where y > 0)", "top_n_key_avg_cate_where": writeFilter + "avg_by(x, key) filter (where y > 0)",
	"top_n_key_min_cate_where": writeFilter + "min_by(x, key) filter (where y > 0)", "top_n_key_max_cate_where": writeFilter + "max_by(x, key) filter (where y > 0)",
	"map_agg": "write max_by(x, key), or another of count_by, sum_by, avg_by and min_by", "approx_histogram_k": "write approx_top_k(x, 3, 'a', 'b', 'c', 'd'), or count_by(x)",
	"histogram": writeCountBy, "value_counts": writeCountBy, "count_cate": writeCountBy, "count_map": writeCountBy, "countmap": writeCountBy,
	"sum_cate": "write sum_by(x, key)", "sum_map": "write sum_by(x, key)", "summap": "write sum_by(x, key)",
	"avg_cate": "write avg_by(x, key)", "mean_by": "write avg_by(x, key)", "min_cate": "write min_by(x, key)", "max_cate": "write max_by(x, key)",
	"collect_list": writeList,
	"collect_set":  "write collect_distinct(x), ascending", "set_agg": "write collect_distinct(x), ascending", "groupuniqarray": "write collect_distinct(x), ascending",
	"array_agg":    writeList,
	"list":         writeList,
	"group_concat": "write string_agg(x, ', ')",
	"listagg":      "write string_agg(x, ', ')",
	"product":      "write exp(sum(ln(x)) over 30d) for values above 0",
	"topk":         "write top_k(x, 5)", "topkweighted": "write sum_by(x, key)", "most_frequent": "write top_k(x, 5)", "top_n": "write top_k(x, 5)", "topn_frequency": "write top_k(x, 5)",
	"top": "write list_slice(list_sort(collect(x) over 30d), -5, -1) for the five greatest; top_k(x, 5) are the most frequent", "bottom_k": "write list_slice(list_sort(collect(x) over 30d), 1, 5)",
	"unique_top_k": "write list_slice(collect_distinct(x) over 30d, -5, -1)", "top1_ratio": "write top_ratio(x)", "bounded_unique_count": "write count_distinct_upto(x, 10)",
	"gini": "write top_ratio(x) or entropy(x)", "shannon_entropy": "write entropy(x)", "mode_ratio": "write top_ratio(x)",
	"exp_decay_sum": "write decayed_sum(x, half_life 1d, step 1h)", "expdecaysum": "write decayed_sum(x, half_life 1d, step 1h)",
	"exp_decay_avg": "write decayed_avg(x, half_life 1d, step 1h)", "ew_avg": "write decayed_avg(x, half_life 1d, step 1h)",
	"range":      "write max(x) - min(x)",
	"rate":       "write count(*) over 1h / 3600.0, per second, or sum(x) over 1h / 60.0, per minute",
	"row_number": "write count(*), the number of rows before T",
	"lead":       "it looks at what comes after T; write nth_last(x, 2) for what came before the newest",
	"rank":       writeRank, "dense_rank": writeRank, "percent_rank": writeRank, "cume_dist": writeRank, "ntile": writeRank,
	"percentile_rank": "write count(*) filter (where x <= 10) / nullif(count(x), 0)",
}
