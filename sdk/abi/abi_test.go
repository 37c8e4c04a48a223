package abi_test

import (
	"testing"

	"weir/sdk/abi"
)

// TestTables: every number has its row, in order, under the name that the rest of the package has for it.
func TestTables(t *testing.T) {
	t.Parallel()
	for i, s := range abi.SectionLayouts() {
		if s.Section != abi.Section(i+1) || s.Hooks == 0 || abi.SectionOf(s.Section.String()) != s.Section {
			t.Errorf("row %d of the sections is %v", i, s)
		}
	}
	if n := len(abi.SectionLayouts()); n != int(abi.Sections)-1 {
		t.Errorf("%d sections have rows of %d", n, abi.Sections-1)
	}
	for i, a := range abi.ActionLayouts() {
		if a.Action != abi.Action(i+1) || a.Doc == "" {
			t.Errorf("row %d of the actions is %v", i, a)
		}
		allowed := false
		for h := abi.HookNone; h < abi.Hooks; h++ {
			allowed = allowed || a.Action.Allowed(h)
		}
		if !allowed || a.Action.Allowed(abi.HookTick) {
			t.Errorf("%v is allowed in no hook, or in on_tick", a.Action)
		}
	}
	if n := len(abi.ActionLayouts()); n != int(abi.Actions)-1 {
		t.Errorf("%d actions have rows of %d", n, abi.Actions-1)
	}
}

// TestNames: names are words, and no two numbers share one.
func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	name := func(s string) {
		if s == "" || seen[s] {
			t.Errorf("the name %q is empty or there twice", s)
		}
		seen[s] = true
		for _, c := range s {
			if c != '_' && c != '.' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				t.Errorf("the name %q is not in snake_case", s)
			}
		}
	}
	for _, e := range abi.Enums() {
		next, values := uint32(0), map[uint32]bool{}
		if e.Name == "hook" || e.Name == "section" || e.Name == "action" {
			next = 1
		}
		for i, v := range e.Values {
			name(e.Name + "_" + v.Name)
			want := next + uint32(i)
			if e.Flags {
				want = 1 << i
			}
			if v.Value != want || values[v.Value] {
				t.Errorf("%s_%s is %d, want %d", e.Name, v.Name, v.Value, want)
			}
			values[v.Value] = true
		}
	}
	for _, l := range append(abi.Limits(), abi.Quotas()...) {
		name(l.Name)
	}
	for _, f := range append(abi.Functions(), abi.Exports()...) {
		name("function." + f.Name)
	}
	for _, s := range abi.Structs() {
		name("struct." + s.Name)
		fields := map[string]bool{}
		for _, f := range s.Fields {
			if f.Name != "reserved" && fields[f.Name] {
				t.Errorf("%s has two fields %s", s.Name, f.Name)
			}
			fields[f.Name] = true
		}
	}
}

// TestUnknown: numbers of a later version have no names and are not taken for others.
func TestUnknown(t *testing.T) {
	t.Parallel()
	if abi.Sections.String() != "unknown" || abi.Actions.String() != "unknown" || abi.Hooks.String() != "none" || abi.Hooks.Export() != "" {
		t.Error("a number of no meaning has a name")
	}
	if abi.SectionOf("none") != abi.SectionNone || abi.SectionOf("nothing") != abi.SectionNone || abi.Actions.Allowed(abi.HookRequest) {
		t.Error("a name of no meaning has a number")
	}
	if set := abi.Set(0).With(abi.SectionText); !set.Has(abi.SectionText) || set.Has(abi.SectionMemo) {
		t.Errorf("set %#x", set)
	}
}
