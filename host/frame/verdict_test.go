package frame_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// verdict is what write writes.
func verdict(write ...func(w *frame.VerdictWriter)) []byte {
	var w frame.VerdictWriter
	for _, f := range write {
		f(&w)
	}
	return w.Verdict()
}

type writer = frame.VerdictWriter

// actions are one of each kind, and what the host reads.
var actions = []struct {
	write func(w *writer)
	want  frame.Action
}{
	{func(w *writer) { w.Deny(451, "blocked", "Nicht hier: ü") }, frame.Action{Kind: abi.ActionDeny, Status: 451, Name: []byte("blocked"), Text: []byte("Nicht hier: ü")}},
	{func(w *writer) { w.Route(abi.ByName, "local") }, frame.Action{Kind: abi.ActionRoute, Name: []byte("local")}},
	{func(w *writer) { w.Exclude(abi.ByClass, "cloud") }, frame.Action{Kind: abi.ActionExclude, What: abi.ByClass, Name: []byte("cloud")}},
	{func(w *writer) { w.Cost(1 << 40) }, frame.Action{Kind: abi.ActionCost, Amount: 1 << 40}},
	{func(w *writer) { w.Weight(0.5) }, frame.Action{Kind: abi.ActionWeight, Value: 0.5}},
	{func(w *writer) { w.Flow("batch") }, frame.Action{Kind: abi.ActionFlow, Name: []byte("batch")}},
	{func(w *writer) { w.Edit(1, 2, 3, "***") }, frame.Action{Kind: abi.ActionEdit, Index: 1, Offset: 2, Length: 3, Text: []byte("***")}},
	{func(w *writer) { w.SetHeader("X-Team", "a\tb c") }, frame.Action{Kind: abi.ActionSetHeader, Name: []byte("X-Team"), Text: []byte("a\tb c")}},
	{func(w *writer) { w.Score(-0.25, -1, "risk") }, frame.Action{Kind: abi.ActionScore, Value: -0.25, Message: -1, Name: []byte("risk")}},
	{func(w *writer) { w.Tag("lang", "de") }, frame.Action{Kind: abi.ActionTag, Name: []byte("lang"), Text: []byte("de")}},
	{func(w *writer) { w.DeltaEdit(4, 5, 6, "") }, frame.Action{Kind: abi.ActionDeltaEdit, Index: 4, Offset: 5, Length: 6, Text: []byte{}}},
	{func(w *writer) { w.Hold(17) }, frame.Action{Kind: abi.ActionHold, Length: 17}},
	{func(w *writer) { w.Stop("", "enough") }, frame.Action{Kind: abi.ActionStop, Name: []byte{}, Text: []byte("enough")}},
	{func(w *writer) { w.State([]byte{0, 0xff}) }, frame.Action{Kind: abi.ActionStreamState, Text: []byte{0, 0xff}}},
	{func(w *writer) { w.WantText() }, frame.Action{Kind: abi.ActionWantText}},
	{func(w *writer) { w.Param(abi.ParamTemperature, 0.5) }, frame.Action{Kind: abi.ActionParam, What: abi.ParamTemperature, Value: 0.5}},
	{func(w *writer) { w.Insert(abi.None, abi.RoleSystem, "Be kind.") }, frame.Action{Kind: abi.ActionInsert, Index: abi.None, Role: abi.RoleSystem, Text: []byte("Be kind.")}},
	{func(w *writer) { w.Class("local") }, frame.Action{Kind: abi.ActionClass, Name: []byte("local")}},
	{func(w *writer) { w.Lane("batch") }, frame.Action{Kind: abi.ActionLane, Name: []byte("batch")}},
	{func(w *writer) { w.Budget("images", 3) }, frame.Action{Kind: abi.ActionBudget, Name: []byte("images"), Amount: 3}},
	{func(w *writer) { w.Prefer("cloud") }, frame.Action{Kind: abi.ActionPrefer, Name: []byte("cloud")}},
	{func(w *writer) { w.Variant("b") }, frame.Action{Kind: abi.ActionVariant, Name: []byte("b")}},
	{func(w *writer) { w.Shadow("next") }, frame.Action{Kind: abi.ActionShadow, Name: []byte("next")}},
	{func(w *writer) { w.Escalate("toxicity", "some text") }, frame.Action{Kind: abi.ActionEscalate, Name: []byte("toxicity"), Text: []byte("some text")}},
}

func TestVerdictActions(t *testing.T) {
	t.Parallel()
	var w frame.VerdictWriter
	for i, a := range actions {
		if a.want.Kind != abi.Action(i+1) {
			t.Fatalf("the table has %v where %v should be", a.want.Kind, abi.Action(i+1))
		}
		a.write(&w)
	}
	if len(actions) != int(abi.Actions)-1 {
		t.Fatalf("the table has %d actions, the ABI %d", len(actions), abi.Actions-1)
	}
	v := frame.ReadVerdict(w.Verdict())
	for _, want := range actions {
		got, ok := v.Next()
		if !ok || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want.want) {
			t.Errorf("%v: %v, %+v, want %+v; %v", want.want.Kind, ok, got, want.want, v.Err())
		}
	}
	if a, ok := v.Next(); ok || v.Err() != nil {
		t.Errorf("after the last: %+v, %v", a, v.Err())
	}
	golden(t, "verdict.golden", w.Verdict())
}

func raw(k abi.Action, flags uint16, length uint32, payload ...byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(k))
	b = binary.LittleEndian.AppendUint16(b, flags)
	b = binary.LittleEndian.AppendUint32(b, length)
	return append(b, payload...)
}

// TestFault21_LyingVerdicts: whatever is wrong with a verdict is a fault that says what and where.
func TestFault21_LyingVerdicts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", abi.MaxName+1)
	tests := []struct {
		name, want string
		verdict    []byte
	}{
		{"short header", "7 bytes are left, and an action begins with 8", raw(abi.ActionWantText, 0, 0)[:7]},
		{"kind 0", "ABI version 1 has no action 0", raw(0, 0, 0)},
		{"unknown kind", "ABI version 1 has no action 25; its last is 24", raw(abi.Actions, 0, 0)},
		{"flags", "flags are 0x1", raw(abi.ActionWantText, 1, 0)},
		{"longer than the verdict", "it says 5 bytes and 4 are left", raw(abi.ActionHold, 0, 5, 1, 0, 0, 0)},
		{"4 GiB", "it says 4294967295 bytes and 4 are left", raw(abi.ActionHold, 0, math.MaxUint32, 1, 0, 0, 0)},
		{"trailing field", "1 bytes follow its last field", raw(abi.ActionHold, 0, 5, 1, 0, 0, 0, 9)},
		{"short field", "2 bytes are left of its payload where a field has 4", raw(abi.ActionHold, 0, 2, 1, 0)},
		{"string longer than the action", "name says 9 bytes and 1 are left", raw(abi.ActionFlow, 0, 5, 9, 0, 0, 0, 'x')},
		{"string of 4 GiB", "name says 4294967295 bytes", raw(abi.ActionFlow, 0, 5, 255, 255, 255, 255, 'x')},
		{"empty name", "the name is empty", verdict(func(w *writer) { w.Flow("") })},
		{"long name", "has 129 bytes and may have 128", verdict(func(w *writer) { w.Tag(long, "") })},
		{"name with LF", "control character", verdict(func(w *writer) { w.Score(1, -1, "a\nb") })},
		{"name with C1", "control character", verdict(func(w *writer) { w.Score(1, -1, "a\u0085b") })},
		{"name not UTF-8", "not UTF-8", verdict(func(w *writer) { w.Lane("\xff") })},
		{"value not UTF-8", "not UTF-8", verdict(func(w *writer) { w.Tag("a", "\xc3") })},
		{"edit not UTF-8", "not UTF-8", verdict(func(w *writer) { w.Edit(0, 0, 0, "\xed\xa0\x80") })},
		{"long value", "may have 4096", verdict(func(w *writer) { w.Tag("a", strings.Repeat("x", abi.MaxValue+1)) })},
		{"long message", "may have 1024", verdict(func(w *writer) { w.Deny(403, "", strings.Repeat("x", abi.MaxMessage+1)) })},
		{"status 200", "the status (and padding) is 200", verdict(func(w *writer) { w.Deny(200, "", "") })},
		{"status 502", "the status (and padding) is 502", verdict(func(w *writer) { w.Deny(502, "", "") })},
		{"status padding", "the status (and padding) is 65939", raw(abi.ActionDeny, 0, 12, 0x93, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
		{"type with a blank", "is not a word", verdict(func(w *writer) { w.Deny(403, "not nice", "") })},
		{"route by class", "is 2 and may be 0 or 1", verdict(func(w *writer) { w.Route(abi.ByClass, "local") })},
		{"exclude by model", "is 1 and may be 0 or 2", verdict(func(w *writer) { w.Exclude(abi.ByModel, "gpt") })},
		{"cost below 0", "cost is -1", verdict(func(w *writer) { w.Cost(-1) })},
		{"budget below 0", "amount is -9", verdict(func(w *writer) { w.Budget("a", -9) })},
		{"weight 0", "must be above 0", verdict(func(w *writer) { w.Weight(0) })},
		{"weight NaN", "the weight is not finite", verdict(func(w *writer) { w.Weight(math.NaN()) })},
		{"score infinite", "the score is not finite", verdict(func(w *writer) { w.Score(math.Inf(-1), -1, "a") })},
		{"score of message -2", "the message is -2", verdict(func(w *writer) { w.Score(1, -2, "a") })},
		{"param 2", "no parameter 2", verdict(func(w *writer) { w.Param(2, 1) })},
		{"max_tokens 0", "whole number", verdict(func(w *writer) { w.Param(abi.ParamMaxTokens, 0) })},
		{"max_tokens 1.5", "whole number", verdict(func(w *writer) { w.Param(abi.ParamMaxTokens, 1.5) })},
		{"max_tokens 1e300", "whole number", verdict(func(w *writer) { w.Param(abi.ParamMaxTokens, 1e300) })},
		{"temperature", "cannot be below 0", verdict(func(w *writer) { w.Param(abi.ParamTemperature, -0.1) })},
		{"insert as tool", "role 5", verdict(func(w *writer) { w.Insert(0, abi.RoleTool, "a") })},
		{"insert as nobody", "role 0", verdict(func(w *writer) { w.Insert(0, abi.RoleNone, "a") })},
		{"hold 4 GiB", "4294967295 bytes are to be held back and 65536 may be", verdict(func(w *writer) { w.Hold(math.MaxUint32) })},
		{"state", "4097 bytes and may have 4096", verdict(func(w *writer) { w.State(make([]byte, abi.MaxState+1)) })},
		{"too long", "may have 1048576", make([]byte, abi.MaxVerdict+1)},
		{"too many", "more than 4096 actions", bytes.Repeat(raw(abi.ActionWantText, 0, 0), abi.MaxActions+1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := frame.Check(tt.verdict)
			if f == nil || f.Class != frame.BadVerdict || !strings.Contains(f.Detail, tt.want) {
				t.Errorf("fault %v, want one with %q", f, tt.want)
			}
		})
	}
}

// TestFault22_Headers: no header that is more or other than a header.
func TestFault22_Headers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a b", "a:b", "a\r\nb", "ä", "a\x00", "x(y)", strings.Repeat("x", abi.MaxName+1)} {
		if f := frame.Check(verdict(func(w *writer) { w.SetHeader(name, "v") })); f == nil {
			t.Errorf("a header called %q passes", name)
		}
	}
	for _, value := range []string{"a\r\nx: y", "a\n", "\x00", "\x7f", " a", "a\t", "\xff", strings.Repeat("x", abi.MaxValue+1)} {
		if f := frame.Check(verdict(func(w *writer) { w.SetHeader("x-team", value) })); f == nil {
			t.Errorf("the value %q passes", value)
		}
	}
	for _, value := range []string{"", "a", "a b\tc", "ü"} {
		if f := frame.Check(verdict(func(w *writer) { w.SetHeader("x-team", value) })); f != nil {
			t.Errorf("the value %q: %v", value, f)
		}
	}
}

// TestVerdictFaultEnds: after a fault there is nothing more, and what came before was given.
func TestVerdictFaultEnds(t *testing.T) {
	t.Parallel()
	b := verdict(func(w *writer) { w.Flow("a"); w.Hold(1 << 30); w.Flow("b") })
	v := frame.ReadVerdict(b)
	if a, ok := v.Next(); !ok || string(a.Name) != "a" {
		t.Errorf("first: %+v, %v", a, ok)
	}
	for range 3 {
		if a, ok := v.Next(); ok || a.Kind != abi.ActionNone {
			t.Errorf("after the fault: %+v", a)
		}
	}
	if f := v.Err(); f == nil || !strings.HasPrefix(f.Detail, "action 2 at byte 13 (hold): ") {
		t.Errorf("fault %v", f)
	}
}

func TestVerdictAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	var w frame.VerdictWriter
	for _, a := range actions {
		a.write(&w)
	}
	if n := testing.AllocsPerRun(100, func() {
		v := frame.ReadVerdict(w.Verdict())
		for a, ok := v.Next(); ok; a, ok = v.Next() {
			_ = a
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		w.Reset()
		for _, a := range actions {
			a.write(&w)
		}
	}); n != 0 {
		t.Errorf("writing: %v allocations", n)
	}
}

func BenchmarkVerdict(b *testing.B) {
	one := verdict(func(w *writer) { w.Score(0.5, -1, "risk"); w.Tag("lang", "de") })
	b.ReportAllocs()
	for b.Loop() {
		v := frame.ReadVerdict(one)
		for _, ok := v.Next(); ok; _, ok = v.Next() {
		}
	}
}

// FuzzVerdict: the decoder does not panic; what it gives lies within the verdict, keeps the ABI's bounds, and written anew gives the same bytes.
func FuzzVerdict(f *testing.F) {
	var w frame.VerdictWriter
	for _, a := range actions {
		f.Add(verdict(a.write))
		a.write(&w)
	}
	f.Add(w.Verdict())
	f.Add(raw(abi.Actions, 0, 0))
	f.Add(raw(abi.ActionFlow, 0, 5, 255, 255, 255, 255, 'x'))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again frame.VerdictWriter
		v := frame.ReadVerdict(b)
		for a, ok := v.Next(); ok; a, ok = v.Next() {
			if len(a.Name) > abi.MaxName || math.IsNaN(a.Value) || math.IsInf(a.Value, 0) || a.Amount < 0 || a.Message < -1 {
				t.Errorf("%+v", a)
			}
			rewrite(&again, a)
		}
		if v.Err() == nil && !bytes.Equal(again.Verdict(), b) {
			t.Errorf("% x\nread and written is\n% x", b, again.Verdict())
		}
		if (frame.Check(b) == nil) != (v.Err() == nil) {
			t.Errorf("Check says %v, the walk %v", frame.Check(b), v.Err())
		}
	})
}

// rewrite writes what was read.
func rewrite(w *frame.VerdictWriter, a frame.Action) {
	name, text := string(a.Name), string(a.Text)
	switch a.Kind {
	case abi.ActionDeny:
		w.Deny(a.Status, name, text)
	case abi.ActionRoute:
		w.Route(a.What, name)
	case abi.ActionExclude:
		w.Exclude(a.What, name)
	case abi.ActionCost:
		w.Cost(a.Amount)
	case abi.ActionWeight:
		w.Weight(a.Value)
	case abi.ActionFlow:
		w.Flow(name)
	case abi.ActionEdit:
		w.Edit(a.Index, a.Offset, a.Length, text)
	case abi.ActionSetHeader:
		w.SetHeader(name, text)
	case abi.ActionScore:
		w.Score(a.Value, a.Message, name)
	case abi.ActionTag:
		w.Tag(name, text)
	case abi.ActionDeltaEdit:
		w.DeltaEdit(a.Index, a.Offset, a.Length, text)
	case abi.ActionHold:
		w.Hold(a.Length)
	case abi.ActionStop:
		w.Stop(name, text)
	case abi.ActionStreamState:
		w.State(a.Text)
	case abi.ActionWantText:
		w.WantText()
	case abi.ActionParam:
		w.Param(a.What, a.Value)
	case abi.ActionInsert:
		w.Insert(a.Index, a.Role, text)
	case abi.ActionClass:
		w.Class(name)
	case abi.ActionLane:
		w.Lane(name)
	case abi.ActionBudget:
		w.Budget(name, a.Amount)
	case abi.ActionPrefer:
		w.Prefer(name)
	case abi.ActionVariant:
		w.Variant(name)
	case abi.ActionShadow:
		w.Shadow(name)
	case abi.ActionEscalate:
		w.Escalate(name, text)
	}
}
