;; Adds to a million counters in one call.
(module
  (import "weir1" "state_add" (func $add (param i32 i32 i64 i64) (result i64)))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (local $i i32)
    (loop $again
      (i32.store (i32.const 1024) (local.get $i))
      (drop (call $add (i32.const 1024) (i32.const 4) (i64.const 1) (i64.const 3600000)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
    (i64.const 0)))
