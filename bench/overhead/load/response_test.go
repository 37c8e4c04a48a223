package load

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

const (
	okHead      = "HTTP/1.1 200 OK\r\n"
	chunkedHead = okHead + "Transfer-Encoding: chunked\r\n\r\n"
)

// read feeds text in pieces that end at the places given.
func read(text string, cuts ...int) (body string, whole bool, err error) {
	var r response
	var got bytes.Buffer
	take := func(p []byte) error { got.Write(p); return nil }
	from := 0
	for _, to := range append(cuts, len(text)) {
		p := []byte(text[from:to]) // a copy: what feed keeps must be its own
		whole, err = r.feed(p, take)
		for i := range p {
			p[i] = '!'
		}
		if err != nil {
			return got.String(), false, err
		}
		if whole && to < len(text) {
			return got.String(), false, fmt.Errorf("whole after %d of %d bytes", to, len(text))
		}
		from = to
	}
	return got.String(), whole, nil
}

func TestResponse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, body, bad string }{
		"length":             {text: okHead + "Content-Length: 5\r\n\r\nhello", body: "hello"},
		"any case":           {text: okHead + "X: y\r\ncONTENT-lENGTH:5\r\nConnection: keep-alive\r\n\r\nhello", body: "hello"},
		"nothing":            {text: okHead + "Content-Length: 0\r\n\r\n"},
		"chunks":             {text: chunkedHead + "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", body: "hello"},
		"a trailer":          {text: chunkedHead + "5\r\nhello\r\n0\r\nX: y\r\nZ: 1\r\n\r\n", body: "hello"},
		"upper hexadecimal":  {text: chunkedHead + "0A\r\n0123456789\r\n000\r\n\r\n", body: "0123456789"},
		"another status":     {text: "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", bad: "502"},
		"another version":    {text: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nbad", bad: "HTTP/1.0"},
		"closing":            {text: okHead + "Connection: Close\r\nContent-Length: 5\r\n\r\nhello", bad: "Connection: close"},
		"no length":          {text: okHead + "\r\n", bad: "neither"},
		"both lengths":       {text: okHead + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", bad: "or both"},
		"length is no count": {text: okHead + "Content-Length: -5\r\n\r\n", bad: "-5"},
		"more than asked":    {text: okHead + "Content-Length: 5\r\n\r\nhelloworld", bad: "after the end"},
		"chunk of nonsense":  {text: chunkedHead + "xyz\r\n", bad: "xyz"},
		"chunk too large":    {text: chunkedHead + "ffffffffff\r\n", bad: "ffff"},
		"chunk too long":     {text: chunkedHead + "2\r\nhello\r\n", bad: "followed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(test.text) + 1 {
				body, whole, err := read(test.text, cut)
				switch {
				case test.bad != "":
					if err == nil || !strings.Contains(err.Error(), test.bad) && (cut == 0 || cut == len(test.text)) {
						t.Errorf("cut at %d: got %v, want an error with %q", cut, err, test.bad)
					}
				case err != nil || !whole && cut < len(test.text) || body != test.body:
					t.Errorf("cut at %d: got %q, whole %t, %v", cut, body, whole, err)
				}
			}
		})
	}
	if _, _, err := read(okHead + "X: " + strings.Repeat("y", maxHead)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless head: %v", err)
	}
}

// However a response is cut, it is read as if it had come at once.
func FuzzResponse(f *testing.F) {
	f.Add(okHead+"Content-Length: 5\r\n\r\nhello", 3, 20)
	f.Add(chunkedHead+"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", 40, 50)
	f.Add(chunkedHead+"0\r\nX: y\r\n\r\n", 1, 2)
	f.Add(okHead+"Content-Length: 5\r\n\r\nhelloworld", 1, 2)
	f.Fuzz(func(t *testing.T, text string, a, b int) {
		n := uint(len(text)) + 1
		cut := []int{int(uint(a) % n), int(uint(b) % n)} // #nosec G115
		cut = []int{min(cut[0], cut[1]), max(cut[0], cut[1])}
		body, whole, err := read(text)
		body2, whole2, err2 := read(text, cut...)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("at once %v, cut at %v %v", err, cut, err2)
		}
		// After a whole response, an empty piece says nothing of it.
		if err == nil && (body != body2 || whole != whole2 && cut[1] < len(text)) {
			t.Fatalf("at once %q %t, cut at %v %q %t", body, whole, cut, body2, whole2)
		}
	})
}

func TestResponseAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	text := answer()
	stream := newScript(8)
	var r response
	take := func([]byte) error { return nil }
	for name, one := range map[string]func() (bool, error){
		"answer": func() (bool, error) { return r.feed(text, take) },
		"stream": func() (whole bool, err error) {
			for _, w := range stream.writes {
				if whole, err = r.feed(w, take); err != nil {
					return false, err
				}
			}
			return whole, err
		},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if whole, err := one(); !whole || err != nil {
				t.Fatal(whole, err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
