// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"selfsame/api"
	"selfsame/stream"
)

// Metrics turns what hooks are told into Prometheus metrics. Labels are bound before the first request: a request looks one up, and makes none.
// It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	steps    *prometheus.HistogramVec
	rows     *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	refused  *prometheus.CounterVec
	events   *prometheus.CounterVec
	ingested *prometheus.CounterVec
	cache    *prometheus.CounterVec
	faults   *prometheus.CounterVec
	skipped  *prometheus.CounterVec

	routes  sync.Map // routeKey -> *routeMetrics
	stepOf  sync.Map // stepKey -> prometheus.Observer
	sources sync.Map // source -> *sourceMetrics
	hits    prometheus.Counter
	misses  prometheus.Counter
}

type routeKey struct {
	protocol, route string
	status          int
}

type stepKey struct{ protocol, step string }

// routeMetrics is what one route with one status counts.
type routeMetrics struct {
	requests, rows, in, out, refused prometheus.Counter
	seconds                          prometheus.Observer
}

type sourceMetrics struct {
	fates [api.FateCount]prometheus.Counter
	bytes prometheus.Counter
}

// latencies are the bounds of histograms, in seconds: 50 µs to 10 s.
var latencies = []float64{50e-6, 100e-6, 200e-6, 300e-6, 500e-6, 750e-6, 1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 7.5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 250e-3, 1, 2.5, 10}

// NewMetrics returns metrics of a process, with those of the Go runtime.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "selfsame_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "selfsame_" + name, Help: help, Buckets: latencies}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("requests_total", "Requests that were answered.", "protocol", "route", "status"),
		seconds:  histogram("request_seconds", "Time from a request's first byte to its answer.", "protocol", "route"),
		steps:    histogram("step_seconds", "Time of the steps of a read.", "protocol", "step"),
		rows:     counter("rows_total", "Rows that requests asked for, or events that they brought.", "protocol", "route"),
		bytes:    counter("bytes_total", "Bytes of the bodies of requests (in) and answers (out).", "protocol", "direction"),
		refused:  counter("refused_total", "Requests that were refused for lack of room.", "protocol", "route"),
		events:   counter("events_total", "Events by what became of them.", "source", "fate"),
		ingested: counter("event_bytes_total", "Bytes of events as they came.", "source"),
		cache:    counter("cache_entities_total", "Entities that reads found in the cache (hit), or not (miss).", "outcome"),
		faults:   counter("faults_total", "Requests that met a fault in Selfsame.", "route"),
		skipped:  counter("view_skipped_total", "Rows that a view left out: the key is null (no_entity), or where is an error (where_error).", "view", "source", "why"),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.steps, m.rows, m.bytes, m.refused, m.events, m.ingested, m.cache, m.faults, m.skipped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.hits, m.misses = m.cache.WithLabelValues("hit"), m.cache.WithLabelValues("miss")
	return m
}

// Handler serves /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Gauge adds a value that is read when it is scraped, such as the applied offset. Names begin with selfsame_; the last of equal names is an error.
func (m *Metrics) Gauge(name, help string, read func() float64) error {
	return m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "selfsame_" + name, Help: help}, read))
}

// Total adds a count that is kept elsewhere and only grows, such as drops of the journal.
func (m *Metrics) Total(name, help string, read func() float64) error {
	return m.registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "selfsame_" + name, Help: help}, read))
}

// Hooks are the hooks of the wire. failed, where not nil, is told errors of class internal beside the count.
func (m *Metrics) Hooks(failed func(route string, err error)) api.Hooks {
	return api.Hooks{
		Request: m.request,
		Steps:   m.step,
		Cache: func(hits, misses int64) {
			m.hits.Add(float64(hits))
			m.misses.Add(float64(misses))
		},
		Pushed: m.pushed,
		Failed: func(route string, err error) {
			m.faults.WithLabelValues(route).Inc()
			if failed != nil {
				failed(route, err)
			}
		},
	}
}

// Stream fills the hooks of the stream driver that count.
func (m *Metrics) Stream(o *stream.Options) {
	count := func(why string) func(view, source string, rows int) {
		return func(view, source string, rows int) { m.skipped.WithLabelValues(view, source, why).Add(float64(rows)) }
	}
	o.NoEntity, o.WhereError = count("no_entity"), count("where_error")
}

func (m *Metrics) request(r api.RequestReport) {
	key := routeKey{r.Protocol, r.Route, r.Status}
	found, ok := m.routes.Load(key)
	if !ok {
		found, _ = m.routes.LoadOrStore(key, &routeMetrics{
			requests: m.requests.WithLabelValues(r.Protocol, r.Route, strconv.Itoa(r.Status)),
			rows:     m.rows.WithLabelValues(r.Protocol, r.Route),
			in:       m.bytes.WithLabelValues(r.Protocol, "in"),
			out:      m.bytes.WithLabelValues(r.Protocol, "out"),
			refused:  m.refused.WithLabelValues(r.Protocol, r.Route),
			seconds:  m.seconds.WithLabelValues(r.Protocol, r.Route),
		})
	}
	c := found.(*routeMetrics)
	c.requests.Inc()
	c.rows.Add(float64(r.Rows))
	c.in.Add(float64(r.In))
	c.out.Add(float64(r.Out))
	c.seconds.Observe(r.Took.Seconds())
	if api.Refused(r) {
		c.refused.Inc()
	}
}

func (m *Metrics) step(protocol string, steps []api.Step) {
	for _, s := range steps {
		key := stepKey{protocol, s.Name}
		found, ok := m.stepOf.Load(key)
		if !ok {
			found, _ = m.stepOf.LoadOrStore(key, m.steps.WithLabelValues(protocol, s.Name))
		}
		found.(prometheus.Observer).Observe(s.Milliseconds * float64(time.Millisecond) / float64(time.Second))
	}
}

func (m *Metrics) pushed(source string, fates *[api.FateCount]int64, bytes int64) {
	found, ok := m.sources.Load(source)
	if !ok {
		s := &sourceMetrics{bytes: m.ingested.WithLabelValues(source)}
		for f := range s.fates {
			s.fates[f] = m.events.WithLabelValues(source, api.Fate(f).String())
		}
		found, _ = m.sources.LoadOrStore(source, s)
	}
	s := found.(*sourceMetrics)
	for f, n := range fates {
		s.fates[f].Add(float64(n))
	}
	s.bytes.Add(float64(bytes))
}
