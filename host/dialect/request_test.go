package dialect

import (
	"math"
	"strings"
	"syscall"
	"testing"
)

// TestParseAllocatesNothing holds every kind of body to no allocation once the buffers have grown.
func TestParseAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	bodies := goldenBodies(t)
	for _, c := range benchBodies {
		bodies["chat_"+c.name] = c.body
	}
	var wide strings.Builder
	for range 20 {
		wide.WriteString(`{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":0,"n":0,"o":0,"p":0,"q":0,"\u0072":0},`)
	}
	bodies["chat_keys"] = []byte(`{"model":"m","messages":[],"x":[` + wide.String() + `0]}`)
	var r Request
	for name, body := range bodies {
		ep := endpointOf(name)
		if n := testing.AllocsPerRun(20, func() {
			if err := r.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestParseAgain: nothing of one body shows in the next, refused ones included.
func TestParseAgain(t *testing.T) {
	t.Parallel()
	bodies := goldenBodies(t)
	var used Request
	for range 2 {
		for file, body := range bodies {
			var fresh Request
			ep := endpointOf(file)
			if err := fresh.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
			if err := used.Parse(ep, body); err != nil {
				t.Fatal(err)
			}
			if view(&fresh) != view(&used) {
				t.Errorf("%s:\n%s\nused before:\n%s", file, view(&fresh), view(&used))
			}
			if err := used.Parse(ep, body[:len(body)/2]); err == nil {
				t.Errorf("%s: accepted half of it", file)
			}
		}
		used.Reset()
		if used.Body != nil || len(used.Arena)+len(used.Parts)+len(used.Messages)+len(used.Tools)+len(used.Model) != 0 ||
			used.Uninspected.Total() != 0 || used.MaxTokens != -1 || !math.IsNaN(used.Temperature) || used.N != 1 {
			t.Errorf("after Reset:\n%s", view(&used))
		}
	}
}

func TestSession(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint Endpoint
		members  string
		want     string
	}{
		{Chat, `"user":"u"`, "u"},
		{Chat, `"safety_identifier":"s","user":"u"`, "s"},
		{Chat, `"user":"u","prompt_cache_key":"\u0070c","safety_identifier":"s"`, "pc"},
		{Chat, `"user":"","safety_identifier":7`, ""},
		{Chat, `"metadata":{"user_id":"m"}`, ""},
		{Responses, `"conversation":"c","prompt_cache_key":"p"`, "c"},
		{Responses, `"prompt_cache_key":"p","conversation":{"id":"c"}`, "c"},
		{Responses, `"conversation":null,"previous_response_id":"r","user":"u"`, "u"},
		{Messages, `"metadata":{"user_id":"m","x":1}`, "m"},
		{Messages, `"metadata":{"user_id":null}`, ""},
	} {
		var r Request
		if err := r.Parse(c.endpoint, []byte(`{"model":"m","messages":[],`+c.members+`}`)); err != nil {
			t.Errorf("%s: %v", c.members, err)
		} else if string(r.Session) != c.want {
			t.Errorf("%s: session %q", c.members, r.Session)
		}
	}
}

// TestSecretsStayOut: plugins see the arena, so credentials inside a body must not be in it.
func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	for file, body := range goldenBodies(t) {
		var r Request
		if err := r.Parse(endpointOf(file), body); err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(r.Arena), "secret-"); at >= 0 {
			t.Errorf("%s: %.40q", file, r.Arena[at:])
		}
	}
}

// TestTooLarge has a body beyond what offsets can hold, in memory that cannot even be read.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	body, err := syscall.Mmap(-1, 0, maxBody+1, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(body); err != nil {
			t.Error(err)
		}
	})
	var r Request
	if err := r.Parse(Chat, body); err == nil || err.Kind != TooLarge {
		t.Error(err)
	}
}
