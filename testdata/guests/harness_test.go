package guests_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/host/frame"
	"weir/host/plugin"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patient are limits that a busy machine does not reach.
var patient = plugin.Limits{Deadline: time.Minute, Wait: time.Minute, Start: time.Minute}

// open is a runtime that the test closes, with state in memory.
func open(t *testing.T) *plugin.Runtime {
	t.Helper()
	r, err := plugin.Open(context.Background(), plugin.Options{State: store{&state{values: map[string][]byte{}, counts: map[string]int64{}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// configure admits a module in this process and configures it.
func configure(t *testing.T, r *plugin.Runtime, name string, wasm []byte, s plugin.Setting) (*plugin.Plugin, error) {
	t.Helper()
	s.Name = name
	if s.Limits == (plugin.Limits{}) {
		s.Limits = patient
	}
	m, err := r.Admit(context.Background(), plugin.Source{Name: name, Wasm: wasm, Trusted: true}, s.Limits)
	if err != nil {
		return nil, err
	}
	t.Cleanup(m.Close)
	p, err := r.Configure(context.Background(), m, s)
	if err == nil {
		t.Cleanup(p.Close)
	}
	return p, err
}

// guest is a guest, configured, for one tenant.
func guest(t *testing.T, name, config string, capabilities ...string) *plugin.Pool {
	t.Helper()
	p, err := configure(t, open(t), name, guests.Bytes(name), plugin.Setting{Config: []byte(config), Capabilities: capabilities})
	if err != nil {
		t.Fatal(err)
	}
	return p.For("acme")
}

// call makes a call and gives the verdict's actions, one a line: "TAG guest tag".
func call(t *testing.T, p *plugin.Pool, f frame.Encoder, h abi.Hook) []string {
	t.Helper()
	c := frame.Call{Hook: h, Frame: f}
	if fault := p.Call(&c); fault != nil {
		t.Fatal(fault)
	}
	var lines []string
	v := frame.ReadVerdict(c.Verdict)
	for a, ok := v.Next(); ok; a, ok = v.Next() {
		lines = append(lines, line(a))
	}
	if fault := v.Err(); fault != nil {
		t.Fatal(fault)
	}
	return lines
}

// line is an action in words; fields that are zero in all actions of a kind are left out.
func line(a frame.Action) string {
	switch a.Kind {
	case abi.ActionDeny:
		return fmt.Sprintf("deny %d %s: %s", a.Status, a.Name, a.Text)
	case abi.ActionStop:
		return fmt.Sprintf("stop %s: %s", a.Name, a.Text)
	case abi.ActionEdit, abi.ActionDeltaEdit:
		return fmt.Sprintf("%s %d %d+%d %s", a.Kind, a.Index, a.Offset, a.Length, a.Text)
	case abi.ActionHold:
		return fmt.Sprintf("hold %d", a.Length)
	case abi.ActionScore:
		return fmt.Sprintf("score %d %s=%v", a.Message, a.Name, a.Value)
	case abi.ActionRoute, abi.ActionParam:
		return fmt.Sprintf("%s %d %s%v", a.Kind, a.What, a.Name, a.Value)
	case abi.ActionInsert:
		return fmt.Sprintf("insert %d role %d: %s", a.Index, a.Role, a.Text)
	case abi.ActionStreamState:
		return fmt.Sprintf("stream_state %x", a.Text)
	default:
		return fmt.Sprintf("%s %s=%s", a.Kind, a.Name, a.Text)
	}
}

// written is a frame, laid out once.
type written []byte

// Size implements frame.Encoder.
func (w written) Size() int { return len(w) }

// Encode implements frame.Encoder.
func (w written) Encode(dst []byte) { copy(dst, w) }

// section is one section of a frame, in ascending order of kinds.
type section struct {
	kind  abi.Section
	size  int
	write func(w *frame.Writer)
}

func newFrame(h abi.Hook, sections ...section) written {
	var l frame.Layout
	l.Reset(h, 0)
	for _, s := range sections {
		l.Add(s.kind, s.size)
	}
	out := make([]byte, l.Size())
	w := l.Writer(out)
	for _, s := range sections {
		s.write(&w)
	}
	return out
}

func bytesOf(k abi.Section, s string) section {
	return section{k, len(s), func(w *frame.Writer) { w.String(k, s) }}
}

// messages are MESSAGES and TEXT of user messages with one part each; those marked with a "~" in front are context.
func messages(texts ...string) []section {
	arena := ""
	parts := make([]frame.Part, len(texts))
	for i, s := range texts {
		p := frame.Part{Role: abi.RoleUser, Channel: abi.ChannelUser, Message: uint32(i), Offset: uint32(len(arena))}
		if s != "" && s[0] == '~' {
			p.Flags, s = abi.PartContext, s[1:]
		}
		p.Length = uint32(len(s))
		arena += s
		parts[i] = p
	}
	return []section{
		{abi.SectionMessages, len(parts) * abi.PartSize, func(w *frame.Writer) {
			for i, p := range parts {
				w.Parts().Put(i, p)
			}
		}},
		bytesOf(abi.SectionText, arena),
	}
}

// request is a frame of on_request with those messages.
func request(texts ...string) written { return newFrame(abi.HookRequest, messages(texts...)...) }

// delta is a frame of on_delta with a piece of one string for each text.
func delta(flags uint32, texts ...string) written {
	arena := ""
	for _, s := range texts {
		arena += s
	}
	return newFrame(abi.HookDelta, bytesOf(abi.SectionText, arena), section{abi.SectionDelta, frame.DeltasSize(len(texts)), func(w *frame.Writer) {
		list, at := w.Deltas(frame.Batch{Flags: flags}), 0
		for i, s := range texts {
			list.Put(i, frame.Delta{Index: uint32(i), Offset: uint32(at), Length: uint32(len(s))})
			at += len(s)
		}
	}})
}

func requestInfo() section {
	r := frame.RequestInfo{Endpoint: abi.EndpointChat, MaxTokens: -1, Temperature: math.NaN(), Wall: -1, Monotonic: -1, TextBytes: 512}
	return section{abi.SectionRequest, abi.RequestSize, func(w *frame.Writer) { w.Request(&r) }}
}

// store gives every plugin the same state, and each tenant its own keys.
type store struct{ *state }

type state struct {
	mu     sync.Mutex
	values map[string][]byte
	counts map[string]int64
}

func (s store) Namespace(tenant, name string) plugin.State {
	return space{s.state, tenant + "\x00" + name + "\x00"}
}

type space struct {
	*state
	prefix string
}

func (s space) Add(key []byte, delta int64, _ time.Duration) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[s.prefix+string(key)] += delta
	return s.counts[s.prefix+string(key)]
}

func (s space) Get(key, dst []byte) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[s.prefix+string(key)]
	copy(dst, v)
	return len(v), ok
}

func (s space) Set(key, value []byte, _ time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[s.prefix+string(key)] = append([]byte(nil), value...)
	return true
}

func (s space) Once(key []byte, _ time.Duration) bool {
	return s.Add(append([]byte("once "), key...), 1, 0) == 1
}
