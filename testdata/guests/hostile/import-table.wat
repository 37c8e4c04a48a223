;; Imports a table.
(module
  (import "weir1" "table" (table 1 funcref))
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
