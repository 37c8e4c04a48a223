;; Traps on every call: division by zero.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.div_u (i64.const 1) (i64.extend_i32_u (i32.shr_u (local.get 1) (i32.const 31))))))
