package frame_test

import (
	"reflect"
	"testing"
	"unsafe"

	"weir/sdk/abi"
	sdk "weir/sdk/go"
)

// TestGuestView reads a frame as a guest does, through the structs that are generated for guests from the ABI's tables. So the writer, the tables and
// the generator say the same.
func TestGuestView(t *testing.T) {
	t.Parallel()
	c := full()
	b := c.encoder(abi.HookRequest, abi.FrameObserve, every).encode(0)
	header := view[sdk.Header](b)
	if header.Magic != sdk.Magic || int(header.Size) != len(b) || header.Hook != sdk.HookRequest || header.Flags != sdk.FrameObserve {
		t.Errorf("header %+v", header)
	}
	sections := map[uint16][]byte{}
	for i := range int(header.Sections) {
		e := view[sdk.Entry](b[abi.HeaderSize+i*abi.EntrySize:])
		sections[e.Kind] = b[e.Offset:][:e.Length]
	}
	in := func(k uint16, at int) []byte { return sections[k][at:] }

	same(t, c.request, view[sdk.Request](in(sdk.SectionRequest, 0)), 23)
	same(t, c.session, view[sdk.Session](in(sdk.SectionSession, 0)), 2)
	same(t, c.parts[1], view[sdk.Part](in(sdk.SectionMessages, abi.PartSize)), 7)
	same(t, c.tools[0], view[sdk.Tool](in(sdk.SectionTools, 0)), 3)
	same(t, c.batch, view[sdk.Batch](in(sdk.SectionDelta, 0)), 2)
	same(t, c.deltas[0], view[sdk.Delta](in(sdk.SectionDelta, abi.BatchSize)), 5)
	same(t, c.usage, view[sdk.Usage](in(sdk.SectionUsage, 0)), 15)
	same(t, c.prefix, view[sdk.Prefix](in(sdk.SectionPrefix, 0)), 1)
	same(t, c.judge, view[sdk.Judge](in(sdk.SectionJudge, 0)), 1)
	same(t, c.feedback, view[sdk.Feedback](in(sdk.SectionFeedback, 0)), 1)

	targets := sections[sdk.SectionTargets]
	target := view[sdk.Target](targets[abi.ListSize+abi.TargetSize:])
	same(t, c.targets[1], target, 6)
	text(t, targets, target.NameOffset, target.NameLength, c.targets[1].Name)
	text(t, targets, target.KindOffset, target.KindLength, c.targets[1].Kind)
	text(t, targets, target.DataOffset, target.DataLength, c.targets[1].Data)

	headers := sections[sdk.SectionHeaders]
	field := view[sdk.HeaderField](headers[abi.ListSize:])
	text(t, headers, field.NameOffset, field.NameLength, c.headers[0].Name)
	text(t, headers, field.ValueOffset, field.ValueLength, string(c.headers[0].Value))

	scores := sections[sdk.SectionScores]
	score := view[sdk.Score](scores[abi.ListSize+abi.ScoreSize:])
	same(t, c.scores[1], score, 2)
	text(t, scores, score.NameOffset, uint32(score.NameLength), string(c.scores[1].Name))
	text(t, scores, score.PluginOffset, uint32(score.PluginLength), c.scores[1].Plugin)

	tags := sections[sdk.SectionTags]
	tag := view[sdk.Tag](tags[abi.ListSize:])
	text(t, tags, tag.NameOffset, tag.NameLength, string(c.tags[0].Name))
	text(t, tags, tag.ValueOffset, tag.ValueLength, string(c.tags[0].Value))
	text(t, tags, tag.PluginOffset, tag.PluginLength, c.tags[0].Plugin)

	for k, n := range map[uint16]int{sdk.SectionHeaders: 2, sdk.SectionTargets: 2, sdk.SectionScores: 2, sdk.SectionTags: 2, sdk.SectionMemo: 1} {
		if list := view[sdk.List](sections[k]); int(list.Count) != n {
			t.Errorf("section %d has %d entries, want %d", k, list.Count, n)
		}
	}
	if view[sdk.Batch](sections[sdk.SectionDelta]).Count != 2 || view[sdk.Prefix](sections[sdk.SectionPrefix]).Keys != 3 {
		t.Error("counts of DELTA or PREFIX")
	}

	action := view[sdk.Action](verdict(actions[abi.ActionHold-1].write))
	if action.Kind != sdk.ActionHold || action.Flags != 0 || action.Length != 4 {
		t.Errorf("action %+v", action)
	}
}

// view is what b begins with.
func view[T any](b []byte) T {
	var v T
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)), b)
	return v
}

// text compares a string of a list.
func text(t *testing.T, list []byte, offset, length uint32, want string) {
	t.Helper()
	if got := string(list[offset:][:length]); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// same compares the fields that both have under one name, of which there are n.
func same(t *testing.T, host, guest any, n int) {
	t.Helper()
	h, g := reflect.ValueOf(host), reflect.ValueOf(guest)
	for i := range g.NumField() {
		name := g.Type().Field(i).Name
		field := h.FieldByName(name)
		if name == "_" || !field.IsValid() || field.Kind() != g.Field(i).Kind() {
			continue
		}
		n--
		if !field.Equal(g.Field(i)) {
			t.Errorf("%T.%s is %v, want %v", guest, name, g.Field(i), field)
		}
	}
	if n != 0 {
		t.Errorf("%T and %T share %d fields less than they should", host, guest, n)
	}
}
