//go:build !linux

package main

import (
	"context"
	"io"

	"weir/bench/overhead/machine"
)

// A child is never started where nothing can be measured.
func isRole([]string) bool { return false }

func playRole([]string) error { return machine.Supported() }

func measure(context.Context, *options, io.Writer) (*report, error) { return nil, machine.Supported() }
