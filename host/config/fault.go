package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing wrong with a configuration file.
type Fault struct {
	File    string // the configuration file as it was named
	Line    int    // from 1
	Column  int    // from 1, in characters
	What    string // what is wrong
	Setting string // which setting to change, and how
}

// String gives "file:line:column: what; setting", on one line.
func (f Fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", f.File, f.Line, f.Column, f.What, f.Setting)
}

// Faults is everything wrong with one configuration, sorted by position.
type Faults []Fault

// Error gives one fault a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// A faultList gathers the faults of one file, no more than maxFaults.
type faultList struct {
	file   string
	faults []Fault
	more   int
}

func (l *faultList) add(at place, what, setting string) {
	if len(l.faults) >= maxFaults {
		l.more++
		return
	}
	l.faults = append(l.faults, Fault{File: l.file, Line: at.line, Column: at.column, What: what, Setting: setting})
}

func (l *faultList) any() bool { return len(l.faults) > 0 }

// sorted gives the faults by position.
func (l *faultList) sorted() Faults {
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if l.more > 0 {
		last := l.faults[len(l.faults)-1]
		last.What, last.Setting = fmt.Sprintf("%d more faults", l.more), "mend those above first"
		return append(l.faults, last)
	}
	return l.faults
}
