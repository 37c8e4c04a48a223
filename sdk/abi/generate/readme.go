package main

import (
	"bytes"
	"fmt"
	"strings"

	"weir/sdk/abi"
)

// Between these comments, and nowhere else, README.md is generated. What stands there says which table.
const (
	markBegin = "<!-- generated: "
	markEnd   = "<!-- end -->"
)

// readme puts the tables between their marks.
func readme(page []byte) ([]byte, error) {
	var out bytes.Buffer
	seen := map[string]bool{}
	for {
		before, rest, ok := bytes.Cut(page, []byte(markBegin))
		out.Write(before)
		if !ok {
			break
		}
		name, rest, ok := bytes.Cut(rest, []byte(" -->\n"))
		if !ok {
			return nil, fmt.Errorf("README.md: a mark %q is not closed by \" -->\"", markBegin)
		}
		_, rest, ok = bytes.Cut(rest, []byte(markEnd))
		if !ok {
			return nil, fmt.Errorf("README.md: the table %q is not closed by %q", name, markEnd)
		}
		text, ok := tables()[string(name)]
		if !ok || seen[string(name)] {
			return nil, fmt.Errorf("README.md: the table %q is unknown, or there twice", name)
		}
		seen[string(name)] = true
		fmt.Fprintf(&out, "%s%s -->\n\n%s\n%s", markBegin, name, text(), markEnd)
		page = rest
	}
	for name := range tables() {
		if !seen[name] {
			return nil, fmt.Errorf("README.md: the table %q is missing", name)
		}
	}
	return out.Bytes(), nil
}

func tables() map[string]func() string {
	return map[string]func() string{
		"exports": func() string { return functionTable(abi.Exports()) }, "functions": func() string { return functionTable(abi.Functions()) },
		"limits": func() string { return limitTable(abi.Limits()) }, "quotas": func() string { return limitTable(abi.Quotas()) },
		"sections": sectionTable, "structs": structTables, "actions": actionTable, "enums": enumTables,
	}
}

// table is a table in Markdown; the first row is its head.
func table(rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = strings.ReplaceAll(cell, "|", `\|`)
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}

func code(format string, args ...any) string { return "`" + fmt.Sprintf(format, args...) + "`" }

func functionTable(functions []abi.Function) string {
	rows := [][]string{{"function", "signature", ""}}
	for _, f := range functions {
		var params []string
		for _, p := range f.Params {
			params = append(params, p.Name+" "+p.Type.String())
		}
		result := "()"
		if f.Result != 0 {
			result = f.Result.String()
		}
		rows = append(rows, []string{code("%s", f.Name), code("(%s) → %s", strings.Join(params, ", "), result), f.Doc})
	}
	return table(rows...)
}

func limitTable(limits []abi.Limit) string {
	rows := [][]string{{"name", "value", ""}}
	for _, l := range limits {
		value := fmt.Sprint(l.Value)
		if l.Name == "magic" || l.Name == "none" {
			value = fmt.Sprintf("0x%08x", l.Value)
		}
		rows = append(rows, []string{code("%s", upper(l.Name)), value, l.Doc})
	}
	return table(rows...)
}

// hookList names the hooks of a set.
func hookList(set abi.HookSet) string {
	var names []string
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		if set.Has(h) {
			names = append(names, h.String())
		}
	}
	return strings.Join(names, ", ")
}

func sectionTable() string {
	rows := [][]string{{"number", "section", "payload", "in frames of", "what it is"}}
	for _, s := range abi.SectionLayouts() {
		rows = append(rows, []string{fmt.Sprint(uint16(s.Section)), upper(s.Section.String()), s.Payload, hookList(s.Hooks), s.Doc})
	}
	return table(rows...)
}

func structTables() string {
	var b strings.Builder
	for _, t := range abi.Structs() {
		rows := [][]string{{"offset", "type", "field", ""}}
		for _, f := range t.Fields {
			typ := f.Kind.String()
			if f.Count > 1 {
				typ = fmt.Sprintf("%s ×%d", typ, f.Count)
			}
			rows = append(rows, []string{fmt.Sprint(f.Offset), typ, f.Name, f.Doc})
		}
		fmt.Fprintf(&b, "**`%s`**, %d bytes: %s.\n\n%s\n", t.Name, t.Size, t.Doc, table(rows...))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func actionTable() string {
	rows := [][]string{{"number", "action", "payload", "from", "what it does", "from a tenant's own plugin"}}
	for _, a := range abi.ActionLayouts() {
		var fields []string
		for _, f := range a.Fields {
			text := fmt.Sprintf("%s %s", f.Name, f.Kind)
			if f.Count > 1 {
				text += fmt.Sprintf(" ×%d", f.Count)
			}
			if f.Doc != "" {
				text += " (" + f.Doc + ")"
			}
			fields = append(fields, text)
		}
		var hooks abi.HookSet
		for h := abi.HookNone; h < abi.Hooks; h++ {
			if a.Action.Allowed(h) {
				hooks |= 1 << h
			}
		}
		rows = append(rows, []string{fmt.Sprint(uint16(a.Action)), upper(a.Action.String()), strings.Join(fields, "; "), hookList(hooks), a.Doc, a.Tenant})
	}
	return table(rows...)
}

// enumTables leaves out those that have tables of their own.
func enumTables() string {
	var b strings.Builder
	for _, e := range abi.Enums() {
		switch e.Name {
		case "section", "action":
			continue
		case "signal":
			names := make([]string, len(e.Values))
			for i, v := range e.Values {
				names[i] = fmt.Sprintf("%d %s", v.Value, v.Name)
			}
			fmt.Fprintf(&b, "**SIGNAL**: %s; `host/signal/README.md` defines each: %s.\n", e.Doc, strings.Join(names, " · "))
			continue
		}
		what := e.Doc
		if e.Flags {
			what += ", bits"
		}
		rows := [][]string{{"value", "name", ""}}
		for _, v := range e.Values {
			rows = append(rows, []string{fmt.Sprint(v.Value), code("%s_%s", upper(e.Name), upper(v.Name)), v.Doc})
		}
		fmt.Fprintf(&b, "**%s**: %s (%s).\n\n%s\n", upper(e.Name), what, e.Type, table(rows...))
	}
	return b.String()
}
