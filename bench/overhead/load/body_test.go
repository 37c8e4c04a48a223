package load

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func newRNG(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestBody(t *testing.T) {
	t.Parallel()
	for _, size := range []int{512, 1 << 10, 1<<10 + 1, 16 << 10, 128 << 10, 4 << 20} {
		for _, stream := range []bool{false, true} {
			body := Body(newRNG(1), size, "s000042", stream)
			if len(body) != size {
				t.Errorf("%d bytes, want %d", len(body), size)
			}
			var ask struct {
				Model, User string
				Stream      bool
				Messages    []struct{ Role, Content string }
			}
			if err := json.Unmarshal(body, &ask); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			last := ask.Messages[len(ask.Messages)-1]
			if ask.Model != "bench-model" || ask.User != "s000042" || ask.Stream != stream || ask.Messages[0].Role != "system" || last.Role != "user" {
				t.Errorf("%d bytes: %.300s", size, body)
			}
			if string(body[tagAt:tagAt+tagLen]) != "s000042" {
				t.Errorf("the tag is %q", body[tagAt:tagAt+tagLen])
			}
			if size >= 16<<10 && (!strings.Contains(last.Content, "\n") || !strings.Contains(last.Content, `"`) || !strings.Contains(last.Content, "é")) {
				t.Errorf("%d bytes without line breaks, quotation marks or anything but ASCII", size)
			}
		}
	}
}

func TestBodySeed(t *testing.T) {
	t.Parallel()
	one, same, other := Body(newRNG(1), 4096, "u000000", false), Body(newRNG(1), 4096, "u000000", false), Body(newRNG(2), 4096, "u000000", false)
	if !bytes.Equal(one, same) || bytes.Equal(one, other) {
		t.Error("bodies do not follow the seed")
	}
}

func TestScript(t *testing.T) {
	t.Parallel()
	if !json.Valid([]byte(answerBody)) || len(answerBody) < 500 || len(answerBody) > 900 {
		t.Errorf("the answer has %d bytes", len(answerBody))
	}
	s := newScript(64)
	if len(s.writes) != 64 || len(s.ends) != 64 || s.ends[63] != len(s.body) || s.ends[60] < 180*61 || s.ends[60] > 260*61 {
		t.Errorf("%d writes, ends %v of %d", len(s.writes), s.ends, len(s.body))
	}
	begin := 0
	for i, end := range s.ends {
		data, ok := bytes.CutPrefix(s.body[begin:end], []byte("data: "))
		data, ok2 := bytes.CutSuffix(data, []byte("\n\n"))
		if !ok || !ok2 || (string(data) == "[DONE]") != (i == 63) || i < 63 && !json.Valid(data) {
			t.Errorf("event %d is %q", i, s.body[begin:end])
		}
		begin = end
	}
	var r response
	var got []byte
	whole, err := r.feed(bytes.Join(s.writes, nil), func(p []byte) error { got = append(got, p...); return nil })
	if err != nil || !whole || !bytes.Equal(got, s.body) {
		t.Errorf("the stream is read as %d bytes, whole %t, %v", len(got), whole, err)
	}
}

func FuzzBody(f *testing.F) {
	f.Add(uint64(1), 512)
	f.Add(uint64(7), 3000)
	f.Fuzz(func(t *testing.T, seed uint64, size int) {
		if size < 512 || size > 1<<17 {
			t.Skip("not a size that bodies have")
		}
		if body := Body(newRNG(seed), size, "u000000", true); len(body) != size || !json.Valid(body) {
			t.Errorf("%d bytes, want %d: %s", len(body), size, body)
		}
	})
}
