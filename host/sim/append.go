package sim

import (
	"math"
	"strconv"
)

const hexDigits = "0123456789abcdef"

// appendHex appends the low 4·digits bits of v.
func appendHex(dst []byte, v uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[v>>(4*uint(i))&15])
	}
	return dst
}

// appendString appends s, which is valid UTF-8, as a JSON string.
func appendString[T []byte | string](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends s as the inside of a JSON string.
func appendEscaped[T []byte | string](dst []byte, s T) []byte {
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, s[from:]...)
}

// appendField appends "name": and an integer.
func appendField(dst []byte, name string, n int) []byte {
	dst = append(dst, '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return strconv.AppendInt(dst, int64(n), 10)
}

// appendOr appends v without blanks between its tokens, or def if v is absent or null.
func appendOr(dst []byte, v value, def string) []byte {
	if !v.given() {
		return append(dst, def...)
	}
	return appendCompact(dst, v)
}

// appendFloat32 appends f in the shortest form that reads back as the same float32.
func appendFloat32(dst []byte, f float32) []byte {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		f = 0 // cannot be said in JSON
	}
	return strconv.AppendFloat(dst, float64(f), 'g', -1, 32)
}
