package guests

import "encoding/binary"

// CompileBomb is a guest that is admitted by its looks, runs in microseconds and takes long to compile: its on_request never enters
// loops that are nested so deep, and each of a thousand locals that they change is alive through all of them. With wazero 1.12, 100 loops
// (2 KB) take about a second, 300 (5 KB) a minute: the time grows with the fourth power of the depth.
func CompileBomb(loops int) []byte {
	const (
		i32, i64 = 0x7f, 0x7e
		locals   = 1000
	)
	module := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	section := func(id byte, payload []byte) {
		module = append(module, id)
		module = sized(module, payload)
	}
	section(1, []byte{3, 0x60, 0, 0, 0x60, 1, i32, 1, i32, 0x60, 2, i32, i32, 1, i64}) // weir_abi_1, weir_alloc, a hook
	section(3, []byte{3, 0, 1, 2})
	section(5, []byte{1, 0, 2}) // two pages
	exports := []byte{4}
	for _, e := range []struct {
		name        string
		kind, index byte
	}{{"memory", 2, 0}, {"weir_abi_1", 0, 0}, {"weir_alloc", 0, 1}, {"weir_on_request", 0, 2}} {
		exports = append(sized(exports, []byte(e.name)), e.kind, e.index)
	}
	section(7, exports)
	code := []byte{3}
	code = sized(code, []byte{0, 0x0b})
	code = sized(code, []byte{0, 0x41, 0x80, 0x08, 0x0b}) // 1024
	hook := binary.AppendUvarint([]byte{1}, locals)
	hook = append(hook, i32)
	code = sized(code, append(hook, nest(loops, locals)...))
	section(10, code)
	return module
}

// nest is the body of the hook: unless its frame has no bytes it returns, else it enters the loops.
func nest(loops, locals int) (c []byte) {
	c = append(c, 0x20, 1, 0x04, 0x40, 0x42, 0, 0x0f, 0x0b) // if size: return 0
	for range loops {
		c = append(c, 0x03, 0x40) // loop
	}
	for i := range loops {
		local := uint64(2 + i*7919%locals)
		c = binary.AppendUvarint(append(c, 0x20), local)                // local.get
		c = binary.AppendUvarint(append(c, 0x41, 1, 0x6a, 0x21), local) // + 1, local.set
		c = append(c, 0x20, 0, 0x0d, 0, 0x0b)                           // again if ptr is not 0; end
	}
	return append(c, 0x42, 0, 0x0b)
}

// sized appends b behind its length.
func sized(to, b []byte) []byte { return append(binary.AppendUvarint(to, uint64(len(b))), b...) }
