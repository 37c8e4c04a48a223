package generate

// operation is an instruction without immediates, or with those that its kind says.
type operation struct {
	op     int    // opcode; behind the vector prefix where the table is that of vectors
	params string // operands
	result string // one letter, or none
	kind   kind
}

// kind is what an operation needs beside operands.
type kind uint8

const (
	plain    kind = iota
	nan           // its result may be a NaN of any payload: made canonical afterwards
	nan32         // the same for each of four lanes
	nan64         // the same for each of two lanes
	divides       // traps where the last operand is zero
	converts      // traps where no integer can hold the operand
	lane16        // an immediate lane below 16, and so on
	lane8
	lane4
	lane2
	shuffles // sixteen immediate lanes below 32
)

// span are the operations from first to last.
func span(list []operation, first, last int, params, result string, k kind) []operation {
	for op := first; op <= last; op++ {
		list = append(list, operation{op, params, result, k})
	}
	return list
}

// scalars are the numeric instructions, 0x45 to 0xc4.
func scalars() (l []operation) {
	l = span(l, 0x45, 0x45, "i", "i", plain)    // i32.eqz
	l = span(l, 0x46, 0x4f, "ii", "i", plain)   // comparisons
	l = span(l, 0x50, 0x50, "l", "i", plain)    // i64.eqz
	l = span(l, 0x51, 0x5a, "ll", "i", plain)   // comparisons
	l = span(l, 0x5b, 0x60, "ff", "i", plain)   //
	l = span(l, 0x61, 0x66, "dd", "i", plain)   //
	l = span(l, 0x67, 0x69, "i", "i", plain)    // clz, ctz, popcnt
	l = span(l, 0x6a, 0x6c, "ii", "i", plain)   // add, sub, mul
	l = span(l, 0x6d, 0x70, "ii", "i", divides) // div_s … rem_u
	l = span(l, 0x71, 0x78, "ii", "i", plain)   // and … rotr
	l = span(l, 0x79, 0x7b, "l", "l", plain)    //
	l = span(l, 0x7c, 0x7e, "ll", "l", plain)   //
	l = span(l, 0x7f, 0x82, "ll", "l", divides) //
	l = span(l, 0x83, 0x8a, "ll", "l", plain)   //
	l = span(l, 0x8b, 0x8c, "f", "f", plain)    // abs, neg
	l = span(l, 0x8d, 0x91, "f", "f", nan)      // ceil … sqrt
	l = span(l, 0x92, 0x97, "ff", "f", nan)     // add … max
	l = span(l, 0x98, 0x98, "ff", "f", plain)   // copysign
	l = span(l, 0x99, 0x9a, "d", "d", plain)    //
	l = span(l, 0x9b, 0x9f, "d", "d", nan)      //
	l = span(l, 0xa0, 0xa5, "dd", "d", nan)     //
	l = span(l, 0xa6, 0xa6, "dd", "d", plain)   //
	l = span(l, 0xa7, 0xa7, "l", "i", plain)    // i32.wrap_i64
	l = span(l, 0xa8, 0xa9, "f", "i", converts) // i32.trunc_f32
	l = span(l, 0xaa, 0xab, "d", "i", converts) //
	l = span(l, 0xac, 0xad, "i", "l", plain)    // i64.extend_i32
	l = span(l, 0xae, 0xaf, "f", "l", converts) //
	l = span(l, 0xb0, 0xb1, "d", "l", converts) //
	l = span(l, 0xb2, 0xb3, "i", "f", plain)    // f32.convert
	l = span(l, 0xb4, 0xb5, "l", "f", plain)    //
	l = span(l, 0xb6, 0xb6, "d", "f", nan)      // f32.demote_f64
	l = span(l, 0xb7, 0xb8, "i", "d", plain)    //
	l = span(l, 0xb9, 0xba, "l", "d", plain)    //
	l = span(l, 0xbb, 0xbb, "f", "d", nan)      // f64.promote_f32
	l = span(l, 0xbc, 0xbc, "f", "i", plain)    // reinterpret
	l = span(l, 0xbd, 0xbd, "d", "l", plain)    //
	l = span(l, 0xbe, 0xbe, "i", "f", plain)    //
	l = span(l, 0xbf, 0xbf, "l", "d", plain)    //
	l = span(l, 0xc0, 0xc1, "i", "i", plain)    // i32.extend8_s, extend16_s
	return span(l, 0xc2, 0xc4, "l", "l", plain) // i64.extend8_s …
}

// saturating are the conversions that do not trap, behind the prefix 0xfc.
func saturating() (l []operation) {
	l = span(l, 0, 1, "f", "i", plain)
	l = span(l, 2, 3, "d", "i", plain)
	l = span(l, 4, 5, "f", "l", plain)
	return span(l, 6, 7, "d", "l", plain)
}

// vectors are the vector instructions that touch no memory, behind the prefix 0xfd.
func vectors() (l []operation) {
	l = span(l, 13, 13, "vv", "v", shuffles)
	l = span(l, 14, 14, "vv", "v", plain) // swizzle
	l = span(l, 15, 17, "i", "v", plain)  // splats
	l = span(l, 18, 18, "l", "v", plain)
	l = span(l, 19, 19, "f", "v", plain)
	l = span(l, 20, 20, "d", "v", plain)
	l = span(l, 21, 22, "v", "i", lane16) // lanes
	l = span(l, 23, 23, "vi", "v", lane16)
	l = span(l, 24, 25, "v", "i", lane8)
	l = span(l, 26, 26, "vi", "v", lane8)
	l = span(l, 27, 27, "v", "i", lane4)
	l = span(l, 28, 28, "vi", "v", lane4)
	l = span(l, 29, 29, "v", "l", lane2)
	l = span(l, 30, 30, "vl", "v", lane2)
	l = span(l, 31, 31, "v", "f", lane4)
	l = span(l, 32, 32, "vf", "v", lane4)
	l = span(l, 33, 33, "v", "d", lane2)
	l = span(l, 34, 34, "vd", "v", lane2)
	l = span(l, 35, 76, "vv", "v", plain)   // comparisons
	l = span(l, 77, 77, "v", "v", plain)    // not
	l = span(l, 78, 81, "vv", "v", plain)   // and, andnot, or, xor
	l = span(l, 82, 82, "vvv", "v", plain)  // bitselect
	l = span(l, 83, 83, "v", "i", plain)    // any_true
	l = span(l, 94, 94, "v", "v", nan32)    // f32x4.demote_f64x2_zero
	l = span(l, 95, 95, "v", "v", nan64)    // f64x2.promote_low_f32x4
	l = span(l, 96, 98, "v", "v", plain)    // i8x16
	l = span(l, 99, 100, "v", "i", plain)   // all_true, bitmask
	l = span(l, 101, 102, "vv", "v", plain) // narrow
	l = span(l, 103, 106, "v", "v", nan32)
	l = span(l, 107, 109, "vi", "v", plain) // shifts
	l = span(l, 110, 115, "vv", "v", plain)
	l = span(l, 116, 117, "v", "v", nan64)
	l = span(l, 118, 121, "vv", "v", plain)
	l = span(l, 122, 122, "v", "v", nan64)
	l = span(l, 123, 123, "vv", "v", plain)
	l = span(l, 124, 129, "v", "v", plain) // pairwise additions; i16x8
	l = span(l, 130, 130, "vv", "v", plain)
	l = span(l, 131, 132, "v", "i", plain)
	l = span(l, 133, 134, "vv", "v", plain)
	l = span(l, 135, 138, "v", "v", plain)
	l = span(l, 139, 141, "vi", "v", plain)
	l = span(l, 142, 147, "vv", "v", plain)
	l = span(l, 148, 148, "v", "v", nan64)
	l = span(l, 149, 153, "vv", "v", plain)
	l = span(l, 155, 159, "vv", "v", plain)
	l = span(l, 160, 161, "v", "v", plain) // i32x4
	l = span(l, 163, 164, "v", "i", plain)
	l = span(l, 167, 170, "v", "v", plain)
	l = span(l, 171, 173, "vi", "v", plain)
	l = span(l, 174, 174, "vv", "v", plain)
	l = span(l, 177, 177, "vv", "v", plain)
	l = span(l, 181, 186, "vv", "v", plain)
	l = span(l, 188, 191, "vv", "v", plain)
	l = span(l, 192, 193, "v", "v", plain) // i64x2
	l = span(l, 195, 196, "v", "i", plain)
	l = span(l, 199, 202, "v", "v", plain)
	l = span(l, 203, 205, "vi", "v", plain)
	l = span(l, 206, 206, "vv", "v", plain)
	l = span(l, 209, 209, "vv", "v", plain)
	l = span(l, 213, 223, "vv", "v", plain)
	l = span(l, 224, 225, "v", "v", plain) // f32x4
	l = span(l, 227, 227, "v", "v", nan32)
	l = span(l, 228, 233, "vv", "v", nan32)
	l = span(l, 234, 235, "vv", "v", plain) // pmin, pmax: one of the operands as it is
	l = span(l, 236, 237, "v", "v", plain)  // f64x2
	l = span(l, 239, 239, "v", "v", nan64)
	l = span(l, 240, 245, "vv", "v", nan64)
	l = span(l, 246, 247, "vv", "v", plain)
	return span(l, 248, 255, "v", "v", plain) // conversions
}

// access is an instruction that loads or stores.
type access struct {
	op     int
	params string // the address, and what is stored
	result string
	align  int  // log2 of its natural alignment
	vector bool // behind the vector prefix
	lanes  int  // of the immediate lane; 0: none
}

// accesses are all loads and stores.
func accesses() (l []access) {
	scalar := func(first int, params, result string, aligns ...int) {
		for i, a := range aligns {
			l = append(l, access{op: first + i, params: params, result: result, align: a})
		}
	}
	scalar(0x28, "i", "i", 2)
	scalar(0x29, "i", "l", 3)
	scalar(0x2a, "i", "f", 2)
	scalar(0x2b, "i", "d", 3)
	scalar(0x2c, "i", "i", 0, 0, 1, 1)
	scalar(0x30, "i", "l", 0, 0, 1, 1, 2, 2)
	scalar(0x36, "ii", "", 2)
	scalar(0x37, "il", "", 3)
	scalar(0x38, "if", "", 2)
	scalar(0x39, "id", "", 3)
	scalar(0x3a, "ii", "", 0, 1)
	scalar(0x3c, "il", "", 0, 1, 2)
	vector := func(first int, params, result string, lanes int, aligns ...int) {
		for i, a := range aligns {
			l = append(l, access{op: first + i, params: params, result: result, align: a, vector: true, lanes: lanes >> (i)})
		}
	}
	vector(0, "i", "v", 0, 4, 3, 3, 3, 3, 3, 3, 0, 1, 2, 3)
	vector(11, "iv", "", 0, 4)
	vector(84, "iv", "v", 16, 0, 1, 2, 3)
	vector(88, "iv", "", 16, 0, 1, 2, 3)
	vector(92, "i", "v", 0, 2, 3)
	return l
}
