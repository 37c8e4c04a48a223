package dialect

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// parsed is a request that must be accepted.
func parsed(t failer, ep Endpoint, body []byte) *Request {
	t.Helper()
	r := new(Request)
	if err := r.Parse(ep, body); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

func TestEditText(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m", "messages":[{"role":"user","content":"a\u00e9\/\ud83d\ude00 \"x\"\n"},{"role":"user","content":"b"}]}`
	for _, c := range []struct {
		name                   string
		part, offset, length   int
		text, want, wantedText string
	}{
		{"first", 0, 0, 1, "A", `A\u00e9\/\ud83d\ude00 \"x\"\n`, "Aé/😀 \"x\"\n"},
		{"escape", 0, 1, 2, "e", `ae\/\ud83d\ude00 \"x\"\n`, "ae/😀 \"x\"\n"},
		{"pair", 0, 4, 4, "\U0001f601", "a\\u00e9\\/\U0001f601 \\\"x\\\"\\n", "aé/😁 \"x\"\n"},
		{"insert", 0, 8, 0, "\x00\u2029\\", `a\u00e9\/\ud83d\ude00\u0000\u2029\\ \"x\"\n`, "aé/😀\x00\u2029\\ \"x\"\n"},
		{"end", 0, 12, 1, "", `a\u00e9\/\ud83d\ude00 \"x\"`, "aé/😀 \"x\""},
		{"all", 0, 0, 13, "new", `new`, "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var e Edits
			e.Begin(parsed(t, Chat, []byte(body)))
			if err := e.Text(c.part, c.offset, c.length, []byte(c.text)); err != nil {
				t.Fatal(err)
			}
			out, err := e.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Replace(body, `a\u00e9\/\ud83d\ude00 \"x\"\n`, c.want, 1); string(out) != want {
				t.Fatalf("\n got %s\nwant %s", out, want)
			}
			if got := string(parsed(t, Chat, out).Text(0)); got != c.wantedText {
				t.Fatalf("reads %q, want %q", got, c.wantedText)
			}
		})
	}
}

func TestEditTextRefuses(t *testing.T) {
	t.Parallel()
	r := parsed(t, Chat, []byte(`{"model":"m","messages":[{"role":"wizard","content":"é"},{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"\\u0061\"}"}}]}],"x":{"y":"z"}}`))
	find := func(kind PartKind, text string) int {
		for i := range r.Parts {
			if r.Parts[i].Kind == kind && strings.Contains(string(r.Text(i)), text) {
				return i
			}
		}
		t.Fatalf("no part %q", text)
		return -1
	}
	letter, role := find(PartString, "é"), find(PartString, "wizard")
	for _, c := range []struct {
		part, offset, length int
		text, want           string
	}{
		{-1, 0, 0, "", "parts"}, {len(r.Parts), 0, 0, "", "parts"}, {find(PartJoined, "z"), 0, 0, "", "joined"}, {find(PartDecoded, "a"), 0, 0, "", "decoded"},
		{letter, 0, 3, "", "not inside"}, {letter, 3, 0, "", "not inside"}, {letter, -1, 0, "", "not inside"}, {letter, 0, -1, "", "not inside"},
		{letter, 1, 1, "", "cut a character"}, {letter, 0, 1, "", "cut a character"}, {letter, 0, 2, "\xff", "UTF-8"},
		{letter, math.MaxInt, 1, "", "not inside"}, {letter, 1, math.MaxInt, "", "not inside"}, {role, 0, 6, "system", "word of the API"},
	} {
		var e Edits
		e.Begin(r)
		if err := e.Text(c.part, c.offset, c.length, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || e.Len() != 0 {
			t.Errorf("%+v: %v", c, err)
		}
	}
	var e Edits
	e.Begin(r)
	for _, offset := range []int{2, 0, 0} {
		if err := e.Text(letter, offset, 2-offset, nil); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := e.Append([]byte("x")); err == nil || string(out) != "x" {
		t.Errorf("overlapping edits: %v, %s", err, out)
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		endpoint   Endpoint
		body, want string
		before     int
		role       Role
	}{
		{"front", Chat, `{"model":"m","messages":[ {"content":"a"} ]}`, `{"model":"m","messages":[ {"role":"system","content":"\"hi\""},{"content":"a"} ]}`, 0, RoleSystem},
		{"back", Chat, `{"model":"m","messages":[ {"content":"a"} ]}`, `{"model":"m","messages":[ {"content":"a"},{"role":"user","content":"\"hi\""} ]}`, -1, RoleUser},
		{"behind the last", Chat, `{"model":"m","messages":[{"content":"a"}]}`, `{"model":"m","messages":[{"content":"a"},{"role":"developer","content":"\"hi\""}]}`, 1, RoleDeveloper},
		{"into none", Chat, `{"model":"m","messages":[ ]}`, `{"model":"m","messages":[{"role":"assistant","content":"\"hi\""} ]}`, 0, RoleAssistant},
		{"Anthropic", Messages, `{"model":"m","messages":[{"role":"user","content":"a"}]}`, `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"\"hi\""}]}`, -1, RoleAssistant},
		{"Anthropic, system in front of messages", Messages, `{"model":"m","system":"s","messages":[{"role":"user","content":"a"}]}`, `{"model":"m","system":"s","messages":[{"role":"user","content":"\"hi\""},{"role":"user","content":"a"}]}`, 0, RoleUser},
		{"Anthropic, no system", Messages, `{"model":"m","messages":[]}`, `{"system":"\"hi\"","model":"m","messages":[]}`, 0, RoleSystem},
		{"Anthropic, null", Messages, `{"model":"m","system":null,"messages":[]}`, `{"model":"m","system":"\"hi\"","messages":[]}`, 0, RoleSystem},
		{"Anthropic, empty", Messages, `{"model":"m","system":"","messages":[]}`, `{"model":"m","system":"\"hi\"","messages":[]}`, 0, RoleSystem},
		{"Anthropic, before a string", Messages, `{"model":"m","system":"s","messages":[]}`, `{"model":"m","system":"\"hi\"\n\ns","messages":[]}`, 0, RoleSystem},
		{"Anthropic, after a string", Messages, `{"model":"m","system":"s","messages":[]}`, `{"model":"m","system":"s\n\n\"hi\"","messages":[]}`, 1, RoleDeveloper},
		{"Anthropic, before blocks", CountTokens, `{"model":"m","system":[{"text":"s"}],"messages":[]}`, `{"model":"m","system":[{"type":"text","text":"\"hi\""},{"text":"s"}],"messages":[]}`, 0, RoleSystem},
		{"Anthropic, after blocks", Messages, `{"model":"m","system":[{"text":"s"} ],"messages":[]}`, `{"model":"m","system":[{"text":"s"} ,{"type":"text","text":"\"hi\""}],"messages":[]}`, 1, RoleSystem},
		{"Anthropic, no blocks", Messages, `{"model":"m","system":[ ],"messages":[]}`, `{"model":"m","system":[{"type":"text","text":"\"hi\""} ],"messages":[]}`, -1, RoleSystem},
		{"Responses", Responses, `{"model":"m","input":[{"role":"user","content":"a"}]}`, `{"model":"m","input":[{"role":"developer","content":"\"hi\""},{"role":"user","content":"a"}]}`, 0, RoleDeveloper},
		{"Responses, before a string", Responses, `{"model":"m","input":"a"}`, `{"model":"m","input":[{"role":"user","content":"\"hi\""},{"role":"user","content":"a"}]}`, 0, RoleUser},
		{"Responses, after a string", Responses, `{"model":"m","input":"a"}`, `{"model":"m","input":[{"role":"user","content":"a"},{"role":"system","content":"\"hi\""}]}`, -1, RoleSystem},
		{"Responses, before instructions", Responses, `{"model":"m","instructions":"i","input":[]}`, `{"model":"m","instructions":"\"hi\"\n\ni","input":[]}`, 0, RoleSystem},
		{"Responses, not the system", Responses, `{"model":"m","instructions":"i","input":[]}`, `{"model":"m","instructions":"i","input":[{"role":"user","content":"\"hi\""}]}`, 0, RoleUser},
		{"Responses, no input", Responses, `{"model":"m","instructions":"i"}`, `{"input":[{"role":"user","content":"\"hi\""}],"model":"m","instructions":"i"}`, 0, RoleUser},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var e Edits
			e.Begin(parsed(t, c.endpoint, []byte(c.body)))
			if err := e.Insert(c.before, c.role, []byte(`"hi"`)); err != nil {
				t.Fatal(err)
			}
			out, err := e.Append(nil)
			if err != nil || string(out) != c.want {
				t.Fatalf("%v\n got %s\nwant %s", err, out, c.want)
			}
			parsed(t, c.endpoint, out)
		})
	}
}

// TestInsertSeveral: messages at one place keep their order, whatever the shape of what they are put into.
func TestInsertSeveral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint Endpoint
		body     string
	}{
		{Chat, `{"model":"m","messages":[]}`}, {Chat, `{"model":"m","messages":[{"role":"user","content":"was"}]}`},
		{Responses, `{"model":"m","input":"was"}`}, {Responses, `{"model":"m","input":[]}`}, {Messages, `{"model":"m","messages":[],"system":"s"}`},
	} {
		var e Edits
		r := parsed(t, c.endpoint, []byte(c.body))
		e.Begin(r)
		for i, text := range []string{"0", "1", "2", "3"} {
			before := 0
			if i >= 2 {
				before = len(r.Messages)
			}
			if err := e.Insert(before, RoleUser, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if r.lastTurn() >= 0 || c.endpoint == Responses && strings.Contains(c.body, "was") {
			if err := e.Text(len(r.Parts)-1, 0, 3, []byte("is")); err != nil {
				t.Fatal(err)
			}
		}
		out, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		after := parsed(t, c.endpoint, out)
		for i := range after.Parts {
			texts = append(texts, string(after.Text(i)))
		}
		if got := strings.TrimPrefix(strings.Join(texts, " "), "s "); strings.TrimSuffix(got, " s") != "0 1 is 2 3" && strings.TrimSuffix(got, " s") != "0 1 2 3" {
			t.Errorf("%s became %s: %s", c.body, out, got)
		}
	}
}

func TestInsertRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint Endpoint
		body     string
		before   int
		role     Role
		text     string
		want     string
	}{
		{Chat, `{"model":"m","messages":[]}`, 1, RoleUser, "", "has 0"}, {Chat, `{"model":"m","messages":[]}`, -2, RoleUser, "", "has 0"},
		{Chat, `{"model":"m","messages":[]}`, 0, RoleTool, "", "role tool"}, {Chat, `{"model":"m","messages":[]}`, 0, RoleNone, "", "role none"},
		{Chat, `{"model":"m","messages":[]}`, 0, RoleUser, "\xff", "UTF-8"}, {Completions, `{"model":"m","prompt":"p"}`, 0, RoleUser, "", "completions"},
		{Embeddings, `{"model":"m","input":"p"}`, 0, RoleUser, "", "embeddings"}, {Responses, `{"model":"m","input":null}`, 0, RoleUser, "", "null"},
	} {
		var e Edits
		e.Begin(parsed(t, c.endpoint, []byte(c.body)))
		if err := e.Insert(c.before, c.role, []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || e.Len() != 0 {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for ep, body := range map[Endpoint]string{Messages: `{"model":"m","messages":[]}`, Responses: `{"model":"m"}`} {
		var e Edits
		e.Begin(parsed(t, ep, []byte(body)))
		if err := e.Insert(0, RoleSystem, []byte("a")); err != nil {
			t.Fatal(err)
		}
		if err := e.Insert(0, RoleSystem, []byte("b")); err == nil {
			t.Errorf("%s: a second member", ep)
		}
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint   Endpoint
		body, want string
	}{
		{Chat, `{"model":"m","messages":[]}`, `{"max_completion_tokens":7,"temperature":0.25,"model":"m","messages":[]}`},
		{Chat, `{"model":"m","max_tokens": 1e3 ,"temperature":null,"messages":[]}`, `{"model":"m","max_tokens": 7 ,"temperature":0.25,"messages":[]}`},
		{Chat, `{"max_tokens":1,"model":"m","max_completion_tokens":null,"messages":[],"temperature":1}`, `{"max_tokens":7,"model":"m","max_completion_tokens":7,"messages":[],"temperature":0.25}`},
		{Completions, `{"model":"m","prompt":"p"}`, `{"max_tokens":7,"temperature":0.25,"model":"m","prompt":"p"}`},
		{Messages, `{"model":"m","max_tokens":9,"messages":[]}`, `{"temperature":0.25,"model":"m","max_tokens":7,"messages":[]}`},
		{Responses, `{"model":"m"}`, `{"max_output_tokens":7,"temperature":0.25,"model":"m"}`},
	} {
		var e Edits
		e.Begin(parsed(t, c.endpoint, []byte(c.body)))
		if err := e.MaxTokens(7); err != nil {
			t.Fatal(err)
		}
		if err := e.Temperature(0.25); err != nil {
			t.Fatal(err)
		}
		out, err := e.Append(nil)
		if err != nil || string(out) != c.want {
			t.Errorf("%v\n got %s\nwant %s", err, out, c.want)
		}
		if r := parsed(t, c.endpoint, out); r.MaxTokens != 7 || r.Temperature != 0.25 {
			t.Errorf("%s reads %d, %v", out, r.MaxTokens, r.Temperature)
		}
		if e.MaxTokens(8) == nil || e.Temperature(1) == nil {
			t.Error("set twice")
		}
	}
	var e Edits
	for ep, body := range map[Endpoint]string{Chat: `{"model":"m","messages":[]}`, Embeddings: `{"model":"m","input":"p"}`} {
		e.Begin(parsed(t, ep, []byte(body)))
		for _, n := range []int64{0, -1, 1 << 60} {
			if e.MaxTokens(n) == nil {
				t.Errorf("%s: %d tokens", ep, n)
			}
		}
		for _, x := range []float64{-1, math.NaN(), math.Inf(1)} {
			if e.Temperature(x) == nil {
				t.Errorf("%s: temperature %v", ep, x)
			}
		}
		if e.Len() != 0 {
			t.Errorf("%s: a refused change stays", ep)
		}
	}
}

// checkChange edits one part of an accepted body: the body that results is accepted, the part reads as it should, other parts read
// as before, and what is not in the part's string stays byte for byte.
func checkChange(t failer, r *Request, part, offset, length int, text []byte) {
	t.Helper()
	var e Edits
	e.Begin(r)
	if e.Text(part, offset, length, text) != nil {
		return
	}
	out, err := e.Append(nil)
	if err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	p := r.Parts[part]
	behind := len(r.Body) - int(p.End)
	if !bytes.HasPrefix(out, r.Body[:p.Start+1]) || !bytes.HasSuffix(out, r.Body[p.End-1:]) {
		t.Fatalf("part %d of %s: %s", part, r.Body, out)
	}
	old := r.Text(part)
	want := string(old[:offset]) + string(text) + string(old[offset+length:])
	after := parsed(t, r.Endpoint, out)
	checkView(t, after)
	if part >= len(after.Parts) || after.Parts[part].Kind != PartString || string(after.Text(part)) != want || int(after.Parts[part].End) != len(out)-behind {
		t.Fatalf("part %d, %q at %d for %d bytes: want %q\nfrom %s\ngot  %s", part, text, offset, length, want, r.Body, out)
	}
	if len(after.Parts)-after.Decoded != len(r.Parts)-r.Decoded || len(after.Messages) != len(r.Messages) || after.Uninspected != r.Uninspected ||
		after.MaxTokens != r.MaxTokens || !bytes.Equal(after.Model, r.Model) || after.Stream != r.Stream {
		t.Fatalf("another request\nfrom %s\ngot  %s", r.Body, out)
	}
}

// checkInsert inserts a message into an accepted body: the body that results is accepted and says the same and the text.
func checkInsert(t failer, r *Request, before int, role Role, text []byte) {
	t.Helper()
	var e Edits
	e.Begin(r)
	if e.Insert(before, role, text) != nil {
		return
	}
	out, err := e.Append(nil)
	if err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	after := parsed(t, r.Endpoint, out)
	checkView(t, after)
	for i := range after.Parts {
		if !bytes.Contains(after.Text(i), text) || after.Parts[i].Kind != PartString {
			continue
		}
		if ch := after.Parts[i].Channel; ch == role.channel() || ch == ChannelInstruction && role < RoleUser {
			return
		}
	}
	t.Fatalf("%s says nothing of %q\nfrom %s", out, text, r.Body)
}

func TestEditRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ep, body := drawBody(t)
		var r Request
		if r.Parse(ep, body) != nil {
			return
		}
		text := []byte(rapid.SampledFrom([]string{"", "x", "\"\\\n", "\u2028😀", "\\u0061", "system", "text", "{\"a\":\"\\u0061\"}"}).Draw(t, "text"))
		checkInsert(t, &r, rapid.IntRange(-1, len(r.Messages)).Draw(t, "before"), Role(rapid.IntRange(1, 4).Draw(t, "role")), text)
		if len(r.Parts) == 0 {
			return
		}
		part := rapid.IntRange(0, len(r.Parts)-1).Draw(t, "part")
		offset := rapid.IntRange(0, len(r.Text(part))).Draw(t, "offset")
		checkChange(t, &r, part, offset, rapid.IntRange(0, len(r.Text(part))-offset).Draw(t, "length"), text)
	})
}

// FuzzEditText: see checkChange and checkInsert.
func FuzzEditText(f *testing.F) {
	for _, place := range places {
		f.Add(uint8(place.endpoint), []byte(strings.Replace(place.body, "@", `,"x":["y",{"z":1}]`, 1)), uint8(1), uint16(1), uint16(1), []byte("\"é\n"))
	}
	for _, text := range scanTexts {
		f.Add(uint8(Chat), []byte(`{"model":"m","messages":[{"role":"user","content":`+text+`}]}`), uint8(0), uint16(2), uint16(3), []byte("\u2028\\"))
	}
	var r Request
	f.Fuzz(func(t *testing.T, ep uint8, body []byte, part uint8, offset, length uint16, text []byte) {
		if r.Parse(Endpoint(ep%8), body) != nil {
			return
		}
		if utf8.Valid(text) {
			checkInsert(t, &r, int(offset)%(len(r.Messages)+1), Role(part%6), text)
		}
		if len(r.Parts) > 0 {
			i := int(part) % len(r.Parts)
			at := int(offset) % (len(r.Text(i)) + 1)
			checkChange(t, &r, i, at, int(length)%(len(r.Text(i))-at+1), text)
		}
	})
}
