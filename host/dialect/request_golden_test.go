package dialect

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files of this run")

// view writes what Parse found, one thing a line.
func view(r *Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s model=%q at %d:%d stream=%v include_usage=%v max_tokens=%d n=%d", r.Endpoint, r.Model,
		r.ModelSpan.Start, r.ModelSpan.End, r.Stream, r.IncludeUsage, r.MaxTokens, r.N)
	if !math.IsNaN(r.Temperature) {
		fmt.Fprintf(&b, " temperature=%v", r.Temperature)
	}
	fmt.Fprintf(&b, " session=%q controls=%d\n%+v\n", r.Session, r.Controls, r.Uninspected)
	kinds := [...]string{PartString: "string", PartJoined: "joined", PartDecoded: "decoded"}
	for i, m := range r.Messages {
		fmt.Fprintf(&b, "message %d %s index %d: parts %d+%d, bytes %d:%d\n", i, m.Role, m.Index, m.Part, m.Parts, m.Start, m.End)
	}
	for i, p := range r.Parts {
		fmt.Fprintf(&b, "part %d of %d %s %s %s %q\n", i, p.Message, p.Role, p.Channel, kinds[p.Kind], r.Arena[p.Offset:p.Offset+p.Length])
	}
	for i, tool := range r.Tools {
		fmt.Fprintf(&b, "tool %d %+v\n", i, tool)
	}
	return b.String()
}

// endpointOf takes the endpoint from a file's name.
func endpointOf(file string) Endpoint {
	for ep := Chat; ep <= CountTokens; ep++ {
		if strings.HasPrefix(filepath.Base(file), ep.String()+"_") {
			return ep
		}
	}
	return None
}

func goldenBodies(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/requests/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no request bodies: %v", err)
	}
	bodies := make(map[string][]byte, len(files))
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[file] = body
	}
	return bodies
}

// TestGolden holds the view of realistic bodies of every endpoint.
func TestGolden(t *testing.T) {
	t.Parallel()
	for file, body := range goldenBodies(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var r Request
			if err := r.Parse(endpointOf(file), body); err != nil {
				t.Fatal(err)
			}
			checkView(t, &r)
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(view(&r)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got := view(&r); got != string(want) {
				t.Errorf("%s differs; run with -update and look\ngot\n%s", golden, got)
			}
		})
	}
}
