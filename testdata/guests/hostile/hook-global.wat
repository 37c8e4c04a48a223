;; Exports a global as on_request.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (global (export "weir_on_request") i32 (i32.const 0)))
