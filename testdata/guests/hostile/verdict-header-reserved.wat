;; Sets the credential of the request to the target.
(module
  (memory (export "memory") 2)
  (func (export "weir_abi_1"))
  (func (export "weir_alloc") (param i32) (result i32) (i32.const 1024))
  (data (i32.const 65536) "\08\00\00\00\2a\00\00\00\0d\00\00\00authorization\15\00\00\00Bearer not-a-real-key")
  (func (export "weir_on_request") (param i32 i32) (result i64)
    (i64.const 0x1000000000032)))
