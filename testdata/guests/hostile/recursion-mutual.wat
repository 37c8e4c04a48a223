;; Two functions call each other without end; neither holds a loop.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func $even (param i64) (result i64)
    (i64.xor (call $odd (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
  (func $odd (param i64) (result i64)
    (i64.add (call $even (i64.mul (local.get 0) (i64.const 3))) (local.get 0)))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (call $even (i64.const 0))))
