// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
	"selfsame/column"
)

// dial serves the wire in memory and connects to it.
func dial(t testing.TB, o Options) *grpc.ClientConn {
	t.Helper()
	l := bufconn.Listen(1 << 20)
	g := New(o).GRPC()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx, l) }()
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return l.Dial() }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return conn
}

func texts2(name string, values ...string) *v1.Column {
	c := &v1.Column{Name: name}
	for _, v := range values {
		c.Strings = append(c.Strings, []byte(v))
	}
	return c
}

// TestTextsOfAnyLength reads texts of which the first says nothing of how many there are, or of how long they are.
func TestTextsOfAnyLength(t *testing.T) {
	for name, values := range map[string][]string{
		"one":            {"u1"},
		"empty":          {"", "", ""},
		"empty at first": {"", strings.Repeat("x", 300), "u1", ""},
		"long at first":  {strings.Repeat("x", 300), "", "u1", "u2", "u3", "u4"},
	} {
		raw, err := proto.Marshal(&v1.PushRequest{Source: "orders", Fields: []*v1.Column{texts2("a", values...), texts2("b", values...)}})
		if err != nil {
			t.Fatal(err)
		}
		m := &eventsMessage{}
		if err := m.parse(raw); err != nil {
			t.Fatal(name, err)
		}
		for _, c := range m.rows.Columns {
			var got []string
			for i := range c.Len() {
				got = append(got, string(c.Str(i)))
			}
			if !slices.Equal(got, values) {
				t.Errorf("%s: %q, want %q", name, got, values)
			}
		}
	}
}

func TestGetFeatures(t *testing.T) {
	s := &store{}
	client := v1.NewFeaturesClient(dial(t, s.options()))
	at := int64(5)
	answer, err := client.GetFeatures(t.Context(), &v1.GetFeaturesRequest{
		What: &v1.GetFeaturesRequest_Service{Service: "fraud@2"}, At: &at, Timing: true, EventTimes: true, Expired: true, RequestId: "mine",
		Rows: []*v1.Column{
			texts2("user_id", "u1", ""),
			{Name: "amount", Floats: []float64{1.5, math.Inf(1)}},
			{Name: "n", Ints: []int64{-1, 1 << 60}},
			{Name: "ok", Type: "bool", Ints: []int64{1, 0}, Status: []v1.Status{v1.Status_PRESENT, v1.Status_NULL}},
			{Name: "when", Type: "timestamp", Ints: []int64{1, 2}},
			{Name: "text", Data: []byte("abc"), Lengths: []uint32{1, 2}},
			{Name: "tags", Lengths: []uint32{2, 0}, Elements: &v1.Column{Ints: []int64{7, 8}}},
			{Name: "none", Status: []v1.Status{v1.Status_NULL, v1.Status_NULL}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	want := `service=fraud@2 refs=[] entity="" at=5 event_times expired id=mine rows=2 user_id:string="u1";""; amount:float64=1.5;"Infinity"; n:int64=-1;1152921504606846976; ` +
		`ok:bool=true;null; when:timestamp="1970-01-01T00:00:00.000001Z";"1970-01-01T00:00:00.000002Z"; text:string="a";"bc"; tags:list<int64>=[7,8];[]; none:null=null;null;`
	if s.questions[0] != want {
		t.Errorf("got\n%s\nwant\n%s", s.questions[0], want)
	}
	if s.free != 1 {
		t.Errorf("%d answers are given back, want 1", s.free)
	}
	checkAnswer(t, answer, everyKind(&Question{Service: "fraud", EventTimes: true}))
	if answer.Milliseconds["read"] != 1.5 || len(answer.Milliseconds) != 3 || answer.Service != "fraud" || answer.Version != 3 || !answer.Stale || answer.CacheHits != 2 {
		t.Errorf("got %v", answer)
	}
	again, err := client.GetFeatures(t.Context(), &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Features{Features: &v1.References{Reference: []string{"a.b", "c:d"}}},
		EntityId: "u1", Schema: answer.Schema})
	if err != nil {
		t.Fatal(err)
	}
	if again.Schema != answer.Schema || len(again.Definition) != 0 || len(again.Reference) != 0 || again.Columns[0].Name != "" || again.Columns[0].Type != "" || len(again.Milliseconds) != 0 {
		t.Errorf("a known schema is told again: %v", again)
	}
	if want := `service=@0 refs=[a.b c:d] entity="u1" rows=1`; s.questions[1] != want {
		t.Errorf("got %s, want %s", s.questions[1], want)
	}
	if c := again.Columns[12]; c.Ints[0] != 0 || c.Ints[1] != 43 {
		t.Errorf("an expired value that was not asked for is in its slot: %v", c.Ints)
	}
}

// checkAnswer reads the columns of an answer back, as a client does, and compares each value.
func checkAnswer(t *testing.T, got *v1.GetFeaturesResponse, want *Answer) {
	t.Helper()
	for i, w := range want.Columns {
		raw, err := proto.Marshal(got.Columns[i])
		if err != nil {
			t.Fatal(err)
		}
		name, c, err := readColumn(raw, 0)
		if err != nil {
			t.Fatalf("column %s: %v", w.Name, err)
		}
		if name != w.Name || !c.Type.Equal(w.Values.Type) || got.Reference[i] != w.Reference || got.Definition[i] != w.Definition || c.Len() != want.Rows {
			t.Errorf("column %s: got %s of type %s, %d values", w.Name, name, c.Type, c.Len())
			continue
		}
		for k := range want.Rows {
			g, x := fmt.Sprint(c.Value(k)), fmt.Sprint(w.Values.Value(k))
			if w.Values.StatusAt(k) == selfsame.Expired {
				g, x = fmt.Sprint(c.StatusAt(k), c.Ints[k]), fmt.Sprint(selfsame.Expired, w.Values.Ints[k])
			}
			if g != x {
				t.Errorf("column %s of type %s, row %d: got %s, want %s", name, c.Type, k, g, x)
			}
		}
		if fmt.Sprint(got.Columns[i].EventTimes) != fmt.Sprint(w.EventTimes) {
			t.Errorf("column %s: got event times %v, want %v", name, got.Columns[i].EventTimes, w.EventTimes)
		}
	}
}

func TestRefusedMessages(t *testing.T) {
	s := &store{}
	client := v1.NewFeaturesClient(dial(t, s.options()))
	for _, c := range []struct {
		rows []*v1.Column
		want string
	}{
		{[]*v1.Column{{Ints: []int64{1}}}, "has no name"},
		{[]*v1.Column{{Name: "a", Ints: []int64{1}}, {Name: "a", Ints: []int64{1}}}, "column a: is given twice"},
		{[]*v1.Column{{Name: "a", Ints: []int64{1}}, {Name: "b", Ints: []int64{1, 2}}}, "column b: has 2 values"},
		{[]*v1.Column{{Name: "a", Type: "text"}}, "unknown type"},
		{[]*v1.Column{{Name: "a", Data: []byte("abc"), Lengths: []uint32{1}}}, "lengths that do not sum up"},
		{[]*v1.Column{{Name: "a", Data: []byte("abc"), Lengths: []uint32{1, 7}}}, "lengths that do not sum up"},
		{[]*v1.Column{{Name: "a", Ints: []int64{1}, Status: []v1.Status{0, 1}}}, "has 2 statuses and 1 values"},
		{[]*v1.Column{{Name: "a", Ints: []int64{1}, Status: []v1.Status{9}}}, "has a status that is none: 9"},
		{[]*v1.Column{{Name: "a", Type: "decimal(3,1)", Data: []byte("abc")}}, "not 16 bytes each"},
		{[]*v1.Column{{Name: "a", Type: "list<int64>", Lengths: []uint32{1}, Elements: &v1.Column{Floats: []float64{1}}}}, "says list<int64> and holds elements of float64"},
		{[]*v1.Column{{Name: "a", Type: "map<string,int64>", Lengths: []uint32{1}, Elements: &v1.Column{Ints: []int64{1}}}}, "keys that are not one string"},
		{[]*v1.Column{{Name: "a", Ints: make([]int64, 51)}}, "more than 50 rows"},
		{nil, "names no service"},
	} {
		r := &v1.GetFeaturesRequest{Rows: c.rows, What: &v1.GetFeaturesRequest_Service{Service: "fraud"}}
		if c.rows == nil {
			r.What = nil
		}
		_, err := client.GetFeatures(t.Context(), r)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.rows, err, c.want)
		}
	}
	if len(s.questions) != 0 {
		t.Errorf("a bad message was asked: %v", s.questions)
	}
}

func TestPushStream(t *testing.T) {
	s := &store{}
	o := s.options()
	o.MaxEvents = 5
	stream, err := v1.NewEventsClient(dial(t, o)).Push(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	push := func(source string, n int) *v1.PushResponse {
		t.Helper()
		r := &v1.PushRequest{Source: source}
		if n > 0 {
			r.Fields = []*v1.Column{{Name: "n", Ints: make([]int64, n)}}
		}
		if err := stream.Send(r); err != nil {
			t.Fatal(err)
		}
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if a := push("clicks", 3); fmt.Sprint(a.Fate) != "[ACCEPTED ACCEPTED LATE]" || a.Reasons[0].Row != 2 || a.Offset != 103 || a.Arrival != 1_700_000_000_000_000 || a.Problem != nil {
		t.Errorf("got %v", a)
	}
	s.fail = errQueue
	if a := push("clicks", 1); a.Problem.GetClass() != "resource" || a.Problem.RetryMilliseconds != 1500 || len(a.Fate) != 0 {
		t.Errorf("got %v", a)
	}
	s.fail = nil
	for source, n := range map[string]int{"": 1, "clicks": 0, "views": 6} {
		if a := push(source, n); a.Problem.GetClass() != "usage" {
			t.Errorf("%q with %d events: got %v", source, n, a)
		}
	}
	if a := push("clicks", 1); a.Problem != nil || len(a.Fate) != 1 {
		t.Errorf("after problems: got %v", a)
	}
	stream.CloseSend()
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("got %v at the end", err)
	}
	if len(s.events) != 3 || s.events[2] != "clicks rows=1 n:int64=0;" {
		t.Errorf("got %q", s.events)
	}
}

func TestPredictions(t *testing.T) {
	s := &store{}
	client := v1.NewPredictionsClient(dial(t, s.options()))
	score := &v1.Scalar{Value: &v1.Scalar_Number{Number: 0.5}}
	if _, err := client.Predict(t.Context(), &v1.PredictRequest{RequestId: "r1", Row: 2, Model: "m", Score: score, At: 7}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Outcome(t.Context(), &v1.OutcomeRequest{RequestId: "r1", Label: &v1.Scalar{Value: &v1.Scalar_Flag{Flag: true}}}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*v1.PredictRequest{{RequestId: "r1"}, {Score: score}} {
		if _, err := client.Predict(t.Context(), r); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: got %v", r, err)
		}
	}
	if got, want := strings.Join(s.records, "; "), `r1[2] m/ 0.5 "" float64 at 7; r1[0] 1 bool at 0`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHealth(t *testing.T) {
	s := &store{}
	conn := dial(t, s.options())
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_SERVING, healthv1.HealthCheckResponse_NOT_SERVING} {
		h, err := healthv1.NewHealthClient(conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
		if err != nil || h.Status != want {
			t.Errorf("got %v %v, want %v", h, err, want)
		}
		s.ready = errOrdinary
	}
}

// TestOneTable holds both protocols to the table of errors: every class, and what is special.
func TestOneTable(t *testing.T) {
	page := faultTable()
	golden(t, "faults.golden", page)
	for _, class := range []selfsame.ErrorClass{selfsame.ClassUsage, selfsame.ClassDefinition, selfsame.ClassNotFound, selfsame.ClassInput, selfsame.ClassExpectation,
		selfsame.ClassChanged, selfsame.ClassResource, selfsame.ClassCanceled, selfsame.ClassInternal, selfsame.ClassValue, "made up"} {
		want, reason := classes[class], string(class)
		switch class {
		case selfsame.ClassValue:
			want = classes[selfsame.ClassInput]
		case "made up":
			want, reason = classes[selfsame.ClassInternal], "internal"
		}
		checkFault(t, fmt.Errorf("around: %w", &selfsame.Error{Class: class, Ref: "feature a.b", Message: "is wrong", Hint: "put it right"}), want, reason)
	}
	checkFault(t, errQueue, faultBusy, "resource")
	checkFault(t, errBusy, faultBusy, "resource")
	checkFault(t, errOrdinary, classes[selfsame.ClassInternal], "internal")
	checkFault(t, context.DeadlineExceeded, faultDeadline, "canceled")
	checkFault(t, tooLarge("x", ""), faultTooLarge, "usage")
}

func faultTable() string {
	var b strings.Builder
	for _, f := range Faults() {
		fmt.Fprintf(&b, "%-24s %d %-20s retry=%v %s\n", f.Name, f.HTTP, f.Code, f.Retry, f.Title)
	}
	return b.String()
}

// checkFault asks both protocols of a store that ends with err.
func checkFault(t *testing.T, err error, want Fault, reason string) {
	t.Helper()
	s := &store{fail: err}
	w := call(New(s.options()).HTTP(), "POST", "/v1/features/online", question)
	if w.Code != want.HTTP || !strings.Contains(w.Body.String(), `"type":"`+reason+`"`) || (w.Header().Get("Retry-After") != "") != (want == faultBusy || reason == "resource") {
		t.Errorf("%v: got %d %v %s, want %d", err, w.Code, w.Header(), w.Body, want.HTTP)
	}
	_, got := v1.NewFeaturesClient(dial(t, s.options())).GetFeatures(t.Context(), &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "a"}})
	st := status.Convert(got)
	var info *errdetails.ErrorInfo
	var retry *errdetails.RetryInfo
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.RetryInfo:
			retry = d
		}
	}
	if st.Code() != want.Code || info.GetReason() != reason || (retry != nil) != (reason == "resource") {
		t.Errorf("%v: got %v %v %v, want %v", err, st, info, retry, want.Code)
	}
	var own *selfsame.Error
	if errors.As(err, &own) && own.Hint != "" && info.GetMetadata()["hint"] != own.Hint {
		t.Errorf("%v: the hint is lost: %v", err, info)
	}
}

func TestGRPCDeadlineAndPanic(t *testing.T) {
	s := &store{hold: make(chan struct{})}
	conn := dial(t, s.options())
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	ask := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "a"}}
	if _, err := v1.NewFeaturesClient(conn).GetFeatures(ctx, ask); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	p := &store{panic: true}
	if _, err := v1.NewFeaturesClient(dial(t, p.options())).GetFeatures(t.Context(), ask); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("got %v", err)
	}
}

func FuzzProtoQuestion(f *testing.F) {
	r := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "a"}, Rows: []*v1.Column{texts2("k", "a", "b"),
		{Name: "l", Lengths: []uint32{1, 1}, Elements: &v1.Column{Ints: []int64{1, 2}}, Keys: texts2("", "x", "y")}}}
	b, err := proto.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var a asked
		a.reset(1000)
		if a.parseProto(b, 1000) != nil {
			return
		}
		for i, c := range a.given.batch.Columns {
			if err := (&column.Batch{Fields: a.given.batch.Fields[i : i+1], Columns: []*column.Column{c}, Rows: a.given.batch.Rows}).Check(); err != nil {
				t.Fatal(err)
			}
			for k := range c.Len() {
				column.AppendJSON(nil, c, k)
			}
		}
	})
}

func FuzzQuestion(f *testing.F) {
	for _, s := range []string{question, `{"columns":{"a":[1,2.5,null],"b":[[1],["x"],[]]}}`, `{"entity":{"a":"\ud83d\ude00\n","b":1e400}}`, `{"features":["a.b"],"at":5}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var a asked
		for range 2 { // memory is used again
			a.reset(1000)
			if a.parse(&scanner{b: b}) != nil {
				continue
			}
			q, err := a.finish("")
			if err != nil {
				continue
			}
			if err := q.Rows.Check(); err != nil {
				t.Fatalf("%q: %v", b, err)
			}
			rowsText(q.Rows)
		}
	})
}

// A client that goes away while its request is read is no fault of the server; an error that nobody expected is.
func TestFaultsAreOurs(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{{status.Error(codes.Canceled, "context canceled"), 0}, {errors.New("unexpected"), 1}} {
		faults := 0
		o := (&store{}).options()
		o.Hooks.Failed = func(string, error) { faults++ }
		if _, err := New(o).GRPC().features(context.Background(), func(any) error { return c.err }); err == nil || faults != c.want {
			t.Errorf("%v: got error %v and %d faults, want an error and %d", c.err, err, faults, c.want)
		}
	}
}
