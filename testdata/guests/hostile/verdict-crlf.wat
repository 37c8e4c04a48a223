;; Sets a header to a value that holds a line break and another header.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\08\00\00\00\1f\00\00\00\07\00\00\00x-guest\10\00\00\00a\0d\0ax-injected: b")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x1000000000027)))
