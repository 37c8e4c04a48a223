package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// apply splices edits into a copy of body.
func apply(t failer, body []byte, edits ...Edit) []byte {
	t.Helper()
	SortEdits(edits)
	segments, size := Splice(nil, body, edits)
	whole := bytes.Join(segments, nil)
	if len(whole) != size {
		t.Fatalf("size %d of %d bytes", size, len(whole))
	}
	return whole
}

// checkEdits makes both edits of an accepted body and parses the result.
func checkEdits(t failer, r *Request) {
	t.Helper()
	const name = "another \"model\"\x01\u2028é"
	edits := []Edit{r.RenameModel(nil, name)}
	usage, ask := r.AskUsage()
	if ask {
		edits = append(edits, usage)
	}
	if asked := r.Endpoint == Chat || r.Endpoint == Completions; ask != (asked && r.Stream && !r.IncludeUsage) {
		t.Fatalf("AskUsage says %v of %s", ask, r.Body)
	}
	out := apply(t, r.Body, edits...)
	var after Request
	if err := after.Parse(r.Endpoint, out); err != nil {
		t.Fatalf("%v\nof %s\nfrom %s", err, out, r.Body)
	}
	if string(after.Model) != name || after.IncludeUsage != (r.IncludeUsage || ask) || after.Stream != r.Stream {
		t.Fatalf("model %q, include_usage %v in %s", after.Model, after.IncludeUsage, out)
	}
	if !bytes.Equal(after.Arena, r.Arena) || after.Uninspected != r.Uninspected || after.MaxTokens != r.MaxTokens {
		t.Fatalf("the view changed\n%s\n%s", r.Body, out)
	}
}

func TestAskUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, options, want string }{
		{"absent", `{"stream":true}`, `{"stream":true,"stream_options":{"include_usage":true}}`},
		{"absent, not last", `{"stream" : true ,"n":1}`, `{"stream" : true,"stream_options":{"include_usage":true} ,"n":1}`},
		{"null", `{"stream_options": null,"stream":true}`, `{"stream_options": {"include_usage":true},"stream":true}`},
		{"empty", `{"stream_options":{ },"stream":true}`, `{"stream_options":{"include_usage":true },"stream":true}`},
		{"others", `{"stream_options":{"include_obfuscation":false},"stream":true}`, `{"stream_options":{"include_usage":true,"include_obfuscation":false},"stream":true}`},
		{"false", `{"stream_options":{"a":1,"include_usage" : false },"stream":true}`, `{"stream_options":{"a":1,"include_usage" : true },"stream":true}`},
		{"null inside", `{"stream_options":{"include_usage":null},"stream":true}`, `{"stream_options":{"include_usage":true},"stream":true}`},
		{"escaped", `{"stream\u005foptions":{"include\u005fusage":false},"str\u0065am":true}`, `{"stream\u005foptions":{"include\u005fusage":true},"str\u0065am":true}`},
		{"asked", `{"stream_options":{"include_usage":true},"stream":true}`, ""},
		{"not streamed", `{"stream":false,"stream_options":{"include_usage":false}}`, ""},
		{"no stream", `{"n":1}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, ep := range []Endpoint{Chat, Completions} {
				var r Request
				rest := `"model":"m","messages":[],`
				body := strings.Replace(c.options, "{", "{"+rest, 1)
				if err := r.Parse(ep, []byte(body)); err != nil {
					t.Fatal(err)
				}
				edit, ok := r.AskUsage()
				if ok != (c.want != "") {
					t.Fatalf("%s: %v", ep, ok)
				}
				checkEdits(t, &r)
				if !ok {
					continue
				}
				if got := strings.Replace(string(apply(t, r.Body, edit)), rest, "", 1); got != c.want {
					t.Errorf("%s:\n got %s\nwant %s", ep, got, c.want)
				}
			}
		})
	}
}

// TestAskUsageElsewhere: other endpoints send their usage unasked.
func TestAskUsageElsewhere(t *testing.T) {
	t.Parallel()
	for _, ep := range []Endpoint{None, Responses, Embeddings, Messages, CountTokens} {
		var r Request
		if err := r.Parse(ep, []byte(`{"model":"m","messages":[],"stream":true}`)); err != nil {
			t.Fatal(err)
		}
		if edit, ok := r.AskUsage(); ok {
			t.Errorf("%s: %+v", ep, edit)
		}
	}
}

func TestRenameModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{"model" : "a\u0062","messages":[]}`, `{"model" : "new","messages":[]}`},
		{` { "prompt":{"id":"p"}}`, ` {"model":"new", "prompt":{"id":"p"}}`},
		{`{"prompt":{"id":"p"},"model":"x"}`, `{"prompt":{"id":"p"},"model":"new"}`},
	} {
		var r Request
		if err := r.Parse(Responses, []byte(c.body)); err != nil {
			t.Fatal(err)
		}
		dst := append(make([]byte, 0, 64), "kept"...)
		edit := r.RenameModel(dst, "new")
		if got := string(apply(t, r.Body, edit)); got != c.want {
			t.Errorf(" got %s\nwant %s", got, c.want)
		}
		if !strings.HasPrefix(string(dst[:cap(dst)]), "kept"+string(edit.Text)) {
			t.Errorf("%q is not in dst", edit.Text)
		}
	}
	var r Request
	if err := r.Parse(None, []byte(`{ }`)); err != nil {
		t.Fatal(err)
	}
	if got := string(apply(t, r.Body, r.RenameModel(nil, "new"))); got != `{"model":"new" }` {
		t.Error(got)
	}
}

// TestSplice compares with surgery on strings.
func TestSplice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "body")
		var edits []Edit
		want, at := "", 0
		for range rapid.IntRange(0, 5).Draw(t, "edits") {
			start := rapid.IntRange(at, len(body)).Draw(t, "start")
			end := rapid.IntRange(start, len(body)).Draw(t, "end")
			text := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "text")
			edits = append(edits, Edit{start, end, text})
			want += string(body[at:start]) + string(text)
			at = end
		}
		want += string(body[at:])
		before := bytes.Clone(body)
		segments, size := Splice([][]byte{[]byte("head")}, body, edits)
		if got := string(bytes.Join(segments, nil)); got != "head"+want || size != len(want) {
			t.Fatalf("got %q of %d, want %q", got, size, want)
		}
		if !bytes.Equal(body, before) {
			t.Fatal("the body changed")
		}
	})
}

func TestSplicePanics(t *testing.T) {
	t.Parallel()
	for _, edits := range [][]Edit{{{5, 6, nil}, {3, 4, nil}}, {{2, 5, nil}, {4, 6, nil}}, {{3, 2, nil}}, {{0, 11, nil}}, {{-1, 0, nil}}} {
		t.Run(fmt.Sprint(edits), func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			Splice(nil, make([]byte, 10), edits)
		})
	}
}
