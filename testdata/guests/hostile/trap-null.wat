;; Traps on every call: an indirect call of an empty element.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (table 2 funcref)
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (call_indirect (result i64) (i32.const 1))))
