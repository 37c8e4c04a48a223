package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setText sets a scalar from its text. Errors never repeat the text, which may
// be a secret in the wrong place.
func (d *decoder) setText(v reflect.Value, text string, f field) error {
	switch p := v.Addr().Interface().(type) {
	case *Size:
		return setRanged(p, text, f, parseSize)
	case *Duration:
		return setRanged(p, text, f, parseDuration)
	case *int:
		return setRanged(p, text, f, parseInt[int])
	case *int64:
		if f.format == "count" {
			return setRanged(p, text, f, parseCount)
		}
		return setRanged(p, text, f, parseInt[int64])
	case *float64:
		return setRanged(p, text, f, parseFloat)
	case *bool:
		if text != "true" && text != "false" {
			return errors.New("neither true nor false")
		}
		*p = text == "true"
		return nil
	case *Address:
		return d.setAddress(p, text, f)
	case *time.Time:
		return setTime(p, text)
	case *netip.Prefix:
		return setPrefix(p, text)
	}
	switch {
	case len(f.enum) > 0 && !slices.Contains(f.enum, text):
		if near, ok := nearest(text, f.enum); ok {
			return fmt.Errorf("%q is not known, did you mean %s?", text, near)
		}
		return errors.New("not known")
	case text == "" && !mayBeEmpty(v.Type(), f):
		return errors.New("empty")
	case f.isPath():
		if strings.IndexByte(text, 0) >= 0 {
			return errors.New("not a path")
		}
		text = d.absolute(text)
	}
	v.SetString(text)
	return nil
}

// mayBeEmpty says whether a string may be "": a header's value and an optional
// setting may, a credential, the name of a file or a phrase may not.
func mayBeEmpty(t reflect.Type, f field) bool {
	if t == reflect.TypeFor[Secret]() {
		return f.format == "header"
	}
	return !f.required && !f.isPath() && f.format != "phrase"
}

type number interface{ ~int | ~int64 | ~float64 }

// setRanged sets a number, size or duration that must lie in the field's range.
func setRanged[T number](p *T, text string, f field, parse func(string) (T, error)) error {
	n, err := parse(text)
	if err != nil {
		return err
	}
	if f.low != "" {
		low, errLow := parse(f.low)
		high, errHigh := parse(f.high)
		if errLow != nil || errHigh != nil {
			return fmt.Errorf("range of %s: %w", f.key, errors.Join(errLow, errHigh))
		}
		if n < low {
			return errors.New("less than " + f.low)
		}
		if n > high {
			return errors.New("more than " + f.high)
		}
	}
	*p = n
	return nil
}

var (
	errIntForm   = errors.New("not a whole number in plain decimal digits")
	errFloatForm = errors.New("not a number in plain decimal digits")
	errCountForm = errors.New("not a whole number, which k, M, G or T may follow")
)

// parseCount reads a whole number that may end in a decimal unit: 20M, 500k.
func parseCount(text string) (int64, error) {
	factor := int64(1)
	for i, unit := range []string{"k", "M", "G", "T"} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			text = digits
			for range i + 1 {
				factor *= 1000
			}
			break
		}
	}
	n, err := parseInt[int64](text)
	if err != nil {
		return 0, errCountForm
	}
	if n > math.MaxInt64/factor || n < math.MinInt64/factor {
		return 0, errors.New("number too large")
	}
	return n * factor, nil
}

func parseInt[T ~int | ~int64](text string) (T, error) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || (len(digits) > 1 && digits[0] == '0') {
		return 0, errIntForm
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || int64(T(n)) != n {
		return 0, errors.New("number too large")
	}
	return T(n), nil
}

func parseFloat(text string) (float64, error) {
	if text == "" || strings.Trim(strings.TrimPrefix(text, "-"), "0123456789.") != "" {
		return 0, errFloatForm
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errFloatForm
	}
	return n, nil
}

// setTime reads a date, which lasts to its end in UTC, or an RFC 3339 time.
func setTime(p *time.Time, text string) error {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		*p = day.AddDate(0, 0, 1).Add(-time.Nanosecond)
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return errors.New("neither a date nor an RFC 3339 time")
	}
	*p = t.UTC()
	return nil
}

// setPrefix reads an address, which stands for itself alone, or a CIDR prefix.
func setPrefix(p *netip.Prefix, text string) error {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		*p = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return errors.New("neither an IP address nor a prefix")
	}
	if prefix != prefix.Masked() {
		return fmt.Errorf("bits are set beyond the prefix length, did you mean %s?", prefix.Masked())
	}
	*p = prefix
	return nil
}

// setDefaults fills a struct, and the structs inside it, from the default tags.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		target := v.Field(f.index)
		if !f.hasDef {
			setDefaults(target)
			continue
		}
		switch target.Kind() {
		case reflect.Pointer:
			target.Set(reflect.New(target.Type().Elem()))
			target = target.Elem()
		case reflect.Slice:
			target.Set(reflect.MakeSlice(target.Type(), 1, 1))
			target = target.Index(0)
		}
		if err := (&decoder{}).setText(target, f.def, f); err != nil {
			panic("config: default of " + f.key + ": " + err.Error()) // a tag of this package is wrong
		}
	}
}
