;; Adds to a metric a million times in one call.
(module
  (import "weir1" "metric_add" (func $add (param i32 i32 i64) (result i32)))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "flood")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $i i32)
    (loop $again
      (drop (call $add (i32.const 65536) (i32.const 5) (i64.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
    (i64.const 0)))
