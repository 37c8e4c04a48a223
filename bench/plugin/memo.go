package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"weir/bench/overhead/stat"
	"weir/host/frame"
	"weir/host/plugin"
	"weir/host/policy"
	"weir/host/policy/memo"
)

const (
	conversations = 64 // all different, so that neither processor nor memo knows them
	turn          = 20
	memoBytes     = 64 << 20 // as the sidecar has it
)

// judge is the guest: judge/judge.c.
//
//go:embed judge/judge.wasm
var judge []byte

// A conversation is one client's chat at three moments.
type conversation struct {
	before *policy.Subject // turn 19
	whole  *policy.Subject // turn 20: the same with one message more
	alone  *policy.Subject // that message by itself
}

// recollection times runs of a chain whose plugin judges message by message.
type recollection struct {
	plugin *plugin.Plugin
	memo   *memo.Memo
	talks  []conversation
	fresh  int // chains made: each has a configuration of its own, for which nothing is remembered
	run    policy.Run
}

// memo times turn 20 after turn 19 was judged, beside its new message in a chat of its own, and beside turn 20 when nothing is remembered.
func (b *bench) memo(ctx context.Context) error {
	pools, err := openPools(ctx)
	if err != nil {
		return err
	}
	defer pools.close()
	// A machine that is busy must not end the run.
	r := &recollection{talks: make([]conversation, conversations)}
	if r.plugin, err = pools.plugin(ctx, "judge", judge, plugin.Limits{Deadline: time.Second, Wait: time.Minute}); err != nil {
		return err
	}
	if r.memo, err = memo.New(memoBytes); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(b.Seed, 3)) // #nosec G404 -- input of a benchmark
	for i := range r.talks {
		if r.talks[i], err = newConversation(rng); err != nil {
			return err
		}
	}
	return b.recollect(ctx, r)
}

func (b *bench) recollect(ctx context.Context, r *recollection) error {
	names := []string{"new message alone", "turn 20", "turn 20, nothing remembered"}
	ns, own := make([][]float64, len(names)), make([][]float64, len(names))
	for i := range ns {
		ns[i], own[i] = make([]float64, b.Rounds), make([]float64, b.Rounds)
	}
	order := []int{0, 1, 2}
	for round := range b.Rounds {
		for _, i := range stat.Rotated(order, round) {
			if err := ctx.Err(); err != nil {
				return err
			}
			took, plugin, err := r.time(i)
			if err != nil {
				return err
			}
			ns[i][round], own[i][round] = float64(took)/conversations, float64(plugin)/conversations
		}
	}
	for i, name := range names {
		b.figure("memo", name, "request_ns", ns[i])
		if i > 0 {
			ratio := b.compare(names[0], ns[i], ns[0])
			if i == 1 {
				b.aim("memo", "turn 20 to its new message alone, the whole run", "×", 1.2, ratio)
			}
		}
		b.figure("memo", name, "plugin_ns", own[i])
		if i > 0 {
			ratio := b.compare(names[0], own[i], own[0])
			if i == 1 {
				b.aim("memo", "turn 20 to its new message alone, the plugin's calls", "×", 1.2, ratio)
			}
		}
	}
	return nil
}

// time is what all conversations together take, and the plugin's calls in it, none of it remembered but what turn 20 was preceded by.
func (r *recollection) time(which int) (took, plugin time.Duration, err error) {
	r.fresh++
	source := &member{Plugin: r.plugin, config: strconv.Itoa(r.fresh)}
	entry := &policy.Entry{Name: "judge", Source: source, OnError: frame.OnErrorDeny}
	chain := policy.NewChain("acme", policy.Spec{Name: "bench", Before: []*policy.Entry{entry}}, policy.Options{Memo: r.memo})
	pick := func(t *conversation) *policy.Subject { return t.whole }
	switch which {
	case 0:
		pick = func(t *conversation) *policy.Subject { return t.alone }
	case 1:
		for i := range r.talks {
			if err := request(&r.run, chain, r.talks[i].before); err != nil {
				return 0, 0, err
			}
		}
	}
	known := r.memo.Hits()
	begin := time.Now()
	for i := range r.talks {
		if err := request(&r.run, chain, pick(&r.talks[i])); err != nil {
			return 0, 0, err
		}
		plugin += time.Duration(r.run.Verdicts()[0].Took)
	}
	took = time.Since(begin)
	if got, want := r.memo.Hits()-known, int64(which%2*(turn-1)*conversations); got != want {
		return 0, 0, fmt.Errorf("%d messages were remembered, and %d should have been", got, want)
	}
	return took, plugin, nil
}

// newConversation is of messages of 512 to 1,023 bytes, a user's and an assistant's in turn.
func newConversation(rng *rand.Rand) (c conversation, err error) {
	var messages [][]byte
	for i := range turn {
		role := "user"
		if i%2 == 1 {
			role = "assistant"
		}
		text := prose(rng.Uint64(), 1<<10)[:512+rng.IntN(512)]
		messages = append(messages, fmt.Appendf(nil, `{"role":%q,"content":%q}`, role, bytes.ToValidUTF8(text, nil)))
	}
	if c.before, err = chatOf(messages[:turn-1]); err != nil {
		return c, err
	}
	if c.whole, err = chatOf(messages); err != nil {
		return c, err
	}
	c.alone, err = chatOf(messages[turn-1:])
	return c, err
}

func chatOf(messages [][]byte) (*policy.Subject, error) {
	return newChat(fmt.Appendf(nil, `{"model":"bench-model","messages":[%s]}`, bytes.Join(messages, []byte(","))))
}
