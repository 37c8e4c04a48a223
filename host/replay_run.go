package host

import (
	"fmt"
	"math"
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
	"weir/host/policy/stream"
	"weir/host/telemetry"
	"weir/sdk/abi"
)

// replayHooks are the hooks that are replayed, in the order of a request.
var replayHooks = [...]abi.Hook{abi.HookRequest, abi.HookDelta, abi.HookEnd}

// replayResult is what came of one line.
type replayResult struct {
	bad       error // it is no record
	record    *replayRecord
	skip      replaySkip
	reason    string // of an unreadable one
	truncated bool   // texts were cut when they were recorded
	said      [len(replayHooks)]replayPair
}

// replaySkip is why a record was not replayed.
type replaySkip uint8

const (
	replayed replaySkip = iota
	withoutText
	otherTenant
	unreadable // the texts make no request
)

// replayPair is what was said in a hook then and now.
type replayPair struct {
	old, now *recordedVerdict // nil: it was not called
	state    replayState
}

// replayState says whether the two can be compared.
type replayState uint8

const (
	sameSight    replayState = iota // it was shown the same, as far as records go
	altered                         // what was recorded is not what the plugin was shown then
	notShown                        // there was no answer to show, then or now
	onlyWhatDone                    // it was shown in pieces then: what it did counts, not what it thought of pieces
)

// replayWorker replays records one at a time. It belongs to one goroutine.
type replayWorker struct {
	plugin  *replayPlugin
	chains  map[string]*policy.Chain // by tenant
	run     policy.Run
	request dialect.Request
	stream  stream.Stream
	answer  dialect.Answer
	facts   replayFacts
	body    []byte
}

// maxReplayChains bounds the tenants whose chains a worker keeps.
const maxReplayChains = 1024

func newReplayWorker(p *replayPlugin) *replayWorker {
	return &replayWorker{plugin: p, chains: map[string]*policy.Chain{}, facts: replayFacts{settings: p.settings}}
}

// replay reads a line and runs the plugin over it.
func (w *replayWorker) replay(line []byte) (res replayResult) {
	r, err := readRecord(line)
	if err != nil {
		res.bad = err
		return res
	}
	res.record = r
	if r.text == nil || len(r.text.Messages) == 0 {
		res.skip = withoutText
	} else if w.plugin.tenant != "" {
		if tenant, _ := ownTenant(w.plugin.label); tenant != r.Tenant {
			res.skip = otherTenant
		}
	}
	if res.skip == replayed {
		w.body = r.appendRequest(w.body[:0])
		if w.body == nil {
			res.skip, res.reason = unreadable, fmt.Sprintf("requests of endpoint %q are not known to this version", r.Endpoint)
		} else if e := w.request.Parse(r.endpoint, w.body); e != nil {
			res.skip, res.reason = unreadable, e.Message
		} else {
			w.judge(&res)
		}
	}
	w.request.Reset()
	w.run.Reset()
	res.truncated = r.text != nil && r.text.Truncated
	r.text = nil // all else is small
	return res
}

// judge takes the request in w, and the answer to it, through the plugin.
func (w *replayWorker) judge(res *replayResult) {
	r := res.record
	chain := w.chain(r.Tenant)
	w.facts.record = r
	wall, err := time.Parse(time.RFC3339Nano, r.Time)
	if err != nil {
		wall = time.Unix(0, 0)
	}
	_, refusal := w.run.Request(chain, &policy.Subject{
		Tenant: r.Tenant, Route: r.Route, Model: r.Model, RequestID: r.RequestID, Session: []byte(r.Session),
		Request: &w.request, Facts: &w.facts, Wall: wall, Replay: true,
	})
	answer, shown := r.text.Answer, false
	refused := refusal
	if refusal == nil {
		answer, shown, refused = w.watch(r)
	}
	w.end(r, refusal, refused, answer)
	faulted := false
	label := w.plugin.label
	for i, h := range replayHooks {
		p := &res.said[i]
		p.old, _ = r.of(label, h.String())
		p.now = w.said(h)
		faulted = faulted || p.now != nil && p.now.Fault != ""
		p.state = sight(r, label, h, shown)
	}
	if faulted { // its breakers are about what was asked of the plugin in a row, and records are not
		delete(w.chains, r.Tenant)
	}
}

// sight says whether what was said in a hook can be compared.
func sight(r *replayRecord, label string, h abi.Hook, shown bool) replayState {
	switch {
	case h != abi.HookEnd && r.altered(label, h.String()):
		return altered
	case h != abi.HookDelta:
		return sameSight
	case !shown:
		return notShown
	case r.Stream:
		return onlyWhatDone
	}
	return sameSight
}

// chain is a policy of the plugin alone.
func (w *replayWorker) chain(tenant string) *policy.Chain {
	if c := w.chains[tenant]; c != nil {
		return c
	}
	if len(w.chains) >= maxReplayChains {
		clear(w.chains)
	}
	spec := policy.Spec{Name: "replay"}
	if list := []*policy.Entry{w.plugin.entry}; w.plugin.tenant != "" {
		spec.Tenant = list
	} else {
		spec.Before = list
	}
	c := policy.NewChain(tenant, spec, policy.Options{Log: w.plugin.log})
	w.chains[tenant] = c
	return c
}

// watch shows the plugin the answer, and gives it as the client would have got it. Shown is false when there was nothing to show.
func (w *replayWorker) watch(r *replayRecord) (answer string, shown bool, refusal *policy.Refusal) {
	answer = r.text.Answer
	body := r.answerBody()
	if answer == "" || body == nil {
		return answer, false, nil
	}
	if w.run.Watchers() == 0 {
		return answer, true, nil
	}
	w.stream.Begin(&w.run, stream.Options{Endpoint: r.endpoint, Pending: 2 * maxReplayLine})
	out, refusal, err := w.stream.Whole(nil, body, frame.Nanotime())
	edited := w.stream.Edited()
	w.stream.Close()
	switch {
	case err != nil:
		return answer, false, nil
	case refusal != nil:
		return "", true, refusal
	case edited:
		w.answer.Reset(r.endpoint, dialect.Options{KeepText: true, MaxText: 2 * maxReplayLine})
		_ = w.answer.Body(out) // an edited answer is as good as what it was made of
		answer = string(w.answer.Text)
	}
	return answer, true, nil
}

// end tells the plugin how the request ended: as recorded, or as a refusal would have ended it.
func (w *replayWorker) end(r *replayRecord, early, refusal *policy.Refusal, answer string) {
	end := policy.End{UsageInfo: r.usage()}
	if early != nil {
		end.UsageInfo = frame.UsageInfo{USD: math.NaN()}
	}
	if refusal != nil {
		end.Status, end.Outcome = uint16(refusal.Status), uint8(telemetry.Denied)
		if refusal.Fault {
			end.Outcome = uint8(telemetry.Internal)
		}
		answer = ""
	}
	end.Bytes = uint64(len(answer))
	if w.run.WantsText() {
		end.Text = []byte(answer)
	}
	w.run.End(&end)
}

// usage is how the request ended when it was recorded.
func (r *replayRecord) usage() frame.UsageInfo {
	u := frame.UsageInfo{
		Input: r.Input, Cached: r.Cached, CacheWrite: r.CacheWrite, Output: r.Output, Reasoning: r.Reasoning,
		Gateway: nanos(r.MS.Gateway), Queue: nanos(r.MS.Queue), Total: nanos(r.MS.Total), USD: math.NaN(),
		Status: uint16(min(max(r.Status, 0), math.MaxUint16)), Outcome: outcomeNamed(r.Outcome),
		Attempts: uint32(len(r.Attempts)), Finish: []byte(r.Finish),
	}
	if r.MS.TTFT != nil {
		u.TTFT = nanos(*r.MS.TTFT)
	}
	if r.Estimated {
		u.Flags |= abi.UsageEstimated
	}
	return u
}

// nanos is milliseconds in nanoseconds, within a year.
func nanos(ms float64) int64 {
	return int64(min(max(ms, 0), 365*24*3600*1000) * float64(time.Millisecond))
}

func outcomeNamed(name string) uint8 {
	for o := telemetry.OK; o <= telemetry.Denied; o++ {
		if o.String() == name {
			return uint8(o)
		}
	}
	return uint8(telemetry.Internal)
}

// said is what the plugin said in a hook just now, as a record would have it; nil: it was not called.
func (w *replayWorker) said(h abi.Hook) *recordedVerdict {
	all := w.run.Verdicts()
	for i := len(all) - 1; i >= 0; i-- {
		v := &all[i]
		if v.Hook != h {
			continue
		}
		said := &recordedVerdict{
			Plugin: v.Plugin, Hook: h.String(), Action: v.Action.String(), US: float64(v.Took) / 1000, Fuel: v.Fuel, Calls: new(int64),
		}
		*said.Calls = int64(v.Calls)
		if v.Fault != frame.ClassNone {
			said.Fault = v.Fault.String()
		}
		if !math.IsNaN(v.Score) {
			score := v.Score // the run is used again
			said.Score = &score
		}
		return said
	}
	return nil
}
