;; Exports no weir_alloc.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0)))
