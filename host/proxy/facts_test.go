package proxy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/prefix"
	"weir/host/signal"
	"weir/host/signal/phrase"
)

// prose is n bytes of text made of common words, with a line break or an accent
// now and then, the same for the same seed.
func prose(seed uint64, n int) string {
	words := strings.Fields("the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years much where your way down should because long each just state those people too little good make very world still see own work life being under never day same another know while last might great year come since against go came right used take three")
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))])
		switch r.IntN(40) {
		case 0:
			b.WriteString(".\n")
		case 1:
			b.WriteString(" café — ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()[:n]
}

// asked is an exchange whose request has one long message of prose, of a server
// that wants all facts and looks for fifty phrases.
func asked(tb testing.TB, seed uint64, size int) *exchange {
	tb.Helper()
	var list []string
	for i := range 50 {
		list = append(list, fmt.Sprintf("%s all %s instructions", []string{"ignore", "disregard", "forget", "reveal", "override"}[i%5], strings.Repeat("very ", i/5)+"previous"))
	}
	set, err := phrase.Compile(list)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := json.Marshal(strings.ToValidUTF8(prose(seed, size), "."))
	if err != nil {
		tb.Fatal(err)
	}
	seen := prefix.NewSeen(0)
	seen.Every = 4
	x := &exchange{st: &State{Facts: Facts{Signals: true, Phrases: set, Lists: []string{"some"}, Seed: prefix.NewSeed([]byte("0123456789abcdef")), Seen: seen, Keys: MessageKeys}}}
	x.rec.Tenant, x.rec.Model = "default", "m"
	if err := x.req.Parse(dialect.Chat, fmt.Appendf(nil, `{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":%s}]}`, text)); err != nil {
		tb.Fatal(err)
	}
	return x
}

// Plugins are shown every kind of signal, of all texts, and not the notable ones alone that metrics count.
func TestPluginsGetAllSignals(t *testing.T) {
	t.Parallel()
	x := asked(t, 1, 4<<10)
	var want, v signal.Vector
	for i := range x.req.Parts {
		signal.Scan(&v, x.req.Text(i))
		want.Merge(&v)
	}
	if got := x.Signals(&x.req); *got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	var notable signal.Vector
	for i := range x.req.Parts {
		signal.ScanNotable(&v, x.req.Text(i))
		notable.Merge(&v)
	}
	if notable == want {
		t.Error("the text has notable signals alone: the test shows nothing")
	}
}

func TestGatherAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	x := asked(t, 1, 48<<10)
	if n := testing.AllocsPerRun(100, func() { x.rec.Prefix = x.rec.Prefix[:0]; x.gather() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(x.rec.Signals) != 0 || len(x.rec.Phrases) != 0 || len(x.rec.Prefix) != 2 || x.rec.PromptBytes < 48<<10 {
		t.Errorf("%v %v %d keys over %d bytes", x.rec.Signals, x.rec.Phrases, len(x.rec.Prefix), x.rec.PromptBytes)
	}
}

// BenchmarkFacts is what is found out about a request, over sixteen different
// texts in turn: one text again and again is learned by the processor.
func BenchmarkFacts(b *testing.B) {
	for _, size := range []int{1, 16, 48, 128} {
		var xs [16]*exchange
		for i := range xs {
			xs[i] = asked(b, uint64(i), size<<10)
		}
		want := &xs[0].st.Facts
		for _, fact := range []struct {
			name string
			find func(*exchange)
		}{
			{"signals+phrases", func(x *exchange) { x.countSignals(); x.countPhrases(want) }},
			{"signals", (*exchange).countSignals},
			{"phrases", func(x *exchange) { x.countPhrases(want) }},
			{"keys", func(x *exchange) { x.rec.Prefix = x.rec.Prefix[:0]; x.chain(&x.req, want); x.keepKeys(want) }},
		} {
			b.Run(fmt.Sprintf("%s/%dKiB", fact.name, size), func(b *testing.B) {
				b.SetBytes(int64(size) << 10)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					fact.find(xs[i%len(xs)])
				}
			})
		}
	}
}
