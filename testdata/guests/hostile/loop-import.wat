;; Loops without end around calls of a host function.
(module
  (import "weir1" "state_get" (func $get (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (loop $again (drop (call $get (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 8))) (br $again))
    (i64.const 0)))
