;; Traps on every call: a float that no integer can hold.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.trunc_f64_s (f64.const 1e300))))
