;; A verdict of no bytes at an address: it says nothing, and that is allowed.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x0000040000000000)))
