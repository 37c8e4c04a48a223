;; Calls itself without end, and a host function in every frame.
(module
  (import "weir1" "state_add" (func $add (param i32 i32 i64 i64) (result i64)))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func $f (param i64) (result i64)
    (drop (call $add (i32.const 0) (i32.const 1) (i64.const 1) (i64.const 1000)))
    (i64.add (call $f (local.get 0)) (i64.const 1)))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (call $f (i64.const 0))))
