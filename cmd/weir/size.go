package main

import (
	"errors"
	"strconv"
	"strings"

	"weir/host/config"
)

// size is a flag with a number of bytes, written as in the configuration.
type size int64

// String is empty for a flag that is not given.
func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return config.Size(*s).String()
}

// Type is what help calls the value.
func (s *size) Type() string { return "SIZE" }

// Set reads a whole number with a binary unit.
func (s *size) Set(text string) error {
	for unit, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		digits, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		if err != nil || n <= 0 || n > (1<<40)/bytes {
			break
		}
		*s = size(n * bytes)
		return nil
	}
	return errors.New("write a size as 512KiB, 8MiB or 1GiB")
}
