;; Adds to a metric of a new name with each of a thousand calls of metric_add.
(module
  (import "weir1" "metric_add" (func $add (param i32 i32 i64) (result i32)))
  (global $n (mut i32) (i32.const 0))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $i i32)
    (loop $again ;; eight letters from the bits of a counter
      (i64.store (i32.const 65536) (i64.add (i64.const 0x6161616161616161)
        (i64.and (i64.mul (i64.extend_i32_u (global.get $n)) (i64.const 0x0000100010001001)) (i64.const 0x0f0f0f0f0f0f0f0f))))
      (drop (call $add (i32.const 65536) (i32.const 8) (i64.const 1)))
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
    (i64.const 0)))
