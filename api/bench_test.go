// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "selfsame/api/selfsamev1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"selfsame"
	"selfsame/column"
)

// wide answers rows × 50 features: counts, amounts and a few strings.
func wide(rows int) *Answer {
	a := &Answer{RequestID: "0190c0de-0000-7000-8000-000000000000", Service: "fraud", Version: 3, Rows: rows, At: 1_700_000_000_000_000, Cut: "c1.AAAAAAAAAAAAAAAAAAAAAA"}
	for i := range 50 {
		kind := []selfsame.Kind{selfsame.Int64, selfsame.Float64, selfsame.Float64, selfsame.Float64, selfsame.String}[i%5]
		c := column.New(selfsame.Scalar(kind), rows)
		for k := range rows {
			switch kind {
			case selfsame.Int64:
				c.Ints = append(c.Ints, int64(k*i))
			case selfsame.Float64:
				c.Floats = append(c.Floats, float64(k*i+1)/7)
			default:
				c.AppendBytes([]byte("merchant_17"))
			}
		}
		a.Columns = append(a.Columns, AnswerColumn{Name: fmt.Sprintf("user_spend__feature_%d", i), Reference: fmt.Sprintf("user_spend.feature_%d@1.0.0", i),
			Definition: strings.Repeat("0123456789abcdef", 4), Values: c})
	}
	a.Schema = NewSchema(a.Columns) // which a plan has once
	return a
}

func BenchmarkEncode(b *testing.B) {
	for _, rows := range []int{1, 100, 500} {
		a := wide(rows)
		for _, known := range []string{"", schemaOf(a.Columns)} {
			how := &asked{schema: known}
			name := fmt.Sprintf("rows=%d/known=%t", rows, known != "")
			b.Run("json/"+name, func(b *testing.B) {
				var e encoder
				for b.Loop() {
					e.out = e.out[:0]
					e.answer(a, how, 100, time.Time{})
				}
				b.SetBytes(int64(len(e.out)))
				b.ReportAllocs()
			})
			b.Run("proto/"+name, func(b *testing.B) {
				var p protoWriter
				for b.Loop() {
					p.out = p.out[:0]
					p.answer(a, how, time.Time{})
				}
				b.SetBytes(int64(len(p.out)))
				b.ReportAllocs()
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	many := `{"rows":[` + strings.Repeat(`{"user_id":"u1234567","amount":12.5,"n":3},`, 99) + `{"user_id":"u1234567","amount":12.5,"n":3}]}`
	for name, body := range map[string]string{"rows=1": `{"rows":[{"user_id":"u1234567","amount":12.5}]}`, "rows=100": many} {
		b.Run(name, func(b *testing.B) {
			var a asked
			s := &scanner{}
			b.ReportAllocs()
			for b.Loop() {
				a.reset(1000)
				s.b, s.at = []byte(body), 0
				if err := a.parse(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseEvents reads a message of 2,000 events with three texts, an amount and a time each.
func BenchmarkParseEvents(b *testing.B) {
	const events = 2000
	texts := func(name string) *v1.Column {
		values := make([]string, events)
		for i := range values {
			values[i] = fmt.Sprintf("%s-%012d", name, i)
		}
		return texts2(name, values...)
	}
	amounts, times := &v1.Column{Name: "amount"}, &v1.Column{Name: "at", Type: "timestamp"}
	for i := range events {
		amounts.Floats, times.Ints = append(amounts.Floats, float64(i)/100), append(times.Ints, 1_700_000_000_000_000+int64(i))
	}
	raw, err := proto.Marshal(&v1.PushRequest{Source: "orders", Fields: []*v1.Column{texts("order_id"), texts("user_id"), texts("shop_id"), amounts, times}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		m := &eventsMessage{}
		if err := m.parse(raw); err != nil || m.rows.Rows != events {
			b.Fatal(m.rows.Rows, err)
		}
	}
}

// BenchmarkClientDecode is what the generated code of a client takes to read an answer.
func BenchmarkClientDecode(b *testing.B) {
	for _, rows := range []int{1, 100} {
		for _, packed := range []bool{false, true} {
			a := wide(rows)
			var p protoWriter
			p.answer(a, &asked{schema: schemaOf(a.Columns), packed: packed}, time.Time{})
			b.Run(fmt.Sprintf("rows=%d/packed=%t", rows, packed), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var r v1.GetFeaturesResponse
					if err := proto.Unmarshal(p.out, &r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkServe is requests over loopback with clients on the same cores, beside an echo that sends the same bytes.
func BenchmarkServe(b *testing.B) {
	a := wide(1)
	var e encoder
	e.answer(a, &asked{}, 100, time.Time{})
	h := New(Options{Features: still{a}}).HTTP()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(e.out)))
		w.Write(e.out)
	})
	for name, handler := range map[string]http.Handler{"http": h, "http-echo": echo} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{Handler: handler}
			go server.Serve(l)
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			url := "http://" + l.Addr().String() + "/v1/services/fraud/features"
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r, err := client.Post(url, "application/json", strings.NewReader(`{"rows":[{"user_id":"u1234567","amount":12.5}]}`))
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// still answers the same always.
type still struct{ a *Answer }

// Features returns the answer.
func (s still) Features(context.Context, *Question) (*Answer, error) { return s.a, nil }

func BenchmarkServeGRPC(b *testing.B) {
	for _, rows := range []int{1, 100, -1, -100} {
		form := v1.Form_COLUMNS
		if rows < 0 {
			rows, form = -rows, v1.Form_PACKED
		}
		b.Run(fmt.Sprintf("rows=%d/%s", rows, form), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- New(Options{Features: still{wide(rows)}}).GRPC().Serve(ctx, l) }()
			conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				b.Fatal(err)
			}
			client := v1.NewFeaturesClient(conn)
			ids := make([]string, rows)
			for i := range ids {
				ids[i] = "u1234567"
			}
			ask := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "fraud"}, Rows: []*v1.Column{texts2("user_id", ids...)}}
			first, err := client.GetFeatures(ctx, ask)
			if err != nil {
				b.Fatal(err)
			}
			ask.Schema, ask.Form = first.Schema, form
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.GetFeatures(ctx, ask); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			conn.Close()
			cancel()
			<-ended
		})
	}
}
