package stream

import (
	"slices"
	"strings"
	"testing"

	"weir/host/dialect"
)

func outputText(text string) string {
	return typed(`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":%s}`, quote(text))
}

func outputDone(text string) string {
	return typed(`{"type":"response.output_text.done","output_index":0,"content_index":0,"text":%s}`, quote(text))
}

func completed(text string) string {
	return typed(`{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":%s}]}]}}`, quote(text))
}

// TestRepeats: events that say an edited text again say it as edited, whoever edited what of it.
func TestRepeats(t *testing.T) {
	t.Parallel()
	s := open(t, dialect.Responses, replacer("secret", "[1]"), replacer("other", "[2]"))
	in := []string{outputText("a sec"), outputText("ret b ot"), outputText("her secret"), outputDone("a secret b other secret"), completed("a secret b other secret")}
	want := []string{outputText("a [1]"), outputText(" b [2]"), outputText(" [1]"), outputDone("a [1] b [2] [1]"), completed("a [1] b [2] [1]")}
	var out string
	for i, ev := range in {
		feed(t, s, ev)
		out += flush(t, s, int64(i+1)*tick, false)
	}
	out += flush(t, s, 10*tick, true)
	if out != strings.Join(want, "") {
		t.Errorf("\n got %q\nwant %q", out, want)
	}
}

// TestRepeatsThatDiffer: what no delta said is shown, and edited by itself.
func TestRepeatsThatDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		in, want, batchs []string
	}{
		{"done says more", []string{outputText("a"), outputDone("a secret"), completed("a")}, []string{outputText("a"), outputDone("a [x]"), completed("a")},
			[]string{"0.0 text a", "0.0 text a secret final", "0.0 text a final"}},
		{"completed says other things", []string{outputText("a"), outputDone("a"), completed("secret")}, []string{outputText("a"), outputDone("a"), completed("[x]")},
			[]string{"0.0 text a", "0.0 text a | 0.0 text secret final"}},
		{"no deltas", []string{outputDone("the secret"), completed("the secret")}, []string{outputDone("the [x]"), completed("the [x]")}, []string{"0.0 text the secret final"}},
		{"only completed", []string{completed("the secret")}, []string{completed("the [x]")}, []string{"0.0 text the secret final"}},
		{"under another index", []string{strings.Replace(outputText("my secret"), `"output_index":0`, `"output_index":7`, 1), completed("my secret")},
			[]string{strings.Replace(outputText("my [x]"), `"output_index":0`, `"output_index":7`, 1), completed("my [x]")}, []string{"0.7 text my secret", "0.7 text y [x] | 0.0 text my secret final"}},
	} {
		p := replacer("secret", "[x]")
		s := open(t, dialect.Responses, p)
		var out string
		for i, ev := range c.in {
			feed(t, s, ev)
			out += flush(t, s, int64(i+1)*tick, false)
		}
		out += flush(t, s, 10*tick, true)
		if out != strings.Join(c.want, "") {
			t.Errorf("%s:\n got %q\nwant %q", c.name, out, c.want)
		}
		if !slices.Equal(p.batches, c.batchs) {
			t.Errorf("%s: batches %q", c.name, p.batches)
		}
	}
}

// TestLedgerBounds: what cannot be remembered is shown again, not passed on unseen.
func TestLedgerBounds(t *testing.T) {
	t.Parallel()
	p := replacer("secret", "[x]")
	s := open(t, dialect.Responses, p)
	for i := range maxRecords + 10 {
		feed(t, s, typed(`{"type":"response.output_text.delta","output_index":%d,"delta":"secret"}`, i))
		feed(t, s, typed(`{"type":"response.output_text.done","output_index":%d,"text":"secret"}`, i))
		flush(t, s, int64(i+1)*tick, false)
	}
	feed(t, s, typed(`{"type":"response.output_text.done","output_index":%d,"text":"secret"}`, maxRecords+5))
	if out := flush(t, s, 1e12, true); strings.Contains(out, "secret") || !strings.Contains(out, "[x]") {
		t.Errorf("%q", out)
	}
	if len(s.ledger.records) != maxRecords {
		t.Errorf("%d records", len(s.ledger.records))
	}
}

// TestLedgerFull: an edit that could not be said again is not made.
func TestLedgerFull(t *testing.T) {
	t.Parallel()
	for _, deny := range []bool{true, false} {
		p := replacer("secret", strings.Repeat("x", maxSpliced/4))
		p.deny = deny
		s := open(t, dialect.Responses, p)
		stopped := false
		for i := range 8 {
			feed(t, s, outputText("secret"))
			_, refusal := s.Flush(nil, int64(i+1)*tick, false)
			stopped = stopped || refusal != nil
		}
		if stopped != deny || len(p.faults) != 1 || !strings.Contains(p.faults[0], "can be kept") {
			t.Errorf("stopped %v, faults %q", stopped, p.faults)
		}
	}
}

// TestRepeatsAsObjects: arguments that are said again as an object are shown again, since an object cannot say everything a string can.
func TestRepeatsAsObjects(t *testing.T) {
	t.Parallel()
	delta := typed(`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\":1}"}`)
	end := typed(`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","arguments":{"a":1}}}`)
	p := replacer("1", "oops")
	s := open(t, dialect.Responses, p)
	feed(t, s, delta, end)
	out := flush(t, s, 1, true)
	if want := strings.Replace(delta, "1}", "oops}", 1) + end; out != want || len(p.faults) != 1 {
		t.Errorf("faults %q\n got %q\nwant %q", p.faults, out, want)
	}
}
